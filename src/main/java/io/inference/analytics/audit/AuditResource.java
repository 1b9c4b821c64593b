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
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The whole audit log over HTTP, newest first, in pages. */
@Path("/analytics/v1/audit")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "audit")
class AuditResource {

    private final AuditLogStore store;
    private final ApiDatabase database;

    AuditResource(AuditLogStore store, ApiDatabase database) {
        this.store = store;
        this.database = database;
    }

    @GET
    @Requires(value = Permission.AUDIT_READ, everywhere = true)
    @Takes({RECORDED_FROM, RECORDED_BEFORE, ACTOR, ACTION, OUTCOME, LIMIT, CURSOR})
    @Operation(
            operationId = "listAuditEntries",
            summary = "List who did what in the whole system",
            description = "For system administrators, newest first. Includes entries without an organisation, such as"
                    + " refused credentials.")
    @Parameter(
            name = "orgId",
            in = ParameterIn.QUERY,
            description = "Only entries of this organisation",
            schema = @Schema(implementation = UUID.class))
    public AuditPage ofAll(@Context UriInfo uri) {
        return read(AuditQuery.parse(Optional.empty(), uri.getQueryParameters()));
    }

    AuditPage read(AuditQuery query) {
        AuditLogStore.Page page = query.page();
        List<AuditEntry.Hashed> found = database.read(handle -> store.page(handle, page.withOneMore()));
        return AuditPage.of(found, page.limit());
    }
}
