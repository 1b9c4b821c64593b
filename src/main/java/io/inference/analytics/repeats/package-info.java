/**
 * Owns what is shown of duplicates and conflicts: whose they are, what the figures would be with the refused versions, and how many
 * clients have too many.
 *
 * <p>May touch: access, database, platform, series, usage, web.
 *
 * <p>Invariants: counts and tokens are exact; a cost that is not known on both sides is in no difference, and is counted as
 * unpriced.
 *
 * <p>On failure: all faults of a query are reported at once; without PostgreSQL the answer is unavailable, and the gauge keeps what
 * the last round found.
 *
 * <p>Tables: reads ingestion_batches, ingestion_repeats (ingest), usage_hourly (rollup).
 */
package io.inference.analytics.repeats;
