/**
 * Usage and spend by time, model, client, user and status.
 *
 * <p>Owns: the endpoints of usage, of one organisation or all, and of its breakdown, its query rules, buckets and the CSV form; the lists of organisations, models, clients and users, and their names. May
 * touch: access, freshness, platform. Invariants: money and tokens are exact from the rollups to the answer; totals are sums of
 * exact values; unpriced is never shown as free. On failure: all faults of a query are reported at once; without PostgreSQL the
 * answer is unavailable.
 *
 * <p>Tables: owns models, orgs, user_privacy, users, wanted_zones; reads freshness_status (freshness), usage_events (ingest), local_spans,
 * usage_daily, usage_hourly, usage_local_days, usage_user_daily, usage_user_hourly,
 * usage_user_local_days (rollup).
 */
package io.inference.analytics.usage;
