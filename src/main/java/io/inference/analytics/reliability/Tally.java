package io.inference.analytics.reliability;

import java.util.Map;
import java.util.TreeMap;

/**
 * Adds up invocations by status and latency, row by row. Not for use by several threads at once.
 */
final class Tally {

    static final String SUCCESS = "success";

    private static final Map<String, Long> NO_ERRORS = Map.of("error", 0L, "timeout", 0L, "throttled", 0L);

    /** Empty until there is one: most groups of a large answer have none. */
    private Map<String, Long> errorsByStatus = Map.of();

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
            addErrors(status, invocations);
        }
    }

    private void addErrors(String status, long count) {
        if (errorsByStatus.isEmpty()) {
            errorsByStatus = new TreeMap<>(NO_ERRORS);
        }
        errorsByStatus.merge(status, count, Long::sum);
    }

    /** How many numbers its histograms hold. */
    int size() {
        return latency.size() + timeToFirstToken.size();
    }

    void add(Tally other) {
        latency.add(other.latency);
        timeToFirstToken.add(other.timeToFirstToken);
        other.errorsByStatus.forEach(this::addErrors);
    }

    Stats stats() {
        return new Stats(
                latency.total(),
                errorsByStatus.isEmpty() ? NO_ERRORS : Map.copyOf(errorsByStatus),
                Percentiles.of(latency),
                Percentiles.of(timeToFirstToken));
    }
}
