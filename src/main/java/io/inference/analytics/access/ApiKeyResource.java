package io.inference.analytics.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.platform.Uuids;
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

/** API keys over HTTP, for system administrators. */
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

    /** The body as the OpenAPI document shows it; {@link ApiKeyRequest} reads it. */
    @Schema(name = "ApiKeyRequest")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Body(
            @Schema(required = true, examples = "nightly report") String name,
            @Schema(description = "The organisations that the key is valid for, unless allOrgs is true")
                    List<UUID> orgIds,
            @Schema(defaultValue = "false") boolean allOrgs,
            @Schema(required = true, examples = "[\"analytics:usage:read\"]") List<String> permissions,
            @Schema(description = "When the key expires; without it the key is valid until it is revoked")
                    Instant expiresAt) {}

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(value = Permission.API_KEYS_WRITE, everywhere = true)
    @Operation(
            operationId = "createApiKey",
            summary = "Create a key for a program",
            description = "The response is the only place where the key is ever shown.")
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
            operationId = "listApiKeys",
            summary = "List the keys of programs",
            description = "The 1,000 newest, including revoked and expired ones, without the keys themselves.")
    public ApiKeyView.Keys list(@Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return new ApiKeyView.Keys(keys.list().stream().map(ApiKeyView::of).toList());
    }

    @DELETE
    @Path("{keyId}")
    @Requires(value = Permission.API_KEYS_WRITE, everywhere = true)
    @Operation(
            operationId = "revokeApiKey",
            summary = "Revoke a key",
            description = "The key stops working everywhere within 30 s. Revoking a revoked key has no effect.")
    @APIResponse(responseCode = "204", description = "The key is revoked")
    public void revoke(
            @Parameter(description = "Id of the key, not the key itself", schema = @Schema(implementation = UUID.class))
                    @PathParam("keyId")
                    String keyId,
            @Context UriInfo uri) {
        UUID known = Uuids.parse(keyId).filter(keys::exists).orElseThrow(ApiKeys::unknown);
        QueryParameters.of(uri.getQueryParameters()).finish();
        keys.revoke(known, caller.required().subject());
    }
}
