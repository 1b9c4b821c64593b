package io.inference.analytics.freshness;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the ingest still has to store, as the reading replicas see it.
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
     * What one reading replica saw.
     *
     * @param observedAt when it looked
     * @param brokerReachableAt when the broker answered last; empty if never
     * @param oldestUncommittedAt arrival of the oldest uncommitted message; empty when all are
     *     committed
     * @param backlogEvents messages that wait
     */
    public record Observation(
            Instant observedAt,
            Optional<Instant> brokerReachableAt,
            Optional<Instant> oldestUncommittedAt,
            long backlogEvents) {

        boolean counts(Instant now) {
            Instant oldest = now.minus(OBSERVATION_AGE_MAX);
            return !observedAt.isBefore(oldest)
                    && brokerReachableAt.filter(at -> !at.isBefore(oldest)).isPresent();
        }
    }

    /**
     * Joins what the reading replicas saw. They share one stream or queue, so the worst observation
     * is the true one.
     */
    static IngestState of(List<Observation> observations, Optional<Instant> lastCommittedAt, Instant now) {
        List<Observation> recent =
                observations.stream().filter(seen -> seen.counts(now)).toList();
        if (recent.isEmpty()) {
            return new IngestState(OptionalLong.empty(), OptionalLong.empty(), lastCommittedAt);
        }
        long lagSeconds = recent.stream()
                .flatMap(seen -> seen.oldestUncommittedAt().stream())
                .mapToLong(oldest -> secondsBetween(oldest, now))
                .max()
                .orElse(0);
        return new IngestState(
                OptionalLong.of(lagSeconds),
                recent.stream().mapToLong(Observation::backlogEvents).max(),
                lastCommittedAt);
    }

    /** Whole seconds; 0 if the clocks of two machines disagree about the order. */
    static long secondsBetween(Instant from, Instant to) {
        return Math.max(0, Duration.between(from, to).toSeconds());
    }
}
