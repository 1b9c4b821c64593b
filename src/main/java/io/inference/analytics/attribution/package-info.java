/**
 * Owns the attribution of bills: mappings of workspaces, keys and organisations, people and teams,
 * seats and invoices.
 *
 * <p>May touch: bills, provider, platform.
 *
 * <p>Invariants: a change of a mapping and the days that it changes are one transaction; nothing is
 * attributed without an entry that says so.
 *
 * <p>Tables: owns api_key_mapping, cursor_monthly_invoice, cursor_monthly_invoices,
 * manual_cost_entry, provider_model, provider_model_alias, provider_org_costs,
 * provider_org_mapping, provider_person, provider_unmapped, workspace_platform, workspace_report;
 * reads claude_code_productivity, claude_cost_allocated, claude_usage_report,
 * fact_claude_daily_usage, openai_costs, openai_expenses, openai_usage_report, provider_api_key,
 * provider_import_day, provider_user, vw_combined_daily_costs (bills), models (usage).
 */
package io.inference.analytics.attribution;
