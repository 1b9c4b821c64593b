/**
 * Error rates, latency percentiles and incidents.
 *
 * <p>Owns: the reliability endpoint, the spike rule, the export of an incident's raw events and its
 * summary. May touch: usage, access, freshness, series, database, web, platform.
 *
 * <p>Invariants: percentiles are those of the events themselves at any granularity, group and
 * range, never averages of percentiles. An export that breaks off shows as a broken connection,
 * never as a shorter file.
 *
 * <p>On failure: a query's faults are reported all at once; without PostgreSQL the answer is
 * unavailable.
 *
 * <p>Tables: reads usage_events (ingest), histograms_hourly,
 * histograms_local_parts (rollup), models, orgs (usage).
 */
package io.inference.analytics.reliability;
