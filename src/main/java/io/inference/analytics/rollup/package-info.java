/**
 * Keeps the rollups equal to the raw events.
 *
 * <p>Owns: refreshing what new and late batches touched, recomputing on request, partitions ahead,
 * closing days, days of time zones, retention. May touch: database, series, platform.
 *
 * <p>Invariants: one replica works at a time (advisory lock); a batch leaves the outbox only after
 * the rollups show all its events.
 *
 * <p>On failure: the batch stays in the outbox, and the next round of any replica handles it again;
 * freshness shows the lag.
 *
 * <p>Tables: owns histograms_hourly, histograms_local_parts, local_spans, usage_daily,
 * usage_daily_rollup, usage_hourly, usage_hourly_rollup, usage_local_days, usage_open_days,
 * usage_user_daily, usage_user_daily_rollup, usage_user_hourly, usage_user_hourly_rollup,
 * usage_user_local_days, usage_user_pending; changes ingest_gate, ingest_guard,
 * ingestion_batches, ingestion_conflicts, ingestion_repeats, ingestion_skipped_offsets,
 * rollup_outbox, usage_events (ingest), wanted_zones (usage).
 */
package io.inference.analytics.rollup;
