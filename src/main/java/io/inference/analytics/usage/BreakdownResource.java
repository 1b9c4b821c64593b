package io.inference.analytics.usage;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.DAYS_END;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.RANGE_TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.START;
import static io.inference.analytics.web.SharedParameter.STATUS;
import static io.inference.analytics.web.SharedParameter.USER_ID;
import static io.inference.analytics.web.SharedParameter.WITHOUT_CLIENT;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.LongReads;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.platform.Retention;
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
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.Explode;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterStyle;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What costs most, over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/breakdown")
@Tag(name = "usage")
class BreakdownResource {

    private final BreakdownStore store;
    private final FreshnessStore freshness;
    private final LongReads database;
    private final Retention retention;
    private final Clock clock;

    BreakdownResource(
            BreakdownStore store, FreshnessStore freshness, LongReads database, Retention retention, Clock clock) {
        this.store = store;
        this.freshness = freshness;
        this.database = database;
        this.retention = retention;
        this.clock = clock;
    }

    @GET
    @Produces(MediaType.APPLICATION_JSON)
    @Requires(Permission.USAGE_READ)
    @Takes({START, DAYS_END, PERIOD, MODEL_ID, CLIENT_ID, USER_ID, RANGE_TIME_ZONE, CURSOR, WITHOUT_CLIENT, STATUS})
    @Operation(
            operationId = "getBreakdown",
            summary = "Get what an organisation's usage and cost are made of",
            description =
                    "One row per model, client, user, status, error code or value of a metadata key, ranked, in pages, next to the"
                            + " range before. Rows and rest add up to the totals on every page. A range is compared with the"
                            + " one of the same length right before it; a period such as month-to-date with the same part of"
                            + " the month before. Rows and filters by error code or metadata read raw events: at most 7 days,"
                            + " not before availableFrom. The edges of the range are snapped outward to whole UTC hours, but"
                            + " never past a midnight of the time zone.")
    @Parameter(
            name = "by",
            in = ParameterIn.QUERY,
            required = true,
            description =
                    "What there is one row for each of: model, client, user, status, errorCode, or metadata.KEY for the values"
                            + " of that metadata key. Events without it have a row of their own, whose key is null; a key"
                            + " that no event has is not an error",
            schema =
                    @Schema(
                            implementation = String.class,
                            pattern = "^(model|client|user|status|errorCode|metadata[.].+)$",
                            examples = "metadata.team"))
    @Parameter(
            name = "orderBy",
            in = ParameterIn.QUERY,
            description = "The figure that ranks the rows, the highest first",
            schema = @Schema(implementation = BreakdownOrder.class, defaultValue = "cost"))
    @Parameter(
            name = "compare",
            in = ParameterIn.QUERY,
            description = "Whether to compare with the range before",
            schema =
                    @Schema(
                            implementation = String.class,
                            enumeration = {"previous", "none"},
                            defaultValue = "previous"))
    @Parameter(
            name = "limit",
            in = ParameterIn.QUERY,
            description = "Rows of a page at most",
            schema = @Schema(type = SchemaType.INTEGER, minimum = "1", maximum = "1000", defaultValue = "50"))
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
    public Breakdown breakdown(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        Instant now = clock.instant();
        BreakdownQuery query = BreakdownQuery.parse(orgId, uri.getQueryParameters(), now);
        return database.quicklyOrPatiently(handle -> Breakdown.of(
                orgId,
                query,
                store.read(handle, orgId, query),
                Retention.availableFrom(now, query.readsRawEvents() ? retention.raw() : retention.rollups()),
                FreshnessView.Summary.of(
                        freshness.read(handle, orgId, query.scope().models()))));
    }
}
