package io.inference.analytics.reliability;

import io.inference.analytics.series.SeriesGroup;
import java.util.Set;

/**
 * One point, independent of the wire format.
 *
 * @param bucket index into the query's buckets
 * @param group what it is about
 * @param stats the figures
 * @param spikes what is much worse than in the hour before; empty when nothing is
 */
record ReliabilityRow(int bucket, SeriesGroup group, Stats stats, Set<SpikeRule.Cause> spikes) {}
