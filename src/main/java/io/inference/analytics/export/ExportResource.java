package io.inference.analytics.export;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIMIT;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.access.AuditTrail;
import io.inference.analytics.access.Caller;
import io.inference.analytics.access.CurrentCaller;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.RequestAudit;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.export.ExportJobStore.Cursor;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import io.inference.analytics.web.RequestIds;
import io.inference.analytics.web.Takes;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Export jobs over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/exports")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "exports")
class ExportResource {

    private static final int LIMIT_DEFAULT = 50;
    private static final int LIMIT_MAX = 200;
    private static final Pattern KEY = Pattern.compile("[!-~]{1,200}");

    /** A page of jobs. */
    @Schema(name = "ExportJobs")
    public record Page(
            List<ExportJobView> jobs,
            @Schema(nullable = true, description = "The cursor of the next page; null on the last page")
                    String nextCursor) {}

    /** The shape of a body, which {@link ExportRequest} reads. */
    @Schema(name = "ExportRequest")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Body(
            @Schema(
                            required = true,
                            description =
                                    "At most 31 days; edges are snapped outward to whole UTC hours, but never past a midnight of timeZone")
                    ExportJobView.Range timeRange,
            @Schema(defaultValue = "daily") ExportGranularity granularity,
            @Schema(description = "Only these models, at most 100; all when left out") List<UUID> models,
            @Schema(defaultValue = "UTC", description = "IANA name of the zone whose days and months the rows follow")
                    String timeZone,
            @Schema(
                            defaultValue = "csv",
                            description =
                                    "csv: the columns of this service; focus-1.4, focus-1.2: billed charges in columns of FinOps"
                                            + " FOCUS; focus: the newest version of them; focus-estimate: usage at estimated"
                                            + " cost, not a bill")
                    ExportFormat format,
            CsvForm csv,
            Delivery delivery) {}

    /** Target of the file. */
    @Schema(name = "ExportDelivery")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Delivery(
            @Schema(required = true, enumeration = "s3") String type,
            @Schema(
                            description =
                                    "The organisation's own bucket or the bucket of the service; by default the organisation's where it has one")
                    String bucket) {}

    private final ExportJobs jobs;
    private final ExportJobStore store;
    private final ApiDatabase database;
    private final ExportDownload download;
    private final ExportWorker worker;
    private final CurrentCaller caller;
    private final RequestAudit audit;
    private final Clock clock;

    @Inject
    RoutingContext request;

    ExportResource(
            ExportJobs jobs,
            ExportJobStore store,
            ApiDatabase database,
            ExportDownload download,
            ExportWorker worker,
            CurrentCaller caller,
            RequestAudit audit,
            Clock clock) {
        this.jobs = jobs;
        this.store = store;
        this.database = database;
        this.download = download;
        this.worker = worker;
        this.caller = caller;
        this.audit = audit;
        this.clock = clock;
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(Permission.EXPORTS_CREATE)
    @Operation(
            operationId = "createExport",
            summary = "Create an export of usage and cost",
            description =
                    "The file is written in the background; Location is the address of the job. A request with the Idempotency-Key and the body of an earlier request returns the earlier job.")
    @Parameter(
            name = "Idempotency-Key",
            in = ParameterIn.HEADER,
            description = "Chosen by the caller, 1 to 200 printable ASCII characters; sent again with the same body, it"
                    + " returns the first job instead of creating a second one",
            schema = @Schema(implementation = String.class))
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    @APIResponse(
            responseCode = "202",
            description = "The job",
            headers =
                    @Header(
                            name = "Location",
                            description = "Path of the job",
                            schema = @Schema(implementation = String.class)),
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = ExportJobView.class)))
    @APIResponse(responseCode = "409", description = "The Idempotency-Key was used with another body")
    @APIResponse(
            responseCode = "429",
            description =
                    "Too many exports of the organisation are pending or running; Retry-After gives the seconds to wait")
    public Response create(@PathParam("orgId") UUID orgId, @Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        // An empty key is an error, not a missing key; otherwise a retry would create a second
        // export.
        Optional<String> key = key(request.request().headers().getAll("Idempotency-Key"));
        ExportJob job = jobs.accept(
                orgId, ExportRequest.parse(body), key, caller.required().subject());
        worker.wake();
        return Response.accepted(ExportJobView.of(job))
                .location(URI.create("/analytics/v1/orgs/" + orgId + "/exports/" + job.jobId()))
                .build();
    }

    @GET
    @Requires(Permission.EXPORTS_READ)
    @Takes({LIMIT, CURSOR})
    @Operation(
            operationId = "listExports",
            summary = "List the exports of an organisation",
            description = "Newest first.")
    @Parameter(
            name = "status",
            in = ParameterIn.QUERY,
            description = "Only jobs of these statuses; repeatable",
            schema = @Schema(type = SchemaType.ARRAY, implementation = ExportStatus.class))
    public Page list(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters parameters = QueryParameters.of(uri.getQueryParameters());
        Set<ExportStatus> statuses =
                parameters.repeatable("status", QueryParameters.oneOf(ExportStatus.values(), ExportStatus::wireName));
        int limit =
                parameters.optional("limit", ParameterValues.limit(LIMIT_MAX)).orElse(LIMIT_DEFAULT);
        Optional<Cursor> cursor = parameters.optional("cursor", ExportResource::cursor);
        parameters.finish();
        List<ExportJob> found = database.read(handle -> store.list(handle, orgId, statuses, cursor, limit + 1));
        boolean more = found.size() > limit;
        List<ExportJob> shown = more ? found.subList(0, limit) : found;
        return new Page(
                shown.stream().map(ExportJobView::of).toList(), more ? encode(shown.get(shown.size() - 1)) : null);
    }

    @GET
    @Path("{jobId}")
    @Requires(Permission.EXPORTS_READ)
    @Operation(operationId = "getExport", summary = "Get an export")
    public ExportJobView get(@PathParam("orgId") UUID orgId, @PathParam("jobId") String jobId, @Context UriInfo uri) {
        ExportJob job = find(orgId, jobId);
        QueryParameters.of(uri.getQueryParameters()).finish();
        return ExportJobView.of(job);
    }

    @DELETE
    @Path("{jobId}")
    @Requires(Permission.EXPORTS_CREATE)
    @Operation(
            operationId = "cancelExport",
            summary = "Cancel an export",
            description =
                    "Stops a pending or running export; no file is produced. Cancelling a cancelled export has no effect.")
    @APIResponse(
            responseCode = "200",
            description = "The cancelled job",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = ExportJobView.class)))
    @APIResponse(responseCode = "409", description = "The export has already ended")
    public ExportJobView cancel(
            @PathParam("orgId") UUID orgId, @PathParam("jobId") String jobId, @Context UriInfo uri) {
        ExportJob job = find(orgId, jobId);
        QueryParameters.of(uri.getQueryParameters()).finish();
        return ExportJobView.of(jobs.cancel(orgId, job.jobId()));
    }

    @GET
    @Path("{jobId}/download")
    @Produces(MediaType.WILDCARD)
    @Requires(Permission.EXPORTS_DOWNLOAD)
    @Operation(
            operationId = "downloadExport",
            summary = "Download the file of an export",
            description =
                    "Issues a signed URL, which is valid for a day: as a redirect, or in the body if Accept asks for"
                            + " application/json first. Some clients send the API key or token of a redirected request to the"
                            + " file store, too; use the body with those. HEAD only checks that there is a file.")
    @APIResponse(
            responseCode = "200",
            description = "The URL of the file, if Accept asks for application/json first",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = ExportLink.class)))
    @APIResponse(
            responseCode = "302",
            description = "The URL of the file",
            headers =
                    @Header(
                            name = "Location",
                            description = "A signed URL",
                            schema = @Schema(implementation = String.class)))
    @APIResponse(
            responseCode = "409",
            description = "There is no file: the export has not ended, has failed or was cancelled")
    @APIResponse(responseCode = "410", description = "The file has expired")
    public Response download(
            @PathParam("orgId") UUID orgId,
            @PathParam("jobId") String jobId,
            @Context UriInfo uri,
            @Context HttpHeaders headers) {
        ExportJob job = find(orgId, jobId);
        QueryParameters.of(uri.getQueryParameters()).finish();
        download.requireFile(job);
        return answer(orgId, job, headers)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .build();
    }

    private Response.ResponseBuilder answer(UUID orgId, ExportJob job, HttpHeaders headers) {
        if (request.request().method().equals(HttpMethod.HEAD)) {
            return Response.ok();
        }
        ExportLink link = download.sign(job);
        recordIssue(orgId);
        MediaType first = headers.getAcceptableMediaTypes().get(0);
        return first.getType().equals("application") && first.getSubtype().equals("json")
                ? Response.ok(link, MediaType.APPLICATION_JSON_TYPE)
                : Response.status(Response.Status.FOUND).location(link.url());
    }

    private ExportJob find(UUID orgId, String jobId) {
        UUID id = Uuids.parse(jobId).orElseThrow(ExportJobs::unknown);
        return database.read(handle -> store.find(handle, orgId, id)).orElseThrow(ExportJobs::unknown);
    }

    /** Recorded in addition to the access decision: it states that a download URL was issued. */
    private void recordIssue(UUID orgId) {
        Caller who = caller.required();
        audit.record(
                request,
                new AuditTrail.Decision(
                        clock.instant(),
                        Optional.of(who.subject()),
                        Permission.EXPORTS_DOWNLOAD.wireName() + ":url-issued",
                        Optional.of(orgId.toString()),
                        AuditTrail.Outcome.ALLOWED,
                        !who.orgs().contains(orgId),
                        request.request().method().name(),
                        request.normalizedPath(),
                        RequestIds.traceId(request)));
    }

    private static Optional<String> key(List<String> keys) {
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        if (keys.size() > 1 || !KEY.matcher(keys.get(0)).matches()) {
            throw new Failure.Invalid(
                    "Idempotency-Key",
                    "Idempotency-Key: not a key (expected: once, 1 to 200 printable ASCII characters)");
        }
        return Optional.of(keys.get(0));
    }

    private static String encode(ExportJob last) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((last.request().createdAt() + " " + last.jobId()).getBytes(StandardCharsets.US_ASCII));
    }

    private static Cursor cursor(String text) throws Fault {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII).split(" ", 2);
            if (parts.length == 2 && Uuids.parse(parts[1]).isPresent()) {
                // The parser of times knows which times the database can store.
                return new Cursor(
                        ParameterValues.time(parts[0]), Uuids.parse(parts[1]).get());
            }
        } catch (IllegalArgumentException | Fault e) {
            // Reported below.
        }
        throw new Fault("not a cursor (expected: nextCursor of an earlier answer)");
    }
}
