/**
 * Owns the questions that usage, reliability and exports share: ranges, buckets in a time zone, granularities, groups.
 *
 * <p>May touch: platform, and web for the parameters of a request.
 *
 * <p>Invariants: ranges are half-open; the edges of buckets come from {@code java.time}, which knows the rules of the zones.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.series;
