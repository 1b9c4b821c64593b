package io.inference.analytics.audit;

import static io.inference.analytics.web.SharedParameter.ACTION;
import static io.inference.analytics.web.SharedParameter.ACTOR;
import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIMIT;
import static io.inference.analytics.web.SharedParameter.OUTCOME;
import static io.inference.analytics.web.SharedParameter.RECORDED_BEFORE;
import static io.inference.analytics.web.SharedParameter.RECORDED_FROM;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The entries of one organisation, newest first, in pages. It is a separate class because Quarkus
 * REST searches only the class with the longest matching path, and other resources also begin with
 * {@code orgs/{orgId}}.
 */
@Path("/analytics/v1/orgs/{orgId}/audit")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "audit")
class OrgAuditResource {

    private final AuditResource log;

    OrgAuditResource(AuditResource log) {
        this.log = log;
    }

    @GET
    @Requires(Permission.AUDIT_READ)
    @Takes({RECORDED_FROM, RECORDED_BEFORE, ACTOR, ACTION, OUTCOME, LIMIT, CURSOR})
    @Operation(
            operationId = "listOrgAuditEntries",
            summary = "List who read or exported what of an organisation",
            description = "Every decision about access to the organisation, allowed or denied, newest first.")
    public AuditPage ofOrg(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        return log.read(AuditQuery.parse(Optional.of(orgId), uri.getQueryParameters()));
    }
}
