package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class JobsEndTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final JobsEnd jobs = new JobsEnd();

    @Test
    void waitsForTheRoundsAtWork() throws Exception {
        jobs.begin();
        jobs.begin();
        CompletableFuture<Integer> left = CompletableFuture.supplyAsync(() -> awaitEnds(LONG));
        jobs.end();
        assertThat(left).isNotDone();
        jobs.end();
        assertThat(left.get()).isZero();
    }

    @Test
    void givesUpARoundThatDoesNotEnd() throws Exception {
        jobs.begin();
        assertThat(jobs.awaitEnds(Duration.ofMillis(20))).isEqualTo(1);
    }

    @Test
    void waitsForNothingWhenNoneIsAtWork() throws Exception {
        assertThat(jobs.awaitEnds(LONG)).isZero();
    }

    private int awaitEnds(Duration patience) {
        try {
            return jobs.awaitEnds(patience);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
