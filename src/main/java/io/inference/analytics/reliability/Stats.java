package io.inference.analytics.reliability;

import java.util.Map;
import java.util.Optional;

/**
 * The outcome of a set of invocations.
 *
 * @param invocations how many ended
 * @param errorsByStatus how many of them ended in each status other than success; every status has
 *     an entry
 * @param latencyMs how long they took; empty when there are none
 * @param timeToFirstTokenMs how long until their first token; empty when none reported it
 */
public record Stats(
        long invocations,
        Map<String, Long> errorsByStatus,
        Optional<Percentiles> latencyMs,
        Optional<Percentiles> timeToFirstTokenMs) {

    /** How many did not end in success. */
    long errors() {
        return errorsByStatus.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Errors per invocation, not rounded; 0 when there are no invocations. */
    double errorRate() {
        return invocations == 0 ? 0 : (double) errors() / invocations;
    }
}
