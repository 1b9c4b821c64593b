package io.inference.analytics.ingest;

import io.inference.analytics.access.AnyCaller;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.web.Problem;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import java.time.Clock;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Tells a producer what the ingest would say about a message, by the same codec and with nothing stored. What only the database
 * knows (duplicates, conflicts) is not looked at.
 */
@Path("/analytics/v1/events/validate")
@Tag(name = "events")
class EventValidationResource {

    private final UsageEventCodec codec;
    private final Clock clock;

    EventValidationResource(UsageEventCodec codec, Clock clock) {
        this.codec = codec;
        this.clock = clock;
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @AnyCaller
    @Operation(
            summary = "Checks a usage event as the ingest would",
            description =
                    "Takes what a message may hold: one event, or an array of at most 1,000, in at most 64 KiB. Stores nothing.")
    @APIResponse(responseCode = "204", description = "The message would be taken")
    @APIResponse(
            responseCode = "400",
            description = "Every fault of the message, at most one a field and event; a field of an array's element is"
                    + " named like [3].latencyMs, the message as a whole has an empty field",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
    @APIResponse(responseCode = "413", description = "More than 64 KiB")
    @APIResponse(responseCode = "415", description = "No JSON by its Content-Type")
    public void validate(
            @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON,
                                            schema = @Schema(type = SchemaType.OBJECT)))
                    byte[] message) {
        byte[] body = message == null ? new byte[0] : message;
        if (body.length > UsageEventCodec.BODY_BYTES_MAX) {
            throw new Failure.TooLarge("The body has %d bytes (expected: at most %d)."
                    .formatted(body.length, UsageEventCodec.BODY_BYTES_MAX));
        }
        List<FieldError> faults = codec.faults(body, clock.instant()).stream()
                .map(fault -> new FieldError(fault.field(), fault.message()))
                .toList();
        if (!faults.isEmpty()) {
            throw new Failure.Invalid(faults);
        }
    }
}
