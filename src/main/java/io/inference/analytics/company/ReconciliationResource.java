package io.inference.analytics.company;

import static io.inference.analytics.web.SharedParameter.DAYS_END;
import static io.inference.analytics.web.SharedParameter.DAYS_PERIOD;
import static io.inference.analytics.web.SharedParameter.START;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.web.TableAnswer;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Estimates next to bills over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/reconciliation")
@Tag(name = "providers")
class ReconciliationResource {

    private static final Set<CompanyGroup> GROUPS =
            EnumSet.of(CompanyGroup.DAY, CompanyGroup.PROVIDER, CompanyGroup.PLATFORM, CompanyGroup.MODEL);

    private final ReconciliationStore store;
    private final ApiDatabase database;
    private final CompanyTable table;
    private final Clock clock;

    ReconciliationResource(ReconciliationStore store, ApiDatabase database, CompanyTable table, Clock clock) {
        this.store = store;
        this.database = database;
        this.table = table;
        this.clock = clock;
    }

    @GET
    @Produces({MediaType.APPLICATION_JSON, "text/csv"})
    @Requires(Permission.PROVIDERS_READ)
    @Takes({START, DAYS_END, DAYS_PERIOD})
    @Operation(
            operationId = "getReconciliation",
            summary = "Compare estimates with the providers' bills",
            description =
                    "Estimates from usage events and the amounts that the providers bill, by UTC day. The difference is split into coverage, quantity, price, unpriced and rest. The two are compared and never added. The edges of the range are snapped outward to whole UTC days.")
    @Parameter(
            name = "groupBy",
            in = ParameterIn.QUERY,
            description = "What rows are split by; repeatable, or a list with commas. Without it there is one row",
            schema =
                    @Schema(
                            type = SchemaType.ARRAY,
                            implementation = String.class,
                            enumeration = {"provider", "platform", "model", "day"}))
    @APIResponse(
            responseCode = "200",
            description = "The figures",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = Reconciliation.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(responseCode = "304", description = "Nothing has changed since the entity tag of If-None-Match")
    public Response reconciliation(@Context UriInfo uri, @Context Request request, @Context HttpHeaders headers) {
        CompanyQuery query = CompanyQuery.parse(uri.getQueryParameters(), GROUPS, clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        Reconciliation found = database.read(handle -> store.read(handle, query));
        List<String> columns = new ArrayList<>();
        query.groupBy().forEach(group -> columns.add(group.field()));
        columns.addAll(List.of(
                "estimate.amount",
                "billed.amount",
                "difference.amount",
                "split.coverage.amount",
                "split.quantity.amount",
                "split.price.amount",
                "split.unpriced.amount",
                "split.rest.amount",
                "unpricedInvocations"));
        return table.answer(form, headers, found, columns);
    }
}
