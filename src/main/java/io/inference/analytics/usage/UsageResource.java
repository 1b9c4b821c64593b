package io.inference.analytics.usage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.freshness.FreshnessStore;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.freshness.OrgFreshness;
import io.inference.analytics.platform.EntityTags;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.ReadDatabase;
import io.inference.analytics.platform.Retention;
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
import jakarta.ws.rs.core.Variant;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Usage over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/orgs/{orgId}/usage")
@Tag(name = "usage")
class UsageResource {

    private static final MediaType CSV = new MediaType("text", "csv");
    private static final List<Variant> FORMS = List.of(
            new Variant(MediaType.APPLICATION_JSON_TYPE, (String) null, null), new Variant(CSV, (String) null, null));

    private final UsageStore store;
    private final FreshnessStore freshness;
    private final ReadDatabase database;
    private final Retention retention;
    private final Clock clock;
    private final ObjectMapper json;

    UsageResource(
            UsageStore store,
            FreshnessStore freshness,
            ReadDatabase database,
            Retention retention,
            Clock clock,
            ObjectMapper json) {
        this.store = store;
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
    public Response usage(
            @PathParam("orgId") UUID orgId,
            @Context UriInfo uri,
            @Context Request request,
            @Context HttpHeaders headers)
            throws JsonProcessingException {
        UsageQuery query = UsageQuery.parse(uri.getQueryParameters());
        Variant form = request.selectVariant(FORMS);
        if (form == null) {
            throw new Failure.NotAcceptable("Usage is offered as application/json and text/csv.");
        }
        Found found = database.read(connection -> new Found(
                UsageSeries.of(
                        orgId,
                        query,
                        store.read(connection, orgId, query),
                        Retention.availableFrom(clock.instant(), retention.rollups())),
                freshness.read(connection, orgId, query.models())));
        boolean csv = form.getMediaType().equals(CSV);
        byte[] content = csv
                ? UsageCsv.of(found.usage(), query.groupBy()).getBytes(StandardCharsets.UTF_8)
                : json.writeValueAsBytes(found.usage());
        String tag = EntityTags.of(form.getMediaType().toString(), content);
        Response.ResponseBuilder answer;
        if (EntityTags.matches(headers.getHeaderString(HttpHeaders.IF_NONE_MATCH), tag)) {
            answer = Response.notModified();
        } else if (csv) {
            answer = Response.ok(content, "text/csv;charset=UTF-8");
        } else {
            UsageSeries usage = found.usage().with(FreshnessView.Summary.of(found.freshness()));
            answer = Response.ok(json.writeValueAsBytes(usage), MediaType.APPLICATION_JSON_TYPE);
        }
        return answer.header(HttpHeaders.ETAG, tag)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .header(HttpHeaders.CACHE_CONTROL, "private, no-cache")
                .build();
    }
}
