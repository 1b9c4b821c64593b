package io.inference.analytics.budget;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.access.CurrentCaller;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.webhook.WebhookAddresses;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.math.BigDecimal;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Budgets over HTTP. */
@Path("/analytics/v1/orgs/{orgId}/budgets")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "budgets")
class BudgetResource {

    private static final String NAME = "Name of the budget";

    private final Budgets budgets;
    private final WebhookAddresses addresses;
    private final CurrentCaller caller;

    BudgetResource(Budgets budgets, WebhookAddresses addresses, CurrentCaller caller) {
        this.budgets = budgets;
        this.addresses = addresses;
        this.caller = caller;
    }

    /** All budgets of an organisation. */
    @Schema(name = "Budgets")
    record All(List<BudgetView> budgets) {}

    /** The body as the OpenAPI document shows it; {@link BudgetRequest} reads it. */
    @Schema(name = "BudgetRequest")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Body(
            @Schema(required = true, examples = "250", description = "US dollars per period, more than 0")
                    BigDecimal amount,
            @Schema(defaultValue = "USD", enumeration = "USD") String currency,
            @Schema(required = true) BudgetPeriod period,
            @Schema(defaultValue = "UTC", description = "IANA name of a zone") String timeZone,
            BudgetView.Scope scope,
            @Schema(
                            defaultValue = "[50, 80, 100]",
                            description = "At most 10 whole percents from 1 to 1000, each greater than the one before")
                    List<Integer> thresholds,
            @Schema(
                            description =
                                    "At most 10 https addresses on public hosts; they get a signed message about each transition")
                    List<BudgetView.Webhook> webhooks) {}

    @GET
    @Requires(Permission.USAGE_READ)
    @Operation(
            operationId = "listBudgets",
            summary = "List the budgets of an organisation",
            description = "All of them, at most 100, by name, each with its state of less than a minute ago.")
    public All list(@PathParam("orgId") UUID orgId, @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return new All(budgets.list(orgId).stream()
                .map(shown -> BudgetView.of(shown, Optional.empty()))
                .toList());
    }

    @GET
    @Path("{name}")
    @Requires(Permission.USAGE_READ)
    @Operation(operationId = "getBudget", summary = "Get a budget with its state")
    public BudgetView get(
            @PathParam("orgId") UUID orgId,
            @Parameter(description = NAME) @PathParam("name") String name,
            @Context UriInfo uri) {
        Budgets.Shown shown = budgets.get(orgId, name);
        QueryParameters.of(uri.getQueryParameters()).finish();
        return BudgetView.of(shown, Optional.empty());
    }

    @PUT
    @Path("{name}")
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(Permission.BUDGETS_WRITE)
    @Operation(
            operationId = "setBudget",
            summary = "Create a budget, or replace its definition",
            description =
                    "The budget is evaluated at once, and then at least once per minute. What has crossed a threshold before the"
                            + " current period is not reported.")
    @Parameter(
            name = "newSecret",
            in = ParameterIn.QUERY,
            description =
                    "true: the budget gets a new webhook secret, which the answer shows; the old one is no longer used",
            schema = @Schema(implementation = Boolean.class))
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    @APIResponse(
            responseCode = "200",
            description = "The budget, which existed before",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = BudgetView.class)))
    @APIResponse(
            responseCode = "201",
            description = "The new budget, with its webhook secret",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = BudgetView.class)))
    @APIResponse(responseCode = "409", description = "The organisation has as many budgets as it may have")
    public Response put(
            @PathParam("orgId") UUID orgId,
            @Parameter(description = NAME) @PathParam("name") String name,
            @Context UriInfo uri,
            byte[] body) {
        QueryParameters parameters = QueryParameters.of(uri.getQueryParameters());
        boolean newSecret = parameters
                .optional("newSecret", QueryParameters.oneOf(new Boolean[] {true, false}, String::valueOf))
                .orElse(false);
        parameters.finish();
        Budget.Definition wanted = BudgetRequest.parse(name, body, addresses);
        Budgets.Stored stored =
                budgets.put(orgId, name, wanted, newSecret, caller.required().subject());
        Response.ResponseBuilder answer = stored.created()
                ? Response.created(URI.create("/analytics/v1/orgs/" + orgId + "/budgets/" + name))
                : Response.ok();
        return answer.header(HttpHeaders.CACHE_CONTROL, "no-store")
                .entity(BudgetView.of(stored.shown(), stored.secret()))
                .build();
    }

    @DELETE
    @Path("{name}")
    @Requires(Permission.BUDGETS_WRITE)
    @Operation(
            operationId = "deleteBudget",
            summary = "Delete a budget",
            description = "Messages that are not delivered yet are not sent.")
    @APIResponse(responseCode = "204", description = "The budget is deleted")
    public void delete(
            @PathParam("orgId") UUID orgId,
            @Parameter(description = NAME) @PathParam("name") String name,
            @Context UriInfo uri) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        budgets.delete(orgId, name);
    }
}
