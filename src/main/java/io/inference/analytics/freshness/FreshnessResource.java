package io.inference.analytics.freshness;

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
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Freshness over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/freshness")
@Tag(name = "freshness")
class FreshnessResource {

    private final FreshnessStore store;

    FreshnessResource(FreshnessStore store) {
        this.store = store;
    }

    @GET
    @Produces(MediaType.APPLICATION_JSON)
    @Requires(Permission.FRESHNESS_READ)
    @Operation(
            operationId = "getFreshness",
            summary = "Get how fresh the figures of an organisation are",
            description =
                    "fresh: the lag is at most 300 s; delayed: at most 600 s; stale: above; unknown: the broker has been unreachable for over 60 s. A quiet organisation that has caught up is fresh.")
    public FreshnessView freshness(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return FreshnessView.of(orgId, store.read(orgId, Set.of()));
    }
}
