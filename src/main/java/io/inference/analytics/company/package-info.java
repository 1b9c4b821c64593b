/**
 * Owns the reports of the whole company: costs and productivity by provider, and the reconciliation
 * of bills with estimates.
 *
 * <p>May touch: access, database, platform, series, web.
 *
 * <p>Invariants: totals are sums of exact values; the parts of a reconciliation add up to its
 * difference; it writes nothing.
 *
 * <p>Tables: reads provider_model (attribution), claude_costs, fact_claude_daily_usage,
 * fact_cursor_daily_usage, provider_import_day, vw_combined_daily_costs, vw_reported_daily_costs
 * (bills), usage_daily (rollup), models (usage).
 */
package io.inference.analytics.company;
