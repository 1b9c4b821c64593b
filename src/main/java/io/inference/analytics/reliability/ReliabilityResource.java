package io.inference.analytics.reliability;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.GRANULARITY;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.SERIES_END;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.USER_ID;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.freshness.OrgFreshness;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.usage.NameStore;
import io.inference.analytics.web.TableAnswer;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Period;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Reliability over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/orgs/{orgId}/reliability")
@Tag(name = "reliability")
class ReliabilityResource {

    private final ReliabilityStore store;
    private final NameStore names;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Retention retention;
    private final Clock clock;
    private final ObjectMapper json;

    ReliabilityResource(
            ReliabilityStore store,
            NameStore names,
            FreshnessStore freshness,
            LongReads database,
            Retention retention,
            Clock clock,
            ObjectMapper json) {
        this.store = store;
        this.names = names;
        this.freshness = freshness;
        this.database = database;
        this.retention = retention;
        this.clock = clock;
        this.json = json;
    }

    private record Found(ReliabilitySeries reliability, OrgFreshness freshness) {}

    @GET
    @Produces({MediaType.APPLICATION_JSON, "text/csv"})
    @Requires(Permission.RELIABILITY_READ)
    @Takes({START, SERIES_END, PERIOD, GRANULARITY, MODEL_ID, CLIENT_ID, USER_ID, TIME_ZONE, WITHOUT_CLIENT})
    @Operation(
            operationId = "getReliability",
            summary = "Get error rates and latency percentiles of an organisation",
            description =
                    "Points by bucket and group. Percentiles are those of the events themselves, whatever the status, at any"
                            + " granularity, group and range. Buckets without invocations are left out; those much worse than the"
                            + " hour before are marked as spikes. By user, or of some users, a range is at most 7 days, as it is"
                            + " read from raw events. The edges of the range are snapped outward to whole UTC hours, but never"
                            + " past a midnight of the time zone. The entity tag covers all but freshness.")
    @Parameter(
            name = "groupBy",
            in = ParameterIn.QUERY,
            description =
                    "What points are split by; repeatable, or a list with commas. Without it a point is the whole organisation's bucket",
            schema = @Schema(type = SchemaType.ARRAY, implementation = ReliabilityGroupBy.class))
    @Parameter(
            name = "percentile",
            in = ParameterIn.QUERY,
            description = "The latency percentile to repeat as highlighted",
            schema = @Schema(implementation = Percentile.class))
    @Parameter(
            name = "spike",
            in = ParameterIn.QUERY,
            description = "true: only points that are spikes; totals stay those of all",
            schema = @Schema(implementation = String.class, enumeration = "true"))
    @APIResponse(
            responseCode = "200",
            description = "The reliability",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = ReliabilitySeries.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(
            responseCode = "304",
            description = "Nothing but the freshness has changed since the entity tag of If-None-Match")
    public Response reliability(
            @PathParam("orgId") UUID orgId,
            @Context UriInfo uri,
            @Context Request request,
            @Context HttpHeaders headers) {
        ReliabilityQuery query = ReliabilityQuery.parse(uri.getQueryParameters(), clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        Period kept = query.readsRawEvents() ? retention.raw() : retention.rollups();
        Found found = database.quicklyOrPatiently(handle -> {
            ReliabilityStore.Found rows = store.read(handle, orgId, query);
            return new Found(
                    ReliabilitySeries.of(
                            orgId,
                            query,
                            rows,
                            names.of(handle, rows.points().stream().map(ReliabilityRow::group)),
                            Retention.availableFrom(clock.instant(), kept)),
                    freshness.read(handle, orgId, query.scope().models()));
        });
        if (form == TableAnswer.Form.CSV) {
            byte[] csv = ReliabilityCsv.of(found.reliability(), query.groupBy()).getBytes(StandardCharsets.UTF_8);
            return TableAnswer.of(form, headers, csv, () -> csv);
        }
        return TableAnswer.of(
                form,
                headers,
                bytes(found.reliability()),
                () -> bytes(found.reliability().with(FreshnessView.Summary.of(found.freshness()))));
    }

    private byte[] bytes(ReliabilitySeries reliability) {
        try {
            return json.writeValueAsBytes(reliability);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("reliability can always be written", e);
        }
    }
}
