package io.inference.analytics.ingest;

import io.inference.analytics.access.AnyCaller;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.web.Problem;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Reports to a producer what the ingest would say about a message. It uses the same codec and the same clock, and stores nothing.
 * Duplicates and conflicts, which only the database knows, are not looked for.
 */
@Path("/analytics/v1/events/validate")
@Tag(name = "events")
class EventValidationResource {

    private final EventDecoder decoder;

    EventValidationResource(EventDecoder decoder) {
        this.decoder = decoder;
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @AnyCaller
    @Operation(
            operationId = "validateEvent",
            summary = "Check a usage event as the ingest would",
            description =
                    "Takes what a message may hold: one event of at most 64 KiB, or an array of at most 1,000 in at"
                            + " most 1 MiB. Nothing is stored.")
    @APIResponse(responseCode = "204", description = "The ingest would accept the message")
    @APIResponse(
            responseCode = "400",
            description =
                    "Every fault of the message, at most one per field and event. A field of an array's element is"
                            + " named like [3].latencyMs; a fault of the whole message has an empty field",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public void validate(
            @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(implementation = Object.class),
                                            example = UsageEventCodec.EXAMPLE))
                    byte[] message) {
        byte[] body = message == null ? new byte[0] : message;
        List<FieldError> faults = decoder.faultsNow(body).stream()
                .map(fault -> new FieldError(fault.field(), fault.message()))
                .toList();
        if (!faults.isEmpty()) {
            throw new Failure.Invalid(faults);
        }
    }
}
