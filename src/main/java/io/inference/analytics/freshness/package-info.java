/**
 * How far the figures are behind the present.
 *
 * <p>Owns: the rule from lag to status, and the answer about freshness. May touch: access,
 * database, web, platform.
 *
 * <p>Invariants: PostgreSQL is the only source. A stuck ingest shows; a quiet organisation that has
 * caught up is fresh; what is not known is reported as unknown.
 *
 * <p>On failure: the request ends as unavailable, never with a guess.
 *
 * <p>Tables: owns freshness_status; reads ingestion_lanes, ingestion_observations,
 * ingestion_positions, ingestion_stream_observations, rollup_outbox (ingest).
 */
package io.inference.analytics.freshness;
