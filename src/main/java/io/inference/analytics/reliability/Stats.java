package io.inference.analytics.reliability;

import java.util.Map;
import java.util.Optional;

/**
 * How some invocations went.
 *
 * @param invocations how many ended
 * @param errorsByStatus how many of them ended in each status but success; all statuses are there
 * @param latencyMs how long they took; empty when there are none
 * @param timeToFirstTokenMs how long they took to begin; empty when none told
 */
public record Stats(
        long invocations,
        Map<String, Long> errorsByStatus,
        Optional<Percentiles> latencyMs,
        Optional<Percentiles> timeToFirstTokenMs) {

    /** Those that did not end in success. */
    long errors() {
        return errorsByStatus.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Errors by invocation, not rounded; 0 when there are no invocations. */
    double errorRate() {
        return invocations == 0 ? 0 : (double) errors() / invocations;
    }
}
