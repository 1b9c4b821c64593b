/**
 * Owns the forecast: what an organisation's running day, week, month, quarter or year will have
 * cost at its end, from its own past days.
 *
 * <p>May touch: access, database, freshness, platform, series, usage, web.
 *
 * <p>Invariants: what is spent equals the usage API's cost; too little history is said, never
 * guessed over; amounts are decimals; it writes nothing.
 *
 * <p>On failure: all faults of a query are reported at once; without PostgreSQL the answer is
 * unavailable.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.forecast;
