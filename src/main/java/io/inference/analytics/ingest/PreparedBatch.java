package io.inference.analytics.ingest;

import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.Decoded.Accepted;
import io.inference.analytics.event.Decoded.Rejected;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEvent;
import io.inference.analytics.event.UsageEventCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A batch decoded and freed of duplicates among its own events; pure, so it can be made while another batch is stored.
 *
 * <p>Of events with one id the first of the batch stays, as it would had they come in different batches.
 *
 * @param candidates events that may be stored, one an id (within the duplicate window)
 * @param duplicates events equal to a candidate before them
 * @param conflicts events with a candidate's id but other content
 * @param deadLetters what can not be stored
 */
record PreparedBatch(
        List<Candidate> candidates, int duplicates, List<Candidate> conflicts, List<DeadLetter> deadLetters) {

    /** An event with the bytes it came in. */
    record Candidate(UsageEvent event, byte[] payload) {}

    /** A payload that goes to the dead letter queue. */
    record DeadLetter(RejectReason reason, String detail, byte[] payload) {}

    private record Key(UUID orgId, UUID eventId) {}

    static PreparedBatch of(List<RawMessage> messages, UsageEventCodec codec, Instant now) {
        List<Candidate> candidates = new ArrayList<>(messages.size());
        List<Candidate> conflicts = new ArrayList<>();
        List<DeadLetter> deadLetters = new ArrayList<>();
        Map<Key, List<UsageEvent>> seen = new HashMap<>(messages.size() * 2);
        int duplicates = 0;
        for (RawMessage message : messages) {
            for (Decoded decoded : codec.decode(message.body(), now)) {
                if (decoded instanceof Rejected rejected) {
                    deadLetters.add(new DeadLetter(rejected.reason(), rejected.detail(), rejected.payload()));
                    continue;
                }
                Accepted accepted = (Accepted) decoded;
                UsageEvent event = accepted.event();
                List<UsageEvent> same =
                        seen.computeIfAbsent(new Key(event.orgId(), event.eventId()), key -> new ArrayList<>(1));
                UsageEvent first = firstWithinWindow(same, event);
                if (first == null) {
                    same.add(event);
                    candidates.add(new Candidate(event, accepted.payload()));
                } else if (first.sameContentAs(event)) {
                    duplicates++;
                } else {
                    conflicts.add(new Candidate(event, accepted.payload()));
                }
            }
        }
        return new PreparedBatch(candidates, duplicates, conflicts, deadLetters);
    }

    private static UsageEvent firstWithinWindow(List<UsageEvent> same, UsageEvent event) {
        for (UsageEvent other : same) {
            if (Duration.between(other.occurredAt(), event.occurredAt())
                            .abs()
                            .compareTo(UsageEventStore.DUPLICATE_WINDOW)
                    <= 0) {
                return other;
            }
        }
        return null;
    }

    /** The same batch with the given candidates turned into dead letters, because the database refuses them. */
    PreparedBatch refuse(Set<Integer> refused) {
        List<Candidate> kept = new ArrayList<>(candidates.size());
        List<DeadLetter> letters = new ArrayList<>(deadLetters);
        for (int i = 0; i < candidates.size(); i++) {
            Candidate candidate = candidates.get(i);
            if (refused.contains(i)) {
                letters.add(new DeadLetter(
                        RejectReason.STORAGE_REJECTED, "the database refuses this row", candidate.payload()));
            } else {
                kept.add(candidate);
            }
        }
        return new PreparedBatch(kept, duplicates, conflicts, letters);
    }

    List<UsageEvent> events() {
        return candidates.stream().map(Candidate::event).toList();
    }
}
