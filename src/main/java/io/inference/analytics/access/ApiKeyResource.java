package io.inference.analytics.access;

import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.Problem;
import io.inference.analytics.web.QueryParameters;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Keys of programs over HTTP, for system admins. */
@Path("/analytics/v1/api-keys")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "api-keys")
class ApiKeyResource {

    private final ApiKeys keys;
    private final CurrentCaller caller;

    ApiKeyResource(ApiKeys keys, CurrentCaller caller) {
        this.keys = keys;
        this.caller = caller;
    }

    /** The body, for the document; {@link ApiKeyRequest} reads it. */
    @Schema(name = "ApiKeyRequest")
    record Body(
            @Schema(required = true, examples = "nightly report") String name,
            @Schema(description = "The organisations that it is for; or allOrgs") List<UUID> orgIds,
            @Schema(defaultValue = "false") boolean allOrgs,
            @Schema(required = true, examples = "[\"analytics:usage:read\"]") List<String> permissions,
            @Schema(description = "From then on it does not hold; without it it holds until it is revoked")
                    Instant expiresAt) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(value = Permission.API_KEYS_WRITE, everywhere = true)
    @Operation(summary = "Makes a key for a program", description = "The key is shown in this answer and never again.")
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    @APIResponse(
            responseCode = "201",
            description = "The key",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = ApiKeyView.Created.class)))
    @APIResponse(
            responseCode = "415",
            description = "The body is not application/json",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public Response create(@Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        ApiKeys.Made made =
                keys.create(ApiKeyRequest.parse(body), caller.required().subject());
        return Response.created(
                        URI.create("/analytics/v1/api-keys/" + made.key().keyId()))
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .entity(new ApiKeyView.Created(made.text(), ApiKeyView.of(made.key())))
                .build();
    }

    @GET
    @Requires(value = Permission.API_KEYS_WRITE, everywhere = true)
    @Operation(
            summary = "The keys of programs",
            description = "The 1,000 newest, those that do not hold any more too; never the keys themselves.")
    public ApiKeyView.Keys list(@Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return new ApiKeyView.Keys(keys.list().stream().map(ApiKeyView::of).toList());
    }

    @DELETE
    @Path("{keyId}")
    @Requires(value = Permission.API_KEYS_WRITE, everywhere = true)
    @Operation(
            summary = "Revokes a key",
            description = "Within 30 s it holds nowhere any more. One that is revoked already stays so.")
    @APIResponse(responseCode = "204", description = "It is revoked")
    public void revoke(
            @Parameter(schema = @Schema(implementation = UUID.class)) @PathParam("keyId") String keyId,
            @Context UriInfo uri) {
        UUID known = Uuids.parse(keyId).filter(keys::exists).orElseThrow(ApiKeys::unknown);
        QueryParameters.of(uri.getQueryParameters()).finish();
        keys.revoke(known, caller.required().subject());
    }
}
