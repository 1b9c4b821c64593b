package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.platform.Uuids;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Keeps the names of organisations and models in step with the system that owns them: it puts them here. */
@Path("/analytics/v1/catalog")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "catalog")
class CatalogNamesResource {

    private static final int ENTRIES_MAX = 1_000;

    /** Names to be set. */
    @Schema(name = "CatalogNames")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Names(
            @JsonProperty("orgs") @Schema(description = "Names of organisations by id") Map<String, String> orgs,
            @JsonProperty("models") @Schema(description = "Names of models by id") Map<String, String> models) {}

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
            summary = "Set names of organisations and models",
            description =
                    "At most 1,000 per request, all or none. Organisations and models that are not listed keep their names.")
    @APIResponse(responseCode = "204", description = "Set")
    public void set(Names names) {
        List<FieldError> errors = new ArrayList<>();
        Map<UUID, String> orgs = checked("orgs", names == null ? null : names.orgs(), errors);
        Map<UUID, String> models = checked("models", names == null ? null : names.models(), errors);
        if (orgs.size() + models.size() > ENTRIES_MAX) {
            errors.add(new FieldError(
                    "", "%d names (expected: at most %d)".formatted(orgs.size() + models.size(), ENTRIES_MAX)));
        }
        if (!errors.isEmpty()) {
            throw new Failure.Invalid(errors);
        }
        database.change(handle -> {
            store.nameAll(handle, orgs, models);
            return orgs.size() + models.size();
        });
    }

    private static Map<UUID, String> checked(String field, Map<String, String> given, List<FieldError> errors) {
        Map<UUID, String> names = new LinkedHashMap<>();
        if (given == null) {
            return names;
        }
        given.forEach((id, name) -> {
            String path = field + "." + id;
            Optional<UUID> key = Uuids.parse(id);
            Optional<CatalogName> text = Optional.ofNullable(name).flatMap(CatalogName::parse);
            if (key.isEmpty()) {
                errors.add(new FieldError(path, path + ": not an id (expected: a UUID)"));
            } else if (text.isEmpty()) {
                errors.add(new FieldError(path, path + ": not a name (expected: " + CatalogName.EXPECTED + ")"));
            } else {
                names.put(key.get(), text.get().text());
            }
        });
        return names;
    }
}
