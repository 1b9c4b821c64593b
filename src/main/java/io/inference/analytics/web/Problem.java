package io.inference.analytics.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.platform.Failure;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The body of every error answer (RFC 9457, {@code application/problem+json}).
 *
 * @param type a URN that names the kind of problem and stays the same for ever
 * @param title the kind in words
 * @param status the HTTP status
 * @param detail what is wrong with this request
 * @param instance path of the request
 * @param traceId to be quoted when asking the operators; it stands in their log too
 * @param errors on 400 every fault that was found
 */
@Schema(name = "Problem", description = "An error (RFC 9457)")
public record Problem(
        @Schema(examples = "urn:analytics:problem:invalid-request") String type,
        String title,
        @Schema(examples = "400") int status,
        String detail,
        @Schema(examples = "/analytics/v1/orgs") String instance,
        String traceId,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "On status 400 every fault that was found")
                List<Failure.FieldError> errors) {

    /** Media type of problems. */
    public static final String MEDIA_TYPE = "application/problem+json";

    static Problem of(int status, String detail, String instance, String traceId, List<Failure.FieldError> errors) {
        Kind kind = Kind.of(status);
        return new Problem(
                "urn:analytics:problem:" + kind.name,
                kind.title,
                status,
                detail,
                instance,
                traceId,
                errors.isEmpty() ? null : errors);
    }

    private record Kind(String name, String title) {
        static Kind of(int status) {
            return switch (status) {
                case 400 -> new Kind("invalid-request", "The request is not valid");
                case 401 -> new Kind("unauthorized", "A valid credential is needed");
                case 403 -> new Kind("forbidden", "Not allowed");
                case 404 -> new Kind("not-found", "Not found");
                case 405 -> new Kind("method-not-allowed", "Method not allowed");
                case 406 -> new Kind("not-acceptable", "Not available in an accepted form");
                case 409 -> new Kind("conflict", "In conflict with the present state");
                case 410 -> new Kind("gone", "No longer available");
                case 413 -> new Kind("too-large", "The request is too large");
                case 414 -> new Kind("uri-too-long", "The address is too long");
                case 415 -> new Kind("unsupported-media-type", "Unsupported media type");
                case 429 -> new Kind("too-many-requests", "Too many requests");
                case 500 -> new Kind("internal-error", "Internal error");
                case 501 -> new Kind("not-implemented", "Not implemented");
                case 503 -> new Kind("unavailable", "Temporarily unavailable");
                default -> new Kind("http-" + status, "HTTP status " + status);
            };
        }
    }
}
