package io.inference.analytics.price;

import static io.inference.analytics.web.SharedParameter.CURSOR;
import static io.inference.analytics.web.SharedParameter.LIMIT;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.access.CurrentCaller;
import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.Takes;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The price book over HTTP, for system administrators. */
@Path("/analytics/v1/prices")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "prices")
class PriceResource {

    private final PriceBook book;
    private final PricePreviewStore previews;
    private final ApiDatabase database;
    private final CurrentCaller caller;

    PriceResource(PriceBook book, PricePreviewStore previews, ApiDatabase database, CurrentCaller caller) {
        this.book = book;
        this.previews = previews;
        this.database = database;
        this.caller = caller;
    }

    /** The body as the OpenAPI document shows it; {@link PriceRequest} reads it. */
    @Schema(name = "PriceRequest", description = "A price; amounts are US dollars per million tokens, 0 or more")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Body(
            @Schema(required = true) UUID modelId,
            @Schema(required = true, description = "From when it holds: a time, or a date in UTC") Instant validFrom,
            @Schema(
                            required = true,
                            examples = "3.75",
                            description = "Plain input: neither read from nor written to a cache")
                    BigDecimal inputUsd,
            @Schema(required = true, examples = "15") BigDecimal outputUsd,
            @Schema(description = "Read from a cache; without it such events are unpriced") BigDecimal cacheReadUsd,
            @Schema(description = "Written to a cache for 5 minutes; without it such events are unpriced")
                    BigDecimal cacheWriteUsd,
            @Schema(description = "Written to a cache for an hour; without it such events are unpriced")
                    BigDecimal cacheWrite1hUsd,
            @Schema(description = "Only for events of this serviceTier; without it for any") String serviceTier,
            @Schema(description = "Only for events of this contextWindow; without it for any") String contextWindow,
            @Schema(description = "Why, up to 500 characters") String reason) {}

    @GET
    @Requires(value = Permission.PRICES_WRITE, everywhere = true)
    @Takes({LIMIT, CURSOR})
    @Operation(
            operationId = "listPrices",
            summary = "List the history of the price book",
            description = "Every price that was ever added, newest first, with who added it and when.")
    @Parameter(
            name = "modelId",
            in = ParameterIn.QUERY,
            description = "Only prices of this model",
            schema = @Schema(implementation = UUID.class))
    public PriceHistory list(@Context UriInfo uri) {
        PriceQuery query = PriceQuery.parse(uri.getQueryParameters());
        return database.read(handle -> book.history(handle, query));
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(value = Permission.PRICES_WRITE, everywhere = true)
    @Operation(
            operationId = "createPrice",
            summary = "Add a price",
            description =
                    "Entries are never changed or removed. To correct one, add another from the same time: the newer"
                            + " one holds. Events that are stored already keep their cost until they are repriced. Adding the"
                            + " same price again has no effect.")
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    @APIResponse(
            responseCode = "201",
            description = "The entry of the book",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = PriceHistory.Entry.class)))
    public Response add(@Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        PriceRequest wanted = PriceRequest.parse(body);
        String author = caller.required().subject();
        PriceHistory.Entry added =
                database.change(handle -> book.addOnce(handle, wanted.price(), author, wanted.reason()));
        return Response.status(Response.Status.CREATED).entity(added).build();
    }

    @POST
    @Path("preview")
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(value = Permission.PRICES_WRITE, everywhere = true)
    @Operation(
            operationId = "getPricePreview",
            summary = "Show what a price would change",
            description =
                    "For each day what the stored events of the model cost and what they would cost, if the price were"
                            + " added and the events repriced. It looks at the 31 days before now at most. Costs that events"
                            + " brought with them stay. Changes nothing.")
    @RequestBody(
            required = true,
            content = @Content(mediaType = MediaType.APPLICATION_JSON, schema = @Schema(implementation = Body.class)))
    public PricePreview preview(@Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        return previews.preview(PriceRequest.parse(body).price());
    }
}
