package io.inference.analytics.ingest;

import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEvent;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A batch freed of duplicates among its own events.
 *
 * <p>Of several events with one id the first one stays, as if they had come in different batches.
 *
 * @param accepted events that follow the rules, in the order of their arrival
 * @param candidates those that may be stored, one per id (within the duplicate window)
 * @param candidateOf for each accepted event, the index of the candidate with its id
 * @param deadLetters what cannot be stored
 */
record PreparedBatch(
        List<Candidate> accepted, List<Candidate> candidates, List<Integer> candidateOf, List<DeadLetter> deadLetters) {

    /** An event with the bytes it came in. */
    record Candidate(UsageEvent event, byte[] payload) {}

    /** A payload that goes to the dead letter queue. */
    record DeadLetter(RejectReason reason, String detail, byte[] payload) {}

    /**
     * What became of the accepted events that are not stored.
     *
     * @param duplicates those that say the same as what is stored under their id
     * @param conflicts those that say something else
     */
    record Repeated(List<UsageEvent> duplicates, List<Conflict> conflicts) {

        /** Candidates that conflicts are compared with and that have no cost yet. */
        Set<Integer> unpriced() {
            return conflicts.stream()
                    .filter(conflict -> conflict.stored().costCents() == null)
                    .map(Conflict::candidate)
                    .collect(Collectors.toSet());
        }

        /**
         * With the costs that the price book gives the versions of this batch.
         *
         * @param costs by the candidate's index; those of earlier batches are known and not among them
         */
        Repeated priced(Map<Integer, BigDecimal> costs) {
            return costs.isEmpty()
                    ? this
                    : new Repeated(
                            duplicates,
                            conflicts.stream().map(each -> each.priced(costs)).toList());
        }
    }

    /**
     * An event that is refused, and what is stored under its id.
     *
     * @param candidate the index of the candidate with this id
     */
    record Conflict(Candidate refused, int candidate, UsageEventStore.Stored stored) {

        private Conflict priced(Map<Integer, BigDecimal> costs) {
            BigDecimal cost = costs.get(candidate);
            return cost == null
                    ? this
                    : new Conflict(refused, candidate, new UsageEventStore.Stored(stored.event(), cost));
        }
    }

    private record Key(UUID orgId, UUID eventId) {}

    /** The first event of an id, and its index among the candidates. */
    private record First(UsageEvent event, int index) {}

    static PreparedBatch of(List<Share> shares) {
        List<Candidate> accepted = new ArrayList<>(shares.size());
        List<DeadLetter> deadLetters = new ArrayList<>();
        for (Share share : shares) {
            accepted.addAll(share.accepted());
            deadLetters.addAll(share.deadLetters());
        }
        return of(accepted, deadLetters);
    }

    /**
     * For shares that cannot be stored. A message that is refused whole becomes one dead letter. Where other lanes store the rest
     * of it, each event of the share becomes one.
     */
    static PreparedBatch refused(List<Share> shares, String cause) {
        List<DeadLetter> deadLetters = new ArrayList<>();
        for (Share share : shares) {
            if (share.whole()) {
                deadLetters.add(new DeadLetter(
                        RejectReason.STORAGE_REJECTED, cause, share.message().body()));
            } else {
                deadLetters.addAll(share.deadLetters());
                for (Candidate event : share.accepted()) {
                    deadLetters.add(new DeadLetter(RejectReason.STORAGE_REJECTED, cause, event.payload()));
                }
            }
        }
        return of(List.of(), deadLetters);
    }

    private static PreparedBatch of(List<Candidate> accepted, List<DeadLetter> deadLetters) {
        List<Candidate> candidates = new ArrayList<>(accepted.size());
        List<Integer> candidateOf = new ArrayList<>(accepted.size());
        Map<Key, List<First>> seen = new HashMap<>(accepted.size() * 2);
        for (Candidate candidate : accepted) {
            UsageEvent event = candidate.event();
            List<First> same = seen.computeIfAbsent(new Key(event.orgId(), event.eventId()), key -> new ArrayList<>(1));
            int first = firstWithinWindow(same, event);
            if (first < 0) {
                first = candidates.size();
                same.add(new First(event, first));
                candidates.add(candidate);
            }
            candidateOf.add(first);
        }
        return new PreparedBatch(accepted, candidates, candidateOf, deadLetters);
    }

    private static int firstWithinWindow(List<First> same, UsageEvent event) {
        for (First other : same) {
            if (Duration.between(other.event().occurredAt(), event.occurredAt())
                            .abs()
                            .compareTo(UsageEventStore.DUPLICATE_WINDOW)
                    <= 0) {
                return other.index();
            }
        }
        return -1;
    }

    /**
     * Compares each event that is not stored with the stored one: an earlier batch's, or else the candidate. So it does not matter
     * how events are cut into batches.
     *
     * @param existing what earlier batches stored, by the candidate's index
     */
    Repeated repeated(Map<Integer, UsageEventStore.Stored> existing) {
        List<UsageEvent> duplicates = new ArrayList<>();
        List<Conflict> conflicts = new ArrayList<>();
        for (int i = 0; i < accepted.size(); i++) {
            Candidate event = accepted.get(i);
            int index = candidateOf.get(i);
            Candidate candidate = candidates.get(index);
            UsageEventStore.Stored stored = existing.get(index);
            if (stored == null && event == candidate) {
                continue;
            }
            if (stored == null) {
                stored = new UsageEventStore.Stored(
                        candidate.event(), candidate.event().costEstimateCents());
            }
            if (stored.event().sameContentAs(event.event())) {
                duplicates.add(event.event());
            } else {
                conflicts.add(new Conflict(event, index, stored));
            }
        }
        return new Repeated(duplicates, conflicts);
    }

    /**
     * The same batch with the given candidates turned into dead letters, because the database refuses them. Their duplicates and
     * conflicts are compared again.
     *
     * @param refused why, by the candidate's index
     */
    PreparedBatch refuse(Map<Integer, String> refused) {
        Map<Candidate, String> letters = new IdentityHashMap<>();
        refused.forEach((index, cause) -> letters.put(candidates.get(index), cause));
        List<DeadLetter> allLetters = new ArrayList<>(deadLetters);
        List<Candidate> kept = new ArrayList<>(accepted.size());
        for (Candidate candidate : accepted) {
            String cause = letters.get(candidate);
            if (cause != null) {
                allLetters.add(new DeadLetter(RejectReason.STORAGE_REJECTED, "SQLState " + cause, candidate.payload()));
            } else {
                kept.add(candidate);
            }
        }
        return of(kept, allLetters);
    }

    List<UsageEvent> events() {
        return candidates.stream().map(Candidate::event).toList();
    }
}
