package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.QueryParameters.Fault;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Keeps the names of organisations, models and users in step with the system that owns them: it puts them here. */
@Path("/analytics/v1/catalog")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "catalog")
class CatalogNamesResource {

    private static final int ENTRIES_MAX = 1_000;

    /** The body as the OpenAPI document shows it. */
    @Schema(name = "CatalogNames")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Names(
            @JsonProperty("orgs") @Schema(description = "Names of organisations by id") Map<String, String> orgs,
            @JsonProperty("models") @Schema(description = "Names of models by id") Map<String, String> models,
            @JsonProperty("users") @Schema(description = "Names of users by id") Map<String, String> users) {}

    private final ApiDatabase database;
    private final NameStore store;

    CatalogNamesResource(ApiDatabase database, NameStore store) {
        this.database = database;
        this.store = store;
    }

    @PUT
    @Path("names")
    @Requires(Permission.CATALOG_WRITE)
    @Operation(
            operationId = "setNames",
            summary = "Set names of organisations, models and users",
            description = "At most 1,000 per request, all or none. Those that are not listed keep their names.")
    @APIResponse(responseCode = "204", description = "Set")
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Names.class)))
    public void set(byte[] bytes) {
        JsonBody body = JsonBody.parse(bytes, "{\"orgs\": {…}, \"models\": {…}, \"users\": {…}}");
        Map<UUID, String> orgs = read(body, "orgs");
        Map<UUID, String> models = read(body, "models");
        Map<UUID, String> users = read(body, "users");
        int count = orgs.size() + models.size() + users.size();
        if (count > ENTRIES_MAX) {
            body.fault(new FieldError("", "%d names (expected: at most %d)".formatted(count, ENTRIES_MAX)));
        }
        body.finish();
        database.change(handle -> {
            store.nameAll(handle, orgs, models, users);
            return count;
        });
    }

    private static Map<UUID, String> read(JsonBody body, String field) {
        Map<UUID, String> names = new LinkedHashMap<>();
        body.object(field).ifPresent(given -> given.names().forEach(id -> {
            Optional<String> name = given.required(id, CatalogName.EXPECTED, CatalogNamesResource::name);
            Uuids.parse(id)
                    .ifPresentOrElse(
                            key -> name.ifPresent(text -> names.put(key, text)),
                            () -> given.fault(id, "not an id (expected: a UUID)"));
        }));
        return names;
    }

    private static String name(String text) throws Fault {
        return CatalogName.parse(text)
                .orElseThrow(() -> new Fault("not a name (expected: " + CatalogName.EXPECTED + ")"))
                .text();
    }
}
