package io.inference.analytics.reliability;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Counts by latency bin. A few bins are kept as a list, because an answer may hold a histogram for each of 100,000 groups, most of
 * which have few events; more bins are kept as an array, which is added to faster. Histograms merge by addition, in any order. Not for use by several threads
 * at once.
 */
final class Histogram {

    /** The lower 12 bits of a packed entry are its bin, the rest is the count. */
    private static final int BIN_BITS = 12;

    private static final int BIN_MASK = (1 << BIN_BITS) - 1;

    /** The bins of latencies up to a minute; more are added when needed. */
    private static final int USUAL_BINS = 284;

    /** More bins than this take an array. */
    private static final int LISTED_MAX = 32;

    private static final long[] NONE = new long[0];

    /** Packed entries in no order, as in a bag, each bin once; null once there is the array. */
    private long[] listed = NONE;

    private int listedCount;
    private long[] counts = NONE;
    private long total;

    /** Adds events to a bin. */
    void add(int bin, long count) {
        total += count;
        if (listed == null) {
            count(bin, count);
            return;
        }
        for (int i = 0; i < listedCount; i++) {
            if ((int) (listed[i] & BIN_MASK) == bin) {
                listed[i] += count << BIN_BITS;
                return;
            }
        }
        if (listedCount == LISTED_MAX) {
            count();
            count(bin, count);
            return;
        }
        if (listedCount == listed.length) {
            listed = Arrays.copyOf(listed, Math.max(2, listedCount * 2));
        }
        listed[listedCount++] = count << BIN_BITS | bin;
    }

    /** From the list to the array. */
    private void count() {
        counts = new long[USUAL_BINS];
        long[] entries = listed;
        listed = null;
        for (int i = 0; i < listedCount; i++) {
            count((int) (entries[i] & BIN_MASK), entries[i] >>> BIN_BITS);
        }
    }

    private void count(int bin, long count) {
        if (bin >= counts.length) {
            counts = Arrays.copyOf(counts, Math.max(bin + 1, counts.length * 2));
        }
        counts[bin] += count;
    }

    /** How many numbers it holds. */
    int size() {
        return listed == null ? counts.length : listed.length;
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
        if (other.listed != null) {
            for (int i = 0; i < other.listedCount; i++) {
                add((int) (other.listed[i] & BIN_MASK), other.listed[i] >>> BIN_BITS);
            }
            return;
        }
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
        if (listed != null) {
            return LatencyBins.millis(listedAt(rank));
        }
        long seen = 0;
        for (int bin = 0; bin < counts.length; bin++) {
            seen += counts[bin];
            if (seen >= rank) {
                return LatencyBins.millis(bin);
            }
        }
        throw new IllegalStateException("counts do not add up to their total");
    }

    private int listedAt(long rank) {
        long[] byBin = new long[listedCount];
        for (int i = 0; i < listedCount; i++) {
            // The bin first, so that sorting is by bin.
            byBin[i] = (listed[i] & BIN_MASK) << Integer.SIZE | i;
        }
        Arrays.sort(byBin);
        long seen = 0;
        for (long entry : byBin) {
            seen += listed[(int) entry] >>> BIN_BITS;
            if (seen >= rank) {
                return (int) (entry >>> Integer.SIZE);
            }
        }
        throw new IllegalStateException("counts do not add up to their total");
    }
}
