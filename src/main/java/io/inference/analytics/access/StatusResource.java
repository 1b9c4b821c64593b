package io.inference.analytics.access;

import io.smallrye.health.SmallRyeHealth;
import io.smallrye.health.SmallRyeHealthReporter;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Liveness and readiness, the only endpoints that are open to everybody. The management port answers the same under
 * {@code /q/health}; here both are offered for load balancers that only reach the port of the API.
 */
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "status")
class StatusResource {

    private final SmallRyeHealthReporter reporter;

    StatusResource(SmallRyeHealthReporter reporter) {
        this.reporter = reporter;
    }

    @GET
    @Path("analytics/v1/status/healthz")
    @Open
    @Operation(summary = "Whether the process is alive", description = "Status 503 means: restart it.")
    @APIResponse(
            responseCode = "200",
            description = "Alive",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Object.class)))
    public Response alive() {
        return answer(reporter.getLiveness());
    }

    @GET
    @Path("analytics/v1/status/readyz")
    @Open
    @Operation(
            summary = "Whether requests can be answered",
            description = "Status 503 means: send requests elsewhere; the checks in the body tell what is missing.")
    @APIResponse(
            responseCode = "200",
            description = "Ready",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Object.class)))
    public Response ready() {
        return answer(reporter.getReadiness());
    }

    @GET
    @Path("q/health")
    @Open
    @Operation(hidden = true)
    public Response health() {
        return answer(reporter.getHealth());
    }

    @GET
    @Path("q/health/live")
    @Open
    @Operation(hidden = true)
    public Response live() {
        return answer(reporter.getLiveness());
    }

    @GET
    @Path("q/health/ready")
    @Open
    @Operation(hidden = true)
    public Response readiness() {
        return answer(reporter.getReadiness());
    }

    private static Response answer(SmallRyeHealth health) {
        return Response.status(health.isDown() ? Response.Status.SERVICE_UNAVAILABLE : Response.Status.OK)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .entity(health.getPayload().toString())
                .build();
    }
}
