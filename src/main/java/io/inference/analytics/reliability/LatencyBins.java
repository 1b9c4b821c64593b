package io.inference.analytics.reliability;

/**
 * The logarithmic bins of latencies, as the database function {@code latency_bin} numbers them (DDSketch: Masson, Rim, Lee, VLDB
 * 2019). Bin 0 holds 0 ms; bin b &gt; 0 holds the whole milliseconds of (γ^(b−2), γ^(b−1)] with γ = 1.04.
 */
final class LatencyBins {

    static final double GAMMA = 1.04;

    private LatencyBins() {}

    /**
     * What a bin is reported as, in milliseconds with two decimals. It lies between the smallest value a and the greatest value
     * z that the bin can hold, at 2az/(a+z), where the relative error is the same to both sides: at most (γ−1)/(γ+1) = 1.96 %.
     * Bins of one whole number, as all below 25 ms are, are exact.
     */
    static double millis(int bin) {
        if (bin <= 0) {
            return 0;
        }
        double smallest = Math.floor(Math.pow(GAMMA, bin - 2)) + 1;
        double greatest = Math.floor(Math.pow(GAMMA, bin - 1));
        if (greatest < smallest) {
            // Holds no whole number, so nothing is ever counted here.
            greatest = smallest;
        }
        return Math.round(200 * smallest * greatest / (smallest + greatest)) / 100.0;
    }
}
