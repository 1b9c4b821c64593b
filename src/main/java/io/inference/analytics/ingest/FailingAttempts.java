package io.inference.analytics.ingest;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Since when this process fails to store anything: attempts fail, and no batch has been committed after the first of them.
 *
 * <p>When the last failure is older than {@link #MEMORY}, it no longer counts. So a replica that has nothing left to store,
 * because another one reads, recovers by itself.
 */
final class FailingAttempts {

    /** Long enough for a failover of the database; an attempt against a hanging one ends after at most 90 s. */
    static final Duration LIMIT = Duration.ofMinutes(2);

    static final Duration MEMORY = Duration.ofMinutes(5);

    private Instant firstAt;
    private Instant lastAt;

    synchronized void failed(Instant at) {
        if (firstAt == null || isOver(at)) {
            firstAt = at;
        }
        lastAt = at;
    }

    synchronized void committed() {
        firstAt = null;
    }

    /** When the first attempt failed; empty unless attempts fail, and nothing has been committed, for longer than the limit. */
    synchronized Optional<Instant> stuckSince(Instant now) {
        return firstAt == null || isOver(now) || !firstAt.isBefore(now.minus(LIMIT))
                ? Optional.empty()
                : Optional.of(firstAt);
    }

    private boolean isOver(Instant now) {
        return lastAt.isBefore(now.minus(MEMORY));
    }
}
