package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIST_LIMIT;

import io.inference.analytics.access.AnyCaller;
import io.inference.analytics.access.Caller;
import io.inference.analytics.access.CurrentCaller;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.web.Takes;
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

    /** What a picker shows fits into one page. */
    private static final int LIMIT_MAX = 10_000;

    /** The organisations that the caller may see. */
    @Schema(name = "Orgs")
    public record Orgs(
            List<Org> orgs,
            @Schema(nullable = true, description = "The cursor of the next page; null on the last page")
                    String nextCursor) {}

    /** One organisation. */
    @Schema(name = "Org")
    public record Org(UUID orgId, @Schema(description = "The id where there is no name") String name) {}

    /** The models of an organisation. */
    @Schema(name = "Models")
    public record Models(
            UUID orgId,
            List<Model> models,
            @Schema(nullable = true, description = "The cursor of the next page; null on the last page")
                    String nextCursor) {}

    /** One model. */
    @Schema(name = "Model")
    public record Model(UUID modelId, @Schema(description = "The id where there is no name") String name) {}

    /** The clients of an organisation. */
    @Schema(name = "Clients")
    public record Clients(
            UUID orgId,
            List<Client> clients,
            @Schema(nullable = true, description = "The cursor of the next page; null on the last page")
                    String nextCursor) {}

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
    @Takes({LIST_LIMIT, CURSOR})
    @Operation(
            operationId = "listOrgs",
            summary = "List the organisations that the caller may see",
            description = "Sorted by name, in pages.")
    public Orgs orgs(@Context UriInfo uri) {
        ListPage page = page(uri, "orgs");
        Caller who = caller.required();
        ListPage.Cut orgs = page.cut(who.seesAllOrgs() ? store.allOrgs(page) : store.orgs(who.orgs(), page));
        return new Orgs(
                orgs.entries().stream()
                        .map(org -> new Org(org.id(), org.name()))
                        .toList(),
                orgs.nextCursor());
    }

    @GET
    @Path("{orgId}/models")
    @Requires(Permission.USAGE_READ)
    @Takes({LIST_LIMIT, CURSOR})
    @Operation(
            operationId = "listModels",
            summary = "List the models that an organisation has used",
            description = "Sorted by name, in pages.")
    public Models models(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        ListPage page = page(uri, orgId + "/models");
        ListPage.Cut models = page.cut(store.models(orgId, page));
        return new Models(
                orgId,
                models.entries().stream()
                        .map(model -> new Model(model.id(), model.name()))
                        .toList(),
                models.nextCursor());
    }

    @GET
    @Path("{orgId}/clients")
    @Requires(Permission.USAGE_READ)
    @Takes({LIST_LIMIT, CURSOR})
    @Operation(
            operationId = "listClients",
            summary = "List the clients that have used an organisation's models",
            description = "Sorted by id, in pages. Events without a client are not listed.")
    public Clients clients(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        ListPage page = page(uri, orgId + "/clients");
        ListPage.Cut clients = page.cut(store.clients(orgId, page));
        return new Clients(
                orgId,
                clients.entries().stream()
                        .map(client -> new Client(client.name(), client.name()))
                        .toList(),
                clients.nextCursor());
    }

    private static ListPage page(UriInfo uri, String list) {
        return ListPage.parse(uri.getQueryParameters(), list, LIMIT_MAX, LIMIT_MAX);
    }
}
