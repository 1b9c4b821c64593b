package io.inference.analytics.intake;

import io.inference.analytics.access.Permission;
import io.inference.analytics.access.Requires;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.ingest.EventDecoder;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.web.Problem;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.RequestIds;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Usage events over HTTP, for producers without an AMQP client. */
@Path("/analytics/v1/orgs/{orgId}/events")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "events")
class EventsResource {

    private final EventDecoder decoder;
    private final EventPublisher publisher;
    private final IntakeMetrics metrics;

    @Inject
    RoutingContext request;

    EventsResource(EventDecoder decoder, EventPublisher publisher, IntakeMetrics metrics) {
        this.decoder = decoder;
        this.publisher = publisher;
        this.metrics = metrics;
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Requires(Permission.EVENTS_WRITE)
    @Operation(
            operationId = "publishEvents",
            summary = "Publish usage events",
            description =
                    "Takes one event of at most 64 KiB, or an array of at most 1,000 in at most 1 MiB, and publishes those that"
                            + " follow every rule. An event sent again with the same eventId is counted once, so a request may"
                            + " be repeated after any error.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = Object.class),
                            example = UsageEventCodec.EXAMPLE))
    @APIResponse(
            responseCode = "202",
            description =
                    "The broker has confirmed the accepted events; rejected ones are listed and were not published",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = AcceptedEvents.class)))
    @APIResponse(
            responseCode = "503",
            description = "The broker has not confirmed the events within a second; send the request again",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    public Response publish(@PathParam("orgId") UUID orgId, @Context UriInfo uri, byte[] body) {
        QueryParameters.of(uri.getQueryParameters()).finish();
        List<byte[]> accepted = new ArrayList<>();
        List<AcceptedEvents.Rejected> rejected = new ArrayList<>();
        List<Decoded> outcomes = decoder.decodeNow(body);
        refuseUnreadable(outcomes, body);
        for (int index = 0; index < outcomes.size(); index++) {
            Decoded outcome = outcomes.get(index);
            if (outcome instanceof Decoded.Rejected fault) {
                rejected.add(new AcceptedEvents.Rejected(index, fault.reason().wireName(), fault.detail()));
            } else if (outcome instanceof Decoded.Accepted event) {
                UUID given = event.event().orgId();
                if (given.equals(orgId)) {
                    accepted.add(event.payload());
                } else {
                    rejected.add(new AcceptedEvents.Rejected(
                            index,
                            RejectReason.INVALID_FIELD.wireName(),
                            "orgId: %s (expected: the organisation of the path, %s)".formatted(given, orgId)));
                }
            }
        }
        metrics.rejected(rejected.size());
        if (!accepted.isEmpty()) {
            publish(accepted);
        }
        return Response.accepted(new AcceptedEvents(accepted.size(), rejected)).build();
    }

    private void publish(List<byte[]> events) {
        boolean confirmed = false;
        try {
            publisher.publish(message(events), RequestIds.requestId(request));
            confirmed = true;
        } finally {
            metrics.published(events.size(), confirmed);
        }
    }

    /** What is not JSON, or over a limit as a whole, holds no events with outcomes of their own. */
    private static void refuseUnreadable(List<Decoded> outcomes, byte[] body) {
        if (outcomes.size() == 1
                && outcomes.get(0) instanceof Decoded.Rejected fault
                && fault.payload() == body
                && (fault.reason() == RejectReason.MALFORMED_JSON || fault.reason() == RejectReason.TOO_LARGE)) {
            throw new Failure.Invalid("", fault.detail());
        }
    }

    private static byte[] message(List<byte[]> events) {
        if (events.size() == 1) {
            return events.get(0);
        }
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        for (int i = 0; i < events.size(); i++) {
            array.write(i == 0 ? '[' : ',');
            array.writeBytes(events.get(i));
        }
        array.write(']');
        return array.toByteArray();
    }
}
