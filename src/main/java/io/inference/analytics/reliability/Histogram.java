package io.inference.analytics.reliability;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Counts by latency bin. Histograms merge by addition, in any order. Not for use by several threads
 * at once.
 */
final class Histogram {

    /** The lower 12 bits of a packed entry are its bin, the rest is the count. */
    private static final int BIN_BITS = 12;

    private static final int BIN_MASK = (1 << BIN_BITS) - 1;

    /** The bins of latencies up to a minute; more are added when needed. */
    private static final int USUAL_BINS = 284;

    private long[] counts = new long[USUAL_BINS];
    private long total;

    /** Adds events to a bin. */
    void add(int bin, long count) {
        if (bin >= counts.length) {
            counts = Arrays.copyOf(counts, Math.max(bin + 1, counts.length * 2));
        }
        counts[bin] += count;
        total += count;
    }

    /**
     * Adds a bag of packed entries.
     *
     * @param bag 8 bytes per entry, most significant byte first
     * @return how many events it holds
     */
    long addPacked(byte[] bag) {
        ByteBuffer entries = ByteBuffer.wrap(bag);
        long before = total;
        while (entries.hasRemaining()) {
            long packed = entries.getLong();
            add((int) packed & BIN_MASK, packed >>> BIN_BITS);
        }
        return total - before;
    }

    /** Adds every count of another histogram. */
    void add(Histogram other) {
        for (int bin = 0; bin < other.counts.length; bin++) {
            if (other.counts[bin] != 0) {
                add(bin, other.counts[bin]);
            }
        }
    }

    /** How many events are counted. */
    long total() {
        return total;
    }

    /**
     * A percentile by nearest rank: the value of the event at rank ceil(percent/100 * total), in
     * milliseconds.
     *
     * @param percent 1 to 100
     * @throws IllegalStateException when nothing is counted
     */
    double percentile(int percent) {
        if (total == 0) {
            throw new IllegalStateException("percentile of nothing");
        }
        // ceil(percent * total / 100) without overflow.
        long rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
        long seen = 0;
        for (int bin = 0; bin < counts.length; bin++) {
            seen += counts[bin];
            if (seen >= rank) {
                return LatencyBins.millis(bin);
            }
        }
        throw new IllegalStateException("counts do not add up to their total");
    }
}
