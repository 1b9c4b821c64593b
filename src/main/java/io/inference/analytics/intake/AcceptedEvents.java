package io.inference.analytics.intake;

import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What became of the events of one request.
 *
 * @param accepted events that the broker has confirmed
 */
@Schema(name = "AcceptedEvents", description = "What became of the events of a request")
record AcceptedEvents(
        @Schema(description = "Events that the broker has confirmed; the ingest stores each of them once") int accepted,
        @Schema(description = "Events that were not published because they break a rule") List<Rejected> rejected) {

    /** An event that breaks a rule. */
    @Schema(name = "RejectedEvent", description = "An event that was not published because it breaks a rule")
    record Rejected(
            @Schema(description = "Place in the array, from 0; 0 for a single event") int index,
            @Schema(description = "The most important rule that it breaks", examples = "missing_field") String reason,
            @Schema(description = "Every fault, with the field, the value and what is expected") String detail) {}
}
