package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.GRANULARITY;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.SERIES_END;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.STATUS;
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
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.Explode;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterStyle;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Usage over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/orgs/{orgId}/usage")
@Tag(name = "usage")
class UsageResource {

    private final UsageStore store;
    private final NameStore names;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Retention retention;
    private final Clock clock;
    private final ObjectMapper json;

    UsageResource(
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

    private record Found(UsageSeries usage, OrgFreshness freshness) {}

    @GET
    @Produces({MediaType.APPLICATION_JSON, "text/csv"})
    @Requires(Permission.USAGE_READ)
    @Takes({START, SERIES_END, PERIOD, GRANULARITY, MODEL_ID, CLIENT_ID, USER_ID, TIME_ZONE, WITHOUT_CLIENT, STATUS})
    @Operation(
            operationId = "getUsage",
            summary = "Get usage and cost of an organisation",
            description =
                    "Points by bucket and group, with totals of the exact values. Buckets without usage are left out unless"
                            + " fill=zero. The edges of the range are snapped outward to whole UTC"
                            + " hours, but never past a midnight of the time zone. The entity tag covers all but freshness."
                            + " Filters by error code or metadata read raw events: at most 7 days.")
    @Parameter(
            name = "groupBy",
            in = ParameterIn.QUERY,
            description =
                    "What points are split by; repeatable, or a list with commas. Without it a point is the whole organisation's bucket",
            schema =
                    @Schema(
                            type = SchemaType.ARRAY,
                            implementation = String.class,
                            enumeration = {"model", "client", "user", "status"}))
    @Parameter(
            name = "fill",
            in = ParameterIn.QUERY,
            description = "zero: buckets without usage are shown too, for every group that occurs in the range",
            schema = @Schema(implementation = String.class, enumeration = "zero"))
    @Parameter(
            name = "errorCode",
            in = ParameterIn.QUERY,
            description = RawFilter.ERROR_CODE_DESCRIPTION,
            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class))
    @Parameter(
            name = "metadata",
            in = ParameterIn.QUERY,
            style = ParameterStyle.FORM,
            explode = Explode.TRUE,
            description = RawFilter.METADATA_DESCRIPTION,
            schema = @Schema(type = SchemaType.OBJECT, additionalProperties = String.class))
    @Parameter(
            name = RawFilter.WITHOUT_METADATA,
            in = ParameterIn.QUERY,
            description = RawFilter.WITHOUT_METADATA_DESCRIPTION,
            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class))
    @APIResponse(
            responseCode = "200",
            description = "The usage",
            content = {
                @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = UsageSeries.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(
            responseCode = "304",
            description = "Nothing but the freshness has changed since the entity tag of If-None-Match")
    public Response usage(
            @PathParam("orgId") UUID orgId,
            @Context UriInfo uri,
            @Context Request request,
            @Context HttpHeaders headers) {
        UsageQuery query = UsageQuery.parse(uri.getQueryParameters(), clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        Found found = database.quicklyOrPatiently(handle -> {
            List<UsageRow> rows = store.read(handle, orgId, query);
            return new Found(
                    UsageSeries.of(
                            orgId,
                            query,
                            rows,
                            names.of(handle, rows.stream().map(UsageRow::group)),
                            Retention.availableFrom(
                                    clock.instant(), query.raw().isEmpty() ? retention.rollups() : retention.raw())),
                    freshness.read(handle, orgId, query.models()));
        });
        if (form == TableAnswer.Form.CSV) {
            byte[] csv = UsageCsv.of(found.usage().series(), query.groupBy()).getBytes(StandardCharsets.UTF_8);
            return TableAnswer.of(form, headers, csv, () -> csv);
        }
        return TableAnswer.of(
                form,
                headers,
                bytes(found.usage()),
                () -> bytes(found.usage().with(FreshnessView.Summary.of(found.freshness()))));
    }

    private byte[] bytes(UsageSeries usage) {
        try {
            return json.writeValueAsBytes(usage);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("usage can always be written", e);
        }
    }
}
