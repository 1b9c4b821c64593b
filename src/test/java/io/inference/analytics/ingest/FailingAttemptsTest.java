package io.inference.analytics.ingest;

import static io.inference.analytics.ingest.FailingAttempts.LIMIT;
import static io.inference.analytics.ingest.FailingAttempts.MEMORY;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FailingAttemptsTest {

    private static final Instant START = Instant.parse("2026-03-15T12:00:00Z");

    private final FailingAttempts attempts = new FailingAttempts();

    private void failEverySecondUntil(Duration end) {
        for (long second = 0; second <= end.toSeconds(); second++) {
            attempts.failed(START.plusSeconds(second));
        }
    }

    @Test
    void theFirstFailureCountsOnceTheLimitIsOver() {
        assertThat(attempts.stuckSince(START)).isEmpty();
        failEverySecondUntil(LIMIT);
        assertThat(attempts.stuckSince(START.plus(LIMIT))).isEmpty();
        failEverySecondUntil(LIMIT.plusSeconds(1));
        assertThat(attempts.stuckSince(START.plus(LIMIT).plusSeconds(1))).contains(START);
    }

    @Test
    void aCommitEndsIt() {
        failEverySecondUntil(LIMIT.multipliedBy(2));
        attempts.committed();
        assertThat(attempts.stuckSince(START.plus(LIMIT.multipliedBy(2)))).isEmpty();
        Instant again = START.plus(LIMIT.multipliedBy(2)).plusSeconds(1);
        attempts.failed(again);
        attempts.failed(again.plus(LIMIT));
        assertThat(attempts.stuckSince(again.plus(LIMIT).plusSeconds(1))).contains(again);
    }

    @Test
    void aReplicaThatFailsNoLongerIsNotStuck() {
        failEverySecondUntil(LIMIT.multipliedBy(2));
        Instant later = START.plus(LIMIT.multipliedBy(2)).plus(MEMORY).plusSeconds(1);
        assertThat(attempts.stuckSince(later)).isEmpty();
        attempts.failed(later);
        assertThat(attempts.stuckSince(later.plusSeconds(1))).isEmpty();
    }
}
