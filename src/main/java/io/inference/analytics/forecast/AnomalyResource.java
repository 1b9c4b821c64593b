package io.inference.analytics.forecast;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.forecast.Anomalies.Anomaly;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Cost;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Days and hours that cost more or less than such days and hours do, over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/anomalies")
@Tag(name = "usage")
class AnomalyResource {

    private final AnomalyStore store;
    private final AnomalyConfig config;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Clock clock;

    AnomalyResource(
            AnomalyStore store, AnomalyConfig config, FreshnessStore freshness, LongReads database, Clock clock) {
        this.store = store;
        this.config = config;
        this.freshness = freshness;
        this.database = database;
        this.clock = clock;
    }

    @GET
    @Produces(MediaType.APPLICATION_JSON)
    @Requires(Permission.USAGE_READ)
    @Takes({START, PERIOD, MODEL_ID, CLIENT_ID, TIME_ZONE, WITHOUT_CLIENT})
    @Operation(
            operationId = "getAnomalies",
            summary = "Get days and hours of unusual cost",
            description =
                    "A day or hour of the organisation, or of one of the 20 models, 20 clients and 20 users that cost"
                            + " most, is compared with the same place in the week of up to 8 weeks before. It is unusual when it departs"
                            + " from their median by a minimum amount, by half of the median, and by 4 of its standard"
                            + " deviations. With fewer than 4 weeks of usage before it, it is not judged: the answer says so in"
                            + " judged and reason. Users are left out where the organisation shows no figures by user.")
    @Parameter(
            name = "end",
            in = ParameterIn.QUERY,
            description =
                    "First instant after the range, RFC 3339 with an offset, or a date; without it the range ends now."
                            + " At most 31 days after start, 48 hours for granularity hour",
            schema = @Schema(implementation = String.class, format = "date-time"))
    @Parameter(
            name = "granularity",
            in = ParameterIn.QUERY,
            description = "What is compared",
            schema =
                    @Schema(
                            implementation = String.class,
                            enumeration = {"day", "hour"},
                            defaultValue = "day"))
    public Anomalies anomalies(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        AnomalyQuery query = AnomalyQuery.parse(uri.getQueryParameters(), clock.instant());
        AnomalyRule rule = new AnomalyRule(config.minimumCents());
        return database.quicklyOrPatiently(handle -> {
            AnomalyVerdict verdict = AnomalySearch.find(query.scope(), rule, store.read(handle, orgId, query));
            List<Anomaly> found = verdict.anomalies();
            return new Anomalies(
                    orgId,
                    query.scope().granularity(),
                    query.scope().zoneName(),
                    query.scope().range().start(),
                    query.scope().range().end(),
                    Cost.ofCents(rule.minimum()),
                    verdict.judged(),
                    verdict.judgedFrom().orElse(null),
                    verdict.reason().orElse(null),
                    found.subList(0, Math.min(found.size(), Anomalies.LIST_MAX)),
                    found.size() > Anomalies.LIST_MAX,
                    FreshnessView.Summary.of(
                            freshness.read(handle, orgId, query.scope().models())));
        });
    }
}
