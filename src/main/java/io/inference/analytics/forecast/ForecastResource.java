package io.inference.analytics.forecast;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.RANGE_TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.USER_ID;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Where the month will end, over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/forecast")
@Tag(name = "usage")
class ForecastResource {

    private final ForecastStore store;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Clock clock;

    ForecastResource(ForecastStore store, FreshnessStore freshness, LongReads database, Clock clock) {
        this.store = store;
        this.freshness = freshness;
        this.database = database;
        this.clock = clock;
    }

    @GET
    @Produces(MediaType.APPLICATION_JSON)
    @Requires(Permission.USAGE_READ)
    @Takes({MODEL_ID, CLIENT_ID, RANGE_TIME_ZONE, WITHOUT_CLIENT, USER_ID})
    @Operation(
            operationId = "getForecast",
            summary = "Get the expected cost of a running day, week, month, quarter or year",
            description =
                    "What is spent so far, what the whole is expected to cost, and a range for it. Learnt from the"
                            + " organisation's own last 8 weeks, and the range from how far such forecasts of its last 16 weeks"
                            + " would have been off; fewer than 14 whole days with usage give a reason instead of a"
                            + " forecast.")
    @Parameter(
            name = "period",
            in = ParameterIn.QUERY,
            description = "The unit that is still running, in timeZone; weeks begin on Monday",
            schema =
                    @Schema(
                            implementation = String.class,
                            enumeration = {"today", "week-to-date", "month-to-date", "quarter-to-date", "year-to-date"},
                            defaultValue = "month-to-date"))
    public Forecast forecast(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        ForecastQuery query = ForecastQuery.parse(uri.getQueryParameters(), clock.instant());
        return database.quicklyOrPatiently(handle -> Forecast.of(
                orgId,
                query,
                store.read(handle, orgId, query),
                FreshnessView.Summary.of(
                        freshness.read(handle, orgId, query.spent().models()))));
    }
}
