/**
 * Usage and spend by time, model, client and status.
 *
 * <p>Owns: the endpoints of usage and of its breakdown, its query rules, buckets and the CSV form; the lists of organisations, models and clients. May
 * touch: access, freshness, platform. Invariants: money and tokens are exact from the rollups to the answer; totals are sums of
 * exact values; unpriced is never shown as free. On failure: all faults of a query are reported at once; without PostgreSQL the
 * answer is unavailable.
 *
 * <p>Tables: owns models, orgs; reads freshness_status (freshness), usage_events (ingest), usage_daily,
 * usage_hourly (rollup).
 */
package io.inference.analytics.usage;
