package io.inference.analytics.bench;

import java.util.Arrays;

/** Times of many attempts, in milliseconds. */
record Latencies(double[] sortedMs) {

    Latencies {
        Arrays.sort(sortedMs);
    }

    /** Nearest rank. */
    double percentile(double share) {
        return sortedMs[(int) Math.max(0, Math.ceil(share * sortedMs.length) - 1)];
    }

    String text() {
        return "p50 %s, p95 %s, p99 %s ms"
                .formatted(
                        Figure.plain(percentile(0.5)), Figure.plain(percentile(0.95)), Figure.plain(percentile(0.99)));
    }
}
