package io.inference.analytics.repeats;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.DAYS_END;
import static io.inference.analytics.web.SharedParameter.DAYS_PERIOD;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.AskedRange;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Whose events were not stored because their id was stored already, over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/ingestion-conflicts")
@Tag(name = "events")
class RepeatsResource {

    private final RepeatsStore store;
    private final ApiDatabase database;
    private final Retention retention;
    private final Clock clock;

    RepeatsResource(RepeatsStore store, ApiDatabase database, Retention retention, Clock clock) {
        this.store = store;
        this.database = database;
        this.retention = retention;
        this.clock = clock;
    }

    @GET
    @Produces(MediaType.APPLICATION_JSON)
    @Requires(Permission.USAGE_READ)
    @Takes({START, DAYS_END, DAYS_PERIOD, MODEL_ID, CLIENT_ID, WITHOUT_CLIENT})
    @Operation(
            operationId = "getIngestionConflicts",
            summary = "Get whose events were not stored because their id was stored already",
            description =
                    "Conflicts (same id, other content: the first version stays) and duplicates (same id, same content) by"
                            + " client and model, with the tokens and the cost of the stored and the refused versions. A"
                            + " conflict usually means that an event was published at the start and again at the end of a"
                            + " stream: publish it once, at the end. The edges of the range are snapped outward to whole UTC"
                            + " hours.")
    public Repeats conflicts(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        Instant now = clock.instant();
        QueryParameters parameters = QueryParameters.of(uri.getQueryParameters());
        SeriesScope scope = scope(parameters, now);
        Instant kept = Retention.availableFrom(now, retention.raw());
        return database.read(
                handle -> Repeats.of(orgId, scope, store.read(handle, orgId, scope), store.countedFrom(handle, kept)));
    }

    private static SeriesScope scope(QueryParameters parameters, Instant now) {
        Optional<SeriesScope> scope = SeriesScope.parse(
                parameters, AskedRange.parse(parameters, now, ZoneOffset.UTC), Granularity.TOTAL, now);
        parameters.finish();
        return scope.orElseThrow();
    }
}
