package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackOffTest {

    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMillis(700);

    @ParameterizedTest
    @CsvSource({"-1, 100", "0, 100", "1, 100", "2, 200", "3, 400", "4, 700", "5, 700", "2147483647, 700"})
    void pausesDoubleUpToTheLongest(int failures, long ms) {
        assertThat(BackOff.after(failures, SHORTEST, LONGEST)).isEqualTo(Duration.ofMillis(ms));
    }

    @Test
    void aLongestPauseBelowTheShortestCounts() {
        assertThat(BackOff.after(1, LONGEST, SHORTEST)).isEqualTo(SHORTEST);
    }

    @Test
    void aPauseIsBetweenHalfAndTheWhole() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(BackOff.random(SHORTEST)).isBetween(SHORTEST.dividedBy(2), SHORTEST);
        }
    }

    @Test
    void aSuccessBeginsAgainWithTheShortest() throws InterruptedException {
        BackOff backOff = new BackOff(Duration.ofMillis(1), Duration.ofMillis(3));
        assertThat(backOff.next()).isEqualTo(Duration.ofMillis(1));
        backOff.pause();
        assertThat(backOff.next()).isEqualTo(Duration.ofMillis(2));
        backOff.pause();
        assertThat(backOff.next()).isEqualTo(Duration.ofMillis(3));
        backOff.reset();
        assertThat(backOff.next()).isEqualTo(Duration.ofMillis(1));
    }
}
