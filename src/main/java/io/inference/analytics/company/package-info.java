/**
 * Owns the reports of the whole company: costs and productivity by provider, the reconciliation of
 * bills with estimates, which days are imported, and what is not mapped.
 *
 * <p>May touch: access, attribution, bills, database, platform, provider, series, web.
 *
 * <p>Invariants: totals are sums of exact values; the parts of a reconciliation add up to its
 * difference; it writes nothing.
 *
 * <p>Tables: reads provider_model, provider_model_alias (attribution), claude_costs,
 * fact_claude_daily_usage, fact_cursor_daily_usage, openai_costs, openai_usage_report,
 * provider_import_day, provider_restatement, vw_combined_daily_costs, vw_reported_daily_costs
 * (bills), model_prices (price), usage_daily (rollup), models (usage).
 */
package io.inference.analytics.company;
