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
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Changes to bills that were final over HTTP: JSON, or the same rows as CSV. */
@Path("/analytics/v1/provider-restatements")
@Tag(name = "providers")
class ProviderRestatementsResource {

    private static final List<String> COLUMNS = List.of(
            "day",
            "provider",
            "organizationId",
            "revision",
            "before.amount",
            "after.amount",
            "change.amount",
            "change.currency",
            "finalSince",
            "restatedAt");

    private final ApiDatabase database;
    private final CompanyTable table;
    private final Clock clock;

    ProviderRestatementsResource(ApiDatabase database, CompanyTable table, Clock clock) {
        this.database = database;
        this.table = table;
        this.clock = clock;
    }

    @GET
    @Produces({MediaType.APPLICATION_JSON, "text/csv"})
    @Requires(Permission.PROVIDERS_READ)
    @Takes({START, DAYS_END, DAYS_PERIOD})
    @Operation(
            operationId = "getProviderRestatements",
            summary = "Get changes to bills that were final",
            description =
                    "Days of bills that a provider changed after they were final, with the amounts before and after. A day is final once it was read again after the fifth of the following month. The edges of the range are snapped outward to whole UTC days.")
    @APIResponse(
            responseCode = "200",
            description = "The changes",
            content = {
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = ProviderRestatements.class)),
                @Content(mediaType = "text/csv", schema = @Schema(implementation = String.class))
            })
    @APIResponse(responseCode = "304", description = "Nothing has changed since the entity tag of If-None-Match")
    public Response restatements(@Context UriInfo uri, @Context Request request, @Context HttpHeaders headers) {
        CompanyQuery query = CompanyQuery.parse(uri.getQueryParameters(), Set.of(), clock.instant());
        TableAnswer.Form form = TableAnswer.preferred(request);
        ProviderRestatements found = database.read(handle -> ProviderRestatements.read(handle, query));
        return table.answer(form, headers, found, COLUMNS);
    }
}
