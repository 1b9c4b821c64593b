package io.inference.analytics.reliability;

import static io.inference.analytics.web.SharedParameter.CLIENT_ID;
import static io.inference.analytics.web.SharedParameter.INCIDENT_END;
import static io.inference.analytics.web.SharedParameter.MODEL_ID;
import static io.inference.analytics.web.SharedParameter.PERIOD;
import static io.inference.analytics.web.SharedParameter.RANGE_TIME_ZONE;
import static io.inference.analytics.web.SharedParameter.START;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.TimeRange;
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
import jakarta.ws.rs.core.Variant;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Incidents over HTTP: the raw events as CSV, and the summary for a post-mortem. */
@Path("/analytics/v1/orgs/{orgId}")
@Tag(name = "reliability")
class IncidentResource {

    private static final MediaType MARKDOWN = new MediaType("text", "markdown");
    private static final List<Variant> FORMS = List.of(
            new Variant(MediaType.APPLICATION_JSON_TYPE, (String) null, null),
            new Variant(MARKDOWN, (String) null, null));

    private final IncidentExportStore events;
    private final IncidentSummaryStore summaries;
    private final ExportSlots slots;
    private final Clock clock;

    IncidentResource(IncidentExportStore events, IncidentSummaryStore summaries, ExportSlots slots, Clock clock) {
        this.events = events;
        this.summaries = summaries;
        this.slots = slots;
        this.clock = clock;
    }

    @GET
    @Path("incident-export")
    @Requires(Permission.RELIABILITY_READ)
    @Takes({START, INCIDENT_END, PERIOD, MODEL_ID, CLIENT_ID, RANGE_TIME_ZONE})
    @Operation(
            operationId = "exportIncident",
            summary = "Download the raw events of an incident",
            description =
                    "CSV, whatever Accept says, ordered by occurred_at and event_id, streamed. The range is not snapped. Values of metadata keys that may hold personal data are masked. The response either ends cleanly or the connection is cut: a file is never silently short.")
    @Parameter(
            name = "status",
            in = ParameterIn.QUERY,
            description = "Only events with this status: success, error, timeout or throttled; repeatable",
            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class))
    @Parameter(
            name = "limit",
            in = ParameterIn.QUERY,
            description = "Maximum number of rows",
            schema = @Schema(type = SchemaType.INTEGER, minimum = "1", maximum = "1000000", defaultValue = "10000"))
    @Parameter(
            name = "after",
            in = ParameterIn.QUERY,
            description = "Where the previous page ended; taken from its next link",
            schema = @Schema(implementation = String.class))
    @APIResponse(
            responseCode = "200",
            description = "The events",
            headers =
                    @Header(
                            name = "Link",
                            description =
                                    "rel=\"next\" when there are more rows than the limit; relative to the address of the request",
                            schema = @Schema(implementation = String.class)),
            content = @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class)))
    public Response export(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        IncidentQuery query = IncidentQuery.parse(orgId, uri.getQueryParameters(), clock.instant());
        slots.take();
        try {
            IncidentCsv csv = events.open(orgId, query);
            csv.afterwards(slots::release);
            Response.ResponseBuilder answer = Response.ok(csv, "text/csv;charset=UTF-8")
                    .header(HttpHeaders.CACHE_CONTROL, "private, no-store")
                    .header("X-Content-Type-Options", "nosniff")
                    .header(
                            HttpHeaders.CONTENT_DISPOSITION,
                            "attachment; filename=\"incident-" + orgId + "-"
                                    + query.range().start().toString().replaceAll("[^0-9TZ]", "") + ".csv\"");
            csv.last()
                    .ifPresent(last ->
                            answer.header(HttpHeaders.LINK, "<" + next(orgId, query, last) + ">; rel=\"next\""));
            return answer.build();
        } catch (RuntimeException e) {
            slots.release();
            throw e;
        }
    }

    /**
     * The same request after the last row. The reference is relative, because only the caller knows
     * by which name and path it reaches us.
     */
    private static String next(UUID org, IncidentQuery query, IncidentQuery.Position last) {
        List<String> parameters = new ArrayList<>();
        parameters.add("start=" + encoded(query.range().start().toString()));
        parameters.add("end=" + encoded(query.range().end().toString()));
        query.models().forEach(model -> parameters.add("modelId=" + model));
        query.clients().forEach(client -> parameters.add("clientId=" + encoded(client)));
        query.statuses().forEach(status -> parameters.add("status=" + status));
        parameters.add("limit=" + query.limit());
        parameters.add("after=" + encoded(query.after(org, last)));
        return "incident-export?" + String.join("&", parameters);
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @GET
    @Path("incident-summary")
    @Produces({MediaType.APPLICATION_JSON, "text/markdown"})
    @Requires(Permission.RELIABILITY_READ)
    @Takes({START, INCIDENT_END, PERIOD, RANGE_TIME_ZONE})
    @Operation(
            operationId = "getIncidentSummary",
            summary = "Get what a post-mortem needs about an incident",
            description =
                    "Who was affected and how badly, before, during and after; what failed and what that cost. Computed from the raw events, so the range is not snapped and percentiles are exact.")
    @APIResponse(
            responseCode = "200",
            description = "The summary",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = IncidentSummary.class)),
                @Content(mediaType = "text/markdown", schema = @Schema(implementation = String.class))
            })
    public Response summary(@PathParam("orgId") UUID orgId, @Context UriInfo uri, @Context Request request) {
        TimeRange incident = IncidentQuery.parseRange(uri.getQueryParameters(), clock.instant());
        Variant form = request.selectVariant(FORMS);
        if (form == null) {
            throw new Failure.NotAcceptable("This is offered as application/json and text/markdown.");
        }
        slots.take();
        IncidentSummary summary;
        try {
            summary = summaries.read(orgId, incident);
        } finally {
            slots.release();
        }
        boolean markdown = form.getMediaType().equals(MARKDOWN);
        return Response.ok(
                        markdown ? IncidentMarkdown.of(summary) : summary,
                        markdown ? MARKDOWN.withCharset("UTF-8") : MediaType.APPLICATION_JSON_TYPE)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .header(HttpHeaders.CACHE_CONTROL, "private, no-store")
                .build();
    }
}
