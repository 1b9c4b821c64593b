/**
 * Owns what is expected of an organisation's cost, from its own past: where a running day, week,
 * month, quarter or year will end, and which days and hours cost unusually much or little.
 *
 * <p>May touch: access, database, freshness, platform, series, usage, web.
 *
 * <p>Invariants: costs equal the usage API's; too little history is said, never guessed over;
 * amounts are decimals.
 *
 * <p>On failure: all faults of a query are reported at once; without PostgreSQL the answer is
 * unavailable, and the gauge keeps what the last round found.
 *
 * <p>Tables: owns spend_anomalies; reads usage_daily (rollup).
 */
package io.inference.analytics.forecast;
