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

/** Bills of the whole company over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/provider-costs")
@Tag(name = "providers")
class ProviderCostsResource {

    private static final Set<CompanyGroup> GROUPS = EnumSet.complementOf(EnumSet.of(CompanyGroup.PROVIDER));

    private final ProviderCostsStore store;
    private final ApiDatabase database;
    private final CompanyTable table;
    private final Clock clock;

    ProviderCostsResource(ProviderCostsStore store, ApiDatabase database, CompanyTable table, Clock clock) {
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
            operationId = "getProviderCosts",
            summary = "Get what the providers bill",
            description =
                    "Billed amounts of the whole company by UTC day: Anthropic's and OpenAI's cost reports, Cursor's charges and seats that were entered by hand. Estimates are not included. The edges of the range are snapped outward to whole UTC days. Totals are sums of exact values.")
    @Parameter(
            name = "groupBy",
            in = ParameterIn.QUERY,
            description = "What rows are split by; repeatable, or a list with commas. Without it there is one row",
            schema =
                    @Schema(
                            type = SchemaType.ARRAY,
                            implementation = String.class,
                            enumeration = {
                                "day",
                                "platform",
                                "model",
                                "workspace",
                                "user",
                                "team",
                                "tokenType",
                                "organization"
                            }))
    @Parameter(
            name = "workspaceId",
            in = ParameterIn.QUERY,
            description =
                    "Only these workspaces of Anthropic and projects of OpenAI, by id, or default for the workspace without one; repeatable",
            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class))
    @Parameter(
            name = "reported",
            in = ParameterIn.QUERY,
            description = "true: without the workspaces that reports leave out; totals are then lower than the bill",
            schema = @Schema(implementation = Boolean.class, defaultValue = "false"))
    @APIResponse(
            responseCode = "200",
            description = "The bills",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = ProviderCosts.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(responseCode = "304", description = "Nothing has changed since the entity tag of If-None-Match")
    public Response costs(@Context UriInfo uri, @Context Request request, @Context HttpHeaders headers) {
        CompanyQuery query = CompanyQuery.parseBills(uri.getQueryParameters(), GROUPS, clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        ProviderCosts costs = database.read(handle -> store.read(handle, query));
        List<String> columns = new ArrayList<>();
        query.groupBy().forEach(group -> columns.add(group.field()));
        columns.addAll(List.of("cost.amount", "cost.currency"));
        return table.answer(form, headers, costs, columns);
    }
}
