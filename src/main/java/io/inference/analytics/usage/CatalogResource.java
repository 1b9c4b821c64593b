package io.inference.analytics.usage;

import io.inference.analytics.access.AnyCaller;
import io.inference.analytics.access.Caller;
import io.inference.analytics.access.CurrentCaller;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.web.QueryParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Lists to pick from: organisations, models and clients. */
@Path("/analytics/v1/orgs")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "catalog")
class CatalogResource {

    /** The organisations that the caller may see. */
    @Schema(name = "Orgs")
    public record Orgs(List<Org> orgs) {}

    /** One organisation. */
    @Schema(name = "Org")
    public record Org(UUID orgId, @Schema(description = "The id where there is no name") String name) {}

    /** The models of an organisation. */
    @Schema(name = "Models")
    public record Models(UUID orgId, List<Model> models) {}

    /** One model. */
    @Schema(name = "Model")
    public record Model(UUID modelId, @Schema(description = "The id where there is no name") String name) {}

    /** The clients of an organisation. */
    @Schema(name = "Clients")
    public record Clients(UUID orgId, List<Client> clients) {}

    /** One client; its id is its name. */
    @Schema(name = "Client")
    public record Client(String clientId, String name) {}

    private final CatalogStore store;
    private final CurrentCaller caller;

    CatalogResource(CatalogStore store, CurrentCaller caller) {
        this.store = store;
        this.caller = caller;
    }

    @GET
    @AnyCaller
    @Operation(
            operationId = "listOrgs",
            summary = "List the organisations that the caller may see",
            description = "Sorted by name; at most 10,000.")
    public Orgs orgs(@Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        Caller who = caller.required();
        List<CatalogStore.Named> orgs = who.seesAllOrgs() ? store.allOrgs() : store.orgs(who.orgs());
        return new Orgs(orgs.stream().map(org -> new Org(org.id(), org.name())).toList());
    }

    @GET
    @Path("{orgId}/models")
    @Requires(Permission.USAGE_READ)
    @Operation(
            operationId = "listModels",
            summary = "List the models that an organisation has used",
            description = "Sorted by name; at most 10,000.")
    public Models models(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return new Models(
                orgId,
                store.models(orgId).stream()
                        .map(model -> new Model(model.id(), model.name()))
                        .toList());
    }

    @GET
    @Path("{orgId}/clients")
    @Requires(Permission.USAGE_READ)
    @Operation(
            operationId = "listClients",
            summary = "List the clients that have used an organisation's models",
            description = "Sorted by id; at most 10,000. Events without a client are not listed.")
    public Clients clients(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return new Clients(
                orgId,
                store.clients(orgId).stream()
                        .map(client -> new Client(client, client))
                        .toList());
    }
}
