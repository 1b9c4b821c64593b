package io.inference.analytics.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.reliability.SpikeRule.Cause;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpikeRuleTest {

    /** The numbers of the documentation. */
    private final SpikeRule rule = new SpikeRule(new ReliabilityConfig.Spike() {
        @Override
        public long invocationsMin() {
            return 20;
        }

        @Override
        public long errorsMin() {
            return 3;
        }

        @Override
        public double errorRateFactor() {
            return 3;
        }

        @Override
        public double errorRateMin() {
            return 0.01;
        }

        @Override
        public double p95Factor() {
            return 2;
        }
    });

    private static Stats stats(long invocations, long errors, double p95) {
        return new Stats(
                invocations,
                Map.of("error", errors, "timeout", 0L, "throttled", 0L),
                invocations == 0 ? Optional.empty() : Optional.of(new Percentiles(1, p95, p95)),
                Optional.empty());
    }

    @Test
    void threeTimesTheErrorRateIsASpike() {
        assertThat(rule.causes(stats(100, 15, 100), stats(100, 5, 100))).containsExactly(Cause.ERROR_RATE);
        assertThat(rule.causes(stats(100, 14, 100), stats(100, 5, 100))).isEmpty();
        assertThat(rule.causes(stats(100, 3, 100), stats(100, 0, 100))).containsExactly(Cause.ERROR_RATE);
    }

    @Test
    void twiceTheP95IsASpike() {
        assertThat(rule.causes(stats(100, 0, 200), stats(100, 0, 100))).containsExactly(Cause.P95);
        assertThat(rule.causes(stats(100, 0, 199), stats(100, 0, 100))).isEmpty();
        assertThat(rule.causes(stats(100, 0, 1), stats(100, 0, 0))).isEmpty();
        assertThat(rule.causes(stats(100, 90, 900), stats(100, 0, 100))).isEqualTo(Set.of(Cause.ERROR_RATE, Cause.P95));
    }

    @Test
    void littleTrafficSaysNothing() {
        assertThat(rule.causes(stats(19, 19, 900), stats(100, 0, 100))).isEmpty();
        assertThat(rule.causes(stats(100, 90, 900), stats(19, 0, 100))).isEmpty();
        assertThat(rule.causes(stats(100, 90, 900), stats(0, 0, 0))).isEmpty();
    }

    @Test
    void aHandfulOfErrorsAfterNoneIsNoSpike() {
        assertThat(rule.causes(stats(20, 2, 100), stats(20, 0, 100))).isEmpty();
        assertThat(rule.causes(stats(1_000, 9, 100), stats(1_000, 0, 100))).isEmpty();
    }
}
