package io.inference.analytics.reliability;

/**
 * The logarithmic bins of latencies, as the database function {@code latency_bin} numbers them
 * (DDSketch: Masson, Rim, Lee, VLDB 2019). Bin 0 holds 0 ms; bin b &gt; 0 holds the whole
 * milliseconds of (γ^(b−2), γ^(b−1)] with γ = 1.04.
 */
final class LatencyBins {

    static final double GAMMA = 1.04;

    private LatencyBins() {}

    /**
     * The value reported for a bin, in milliseconds with two decimals: 2az/(a+z), where a is the
     * smallest and z the greatest value that the bin can hold. There the relative error is the same
     * on both sides, at most (γ−1)/(γ+1) = 1.96 %. A bin that holds one whole number, as each below
     * 25 ms does, is exact.
     */
    static double millis(int bin) {
        if (bin <= 0) {
            return 0;
        }
        double smallest = Math.floor(Math.pow(GAMMA, bin - 2)) + 1;
        double greatest = Math.floor(Math.pow(GAMMA, bin - 1));
        if (greatest < smallest) {
            // The bin holds no whole number, so no event is ever counted in it.
            greatest = smallest;
        }
        return Math.round(200 * smallest * greatest / (smallest + greatest)) / 100.0;
    }
}
