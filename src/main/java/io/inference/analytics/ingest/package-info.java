/**
 * Owns the way of a usage event from the broker into the database: transports, the bounded buffer, the batch writer, duplicates,
 * conflicts and whose they are, dead letters, {@code ingestion_batches}, and the position in the stream, of all lanes and of each (ADR 17).
 *
 * <p>May touch: event, database, settings, platform, and access and web for its one endpoint. The SQL of a batch is plain JDBC, because
 * it is a measured hot path; all other SQL goes through JDBI.
 *
 * <p>Invariants: nothing is acknowledged and no offset stored before its outcome is committed; received = stored + duplicates +
 * conflicts + dead letters in every batch; an organisation has one lane; committed offset ranges never overlap; nothing is read of a stream that is not the
 * one read before.
 *
 * <p>On failure: the batch is tried again with capped back-off, and the broker keeps what we have not taken. What can never be
 * stored becomes a dead letter after a bounded number of attempts, so that nothing waits behind it. Dead letters are committed
 * with their batch and published afterwards, so that a queue which does not take them delays nothing.
 *
 * <p>Tables: owns conservation_checks, ingest_gate, ingest_guard, ingest_stage, ingestion_batches,
 * ingestion_conflicts, ingestion_dead_letters, ingestion_lanes, ingestion_observations,
 * ingestion_positions, ingestion_repeats, ingestion_skipped_offsets,
 * ingestion_stream_observations, rollup_outbox, usage_events;
 * changes local_spans, usage_daily_rollup, usage_hourly_rollup, usage_user_daily_rollup,
 * usage_user_hourly_rollup, usage_user_pending (rollup); reads model_prices (price), usage_hourly,
 * usage_open_days (rollup).
 */
package io.inference.analytics.ingest;
