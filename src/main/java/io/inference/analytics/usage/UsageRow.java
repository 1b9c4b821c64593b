package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesGroup;

/**
 * One point before it is dressed for the wire.
 *
 * @param bucket index into the query's buckets
 * @param group what it is about
 * @param sums the figures
 */
public record UsageRow(int bucket, SeriesGroup group, UsageSums sums) {}
