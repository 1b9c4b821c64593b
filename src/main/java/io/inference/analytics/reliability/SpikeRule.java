package io.inference.analytics.reliability;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether a period is much worse than the one before it: its error rate at least 3 times,
 * or its p95 latency at least twice as high. Both periods must have enough traffic, and a handful
 * of errors after none does not count; the numbers are settings ({@link ReliabilityConfig.Spike}).
 */
@ApplicationScoped
class SpikeRule {

    /** What is much worse. */
    public enum Cause {
        ERROR_RATE("errorRate"),
        P95("p95");

        private final String wireName;

        Cause(String wireName) {
            this.wireName = wireName;
        }

        @JsonValue
        public String wireName() {
            return wireName;
        }
    }

    private final ReliabilityConfig.Spike config;

    @Inject
    SpikeRule(ReliabilityConfig config) {
        this(config.spike());
    }

    SpikeRule(ReliabilityConfig.Spike config) {
        this.config = config;
    }

    /** What is much worse now than before; empty when nothing is. */
    Set<Cause> causes(Stats now, Stats before) {
        Set<Cause> causes = EnumSet.noneOf(Cause.class);
        if (now.invocations() < config.invocationsMin() || before.invocations() < config.invocationsMin()) {
            return causes;
        }
        if (now.errors() >= config.errorsMin()
                && now.errorRate() >= config.errorRateMin()
                && timesAsOften(now, before)) {
            causes.add(Cause.ERROR_RATE);
        }
        Optional<Double> p95 = now.latencyMs().map(Percentiles::p95);
        Optional<Double> p95Before = before.latencyMs().map(Percentiles::p95);
        // After an hour with a latency of 0 ms, any latency would be infinitely worse; it counts as
        // 1 ms.
        if (p95.isPresent()
                && p95Before.isPresent()
                && p95.get() >= config.p95Factor() * Math.max(1, p95Before.get())) {
            causes.add(Cause.P95);
        }
        return causes;
    }

    /** Compares counts, not rates: in floating point, 0.15 is less than 3 times 0.05. */
    private boolean timesAsOften(Stats now, Stats before) {
        return (double) now.errors() * before.invocations()
                >= config.errorRateFactor() * before.errors() * now.invocations();
    }
}
