package io.inference.analytics.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.smallrye.health.SmallRyeHealth;
import io.smallrye.health.SmallRyeHealthReporter;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Liveness and readiness, the only endpoints that are open to everybody. The management port
 * answers the same under {@code /q/health}; they are offered here too, for load balancers that
 * reach only the port of the API.
 */
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "status")
class StatusResource {

    private final SmallRyeHealthReporter reporter;

    /** The body as the OpenAPI document shows it; SmallRye Health writes it. */
    @Schema(name = "Health")
    record Health(@Schema(enumeration = {"UP", "DOWN"}) String status, List<Check> checks) {}

    /** One check. */
    @Schema(name = "HealthCheck")
    record Check(
            String name,
            @Schema(enumeration = {"UP", "DOWN"}) String status,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "Details, where the check has any")
                    Map<String, Object> data) {}

    StatusResource(SmallRyeHealthReporter reporter) {
        this.reporter = reporter;
    }

    @GET
    @Path("analytics/v1/status/healthz")
    @Open
    @Operation(
            operationId = "getLiveness",
            summary = "Get whether the process is alive",
            description = "Restart the process on status 503.")
    @APIResponse(
            responseCode = "200",
            description = "Alive",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Health.class)))
    @APIResponse(
            responseCode = "503",
            description = "Not alive",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Health.class)))
    public Response alive() {
        return answer(reporter.getLiveness());
    }

    @GET
    @Path("analytics/v1/status/readyz")
    @Open
    @Operation(
            operationId = "getReadiness",
            summary = "Get whether requests can be answered",
            description = "Send requests elsewhere on status 503; the checks in the body name what is missing.")
    @APIResponse(
            responseCode = "200",
            description = "Ready",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Health.class)))
    @APIResponse(
            responseCode = "503",
            description = "Not ready",
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Health.class)))
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
