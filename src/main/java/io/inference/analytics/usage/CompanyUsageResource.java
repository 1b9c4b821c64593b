package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.GRANULARITY;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.SERIES_END;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.STATUS;
import static io.inference.analytics.web.SharedParameter.TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.web.TableAnswer;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Usage of all organisations over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/usage")
@Tag(name = "usage")
class CompanyUsageResource {

    private final UsageStore store;
    private final NameStore names;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Retention retention;
    private final Clock clock;
    private final ObjectMapper json;

    CompanyUsageResource(
            UsageStore store,
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

    @GET
    @Produces({MediaType.APPLICATION_JSON, "text/csv"})
    @Requires(value = Permission.USAGE_READ, everywhere = true)
    @Takes({START, SERIES_END, PERIOD, GRANULARITY, MODEL_ID, CLIENT_ID, TIME_ZONE, WITHOUT_CLIENT, STATUS})
    @Operation(
            operationId = "getCompanyUsage",
            summary = "Get usage and cost of all organisations",
            description =
                    "The same as the usage of an organisation, over all of them, for callers who may read the usage of every"
                            + " organisation. Users are shown by organisation only, because each one decides how. More than"
                            + " 100,000 points are refused, never cut. The freshness is that of the worst organisation, and with groupBy=org"
                            + " that of each organisation as well.")
    @Parameter(
            name = "groupBy",
            in = ParameterIn.QUERY,
            description =
                    "What points are split by; repeatable, or a list with commas. Without it a point is the bucket of all organisations",
            schema =
                    @Schema(
                            type = SchemaType.ARRAY,
                            implementation = String.class,
                            enumeration = {"org", "model", "client", "status"}))
    @Parameter(
            name = "fill",
            in = ParameterIn.QUERY,
            description = "zero: buckets without usage are shown too, for every group that occurs in the range",
            schema = @Schema(implementation = String.class, enumeration = "zero"))
    @APIResponse(
            responseCode = "200",
            description = "The usage",
            content = {
                @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = CompanyUsage.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(
            responseCode = "304",
            description = "Nothing but the freshness has changed since the entity tag of If-None-Match")
    public Response usage(@Context UriInfo uri, @Context Request request, @Context HttpHeaders headers) {
        UsageQuery query = UsageQuery.parseAcrossOrgs(uri.getQueryParameters(), clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        CompanyUsage usage = database.quicklyOrPatiently(handle -> {
            List<UsageRow> rows = store.readAcrossOrgs(handle, query);
            return CompanyUsage.of(
                    query,
                    rows,
                    names.of(handle, rows.stream().map(UsageRow::group)),
                    Retention.availableFrom(clock.instant(), retention.rollups()),
                    FreshnessView.Summary.of(freshness.readAll(handle)),
                    freshness.readEach(
                            handle,
                            rows.stream()
                                    .flatMap(row -> row.group().org().stream())
                                    .collect(Collectors.toSet())));
        });
        if (form == TableAnswer.Form.CSV) {
            byte[] csv = UsageCsv.of(usage.series(), query.groupBy()).getBytes(StandardCharsets.UTF_8);
            return TableAnswer.of(form, headers, csv, () -> csv);
        }
        return TableAnswer.of(form, headers, bytes(usage.withoutFreshness()), () -> bytes(usage));
    }

    private byte[] bytes(CompanyUsage usage) {
        try {
            return json.writeValueAsBytes(usage);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("usage can always be written", e);
        }
    }
}
