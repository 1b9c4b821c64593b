package io.inference.analytics.freshness;

import static java.util.stream.Collectors.groupingBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the ingest still has to store, as the replicas see it.
 *
 * @param lagSeconds age of the oldest message at the broker that is not committed, 0 when there is
 *     none; empty when unknown
 * @param backlogEvents messages that wait at the broker; empty when unknown
 * @param lastCommittedAt when a batch was committed last; empty before the first one
 */
public record IngestState(OptionalLong lagSeconds, OptionalLong backlogEvents, Optional<Instant> lastCommittedAt) {

    /** An older observation says nothing about the present. */
    static final Duration OBSERVATION_AGE_MAX = Duration.ofSeconds(60);

    /**
     * What one replica saw.
     *
     * @param stream of what: stream, queue, or stream-N for a partition
     * @param reads whether it reads it
     * @param observedAt when it looked
     * @param brokerReachableAt when the broker answered last; empty if never
     * @param oldestUncommittedAt arrival of the oldest uncommitted message; empty when all are
     *     committed
     * @param backlogEvents messages that wait
     */
    public record Observation(
            String stream,
            boolean reads,
            Instant observedAt,
            Optional<Instant> brokerReachableAt,
            Optional<Instant> oldestUncommittedAt,
            long backlogEvents) {

        private boolean isRecent(Instant now) {
            return !observedAt.isBefore(now.minus(OBSERVATION_AGE_MAX));
        }

        boolean counts(Instant now) {
            Instant oldest = now.minus(OBSERVATION_AGE_MAX);
            return reads
                    && isRecent(now)
                    && brokerReachableAt.filter(at -> !at.isBefore(oldest)).isPresent();
        }
    }

    /**
     * Joins what the replicas saw. Of those that share a stream or queue, the worst observation is
     * the true one. Of several streams each needs a reader, and their backlogs add up.
     */
    static IngestState of(List<Observation> observations, Optional<Instant> lastCommittedAt, Instant now) {
        Map<String, List<Observation>> streams =
                observations.stream().filter(seen -> seen.isRecent(now)).collect(groupingBy(Observation::stream));
        boolean known = !streams.isEmpty()
                && streams.values().stream().allMatch(seen -> seen.stream().anyMatch(one -> one.counts(now)));
        if (!known) {
            return new IngestState(OptionalLong.empty(), OptionalLong.empty(), lastCommittedAt);
        }
        long lagSeconds = observations.stream()
                .filter(seen -> seen.counts(now))
                .flatMap(seen -> seen.oldestUncommittedAt().stream())
                .mapToLong(oldest -> secondsBetween(oldest, now))
                .max()
                .orElse(0);
        return new IngestState(
                OptionalLong.of(lagSeconds),
                OptionalLong.of(streams.values().stream()
                        .mapToLong(seen -> worstBacklog(seen, now))
                        .sum()),
                lastCommittedAt);
    }

    private static long worstBacklog(List<Observation> seen, Instant now) {
        return seen.stream()
                .filter(one -> one.counts(now))
                .mapToLong(Observation::backlogEvents)
                .max()
                .orElse(0);
    }

    /** Whole seconds; 0 if the clocks of two machines disagree about the order. */
    static long secondsBetween(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toSeconds());
    }
}
