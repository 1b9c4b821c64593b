package io.inference.analytics.reliability;

import java.util.Map;
import java.util.TreeMap;

/**
 * Adds up invocations by status and latency, row by row. Not for use by several threads at once.
 */
final class Tally {

    static final String SUCCESS = "success";

    private final Map<String, Long> errorsByStatus = new TreeMap<>(Map.of("error", 0L, "timeout", 0L, "throttled", 0L));
    private final Histogram latency = new Histogram();
    private final Histogram timeToFirstToken = new Histogram();

    /**
     * Adds invocations of one status.
     *
     * @param latencyBins bag of packed bins, see {@link Histogram#addPacked}
     * @param timeToFirstTokenBins likewise, of those that reported it
     */
    void add(String status, byte[] latencyBins, byte[] timeToFirstTokenBins) {
        // Every event has a latency, so the histogram counts the invocations.
        long invocations = latency.addPacked(latencyBins);
        timeToFirstToken.addPacked(timeToFirstTokenBins);
        if (!status.equals(SUCCESS)) {
            errorsByStatus.merge(status, invocations, Long::sum);
        }
    }

    void add(Tally other) {
        latency.add(other.latency);
        timeToFirstToken.add(other.timeToFirstToken);
        other.errorsByStatus.forEach((status, count) -> errorsByStatus.merge(status, count, Long::sum));
    }

    Stats stats() {
        return new Stats(
                latency.total(), Map.copyOf(errorsByStatus), Percentiles.of(latency), Percentiles.of(timeToFirstToken));
    }
}
