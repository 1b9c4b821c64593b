package io.inference.analytics.audit;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What the log holds about one organisation, newest first, paged. */
@Path("/analytics/v1/orgs/{orgId}/audit")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "audit")
class OrgAuditResource {

    private final AuditLogStore store;
    private final ApiDatabase database;

    OrgAuditResource(AuditLogStore store, ApiDatabase database) {
        this.store = store;
        this.database = database;
    }

    @GET
    @Requires(Permission.AUDIT_READ)
    @Operation(
            summary = "Who read or exported what of an organisation",
            description = "Every decision about access to it, allowed or denied, newest first.")
    @Parameter(
            name = "start",
            in = ParameterIn.QUERY,
            description = "Only entries recorded from here on",
            schema = @Schema(implementation = OffsetDateTime.class))
    @Parameter(
            name = "end",
            in = ParameterIn.QUERY,
            description = "Only entries recorded before this",
            schema = @Schema(implementation = OffsetDateTime.class))
    @Parameter(name = "actor", in = ParameterIn.QUERY, schema = @Schema(implementation = String.class))
    @Parameter(name = "action", in = ParameterIn.QUERY, schema = @Schema(implementation = String.class))
    @Parameter(
            name = "outcome",
            in = ParameterIn.QUERY,
            schema =
                    @Schema(
                            implementation = String.class,
                            enumeration = {"allowed", "denied"}))
    @Parameter(
            name = "limit",
            in = ParameterIn.QUERY,
            description = "Entries of a page, 1 to 200",
            schema = @Schema(implementation = Integer.class, defaultValue = "50"))
    @Parameter(
            name = "cursor",
            in = ParameterIn.QUERY,
            description = "nextCursor of the page before",
            schema = @Schema(implementation = String.class))
    public AuditPage ofOrg(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        return read(AuditQuery.parse(Optional.of(orgId), uri.getQueryParameters()));
    }

    private AuditPage read(AuditQuery query) {
        AuditLogStore.Page page = query.page();
        List<AuditEntry.Hashed> found = database.read(handle -> store.page(handle.getConnection(), page.withOneMore()));
        return AuditPage.of(found, page.limit());
    }
}
