/**
 * Owns the providers' bills: import runs, the ledger of imported days, one base table per data set,
 * the figures derived from them by day, validation, and the daily job.
 *
 * <p>May touch: database, provider, platform.
 *
 * <p>Invariants: a day of a data set is replaced as a whole in one transaction or stays as it was;
 * each dollar is in one base table; an estimate is never added to a bill.
 *
 * <p>On failure: the ledger says which day of which data set failed and why; the other days and
 * data sets are still imported.
 *
 * <p>Tables: owns api_usage_expenses, claude_ai_event, claude_code_estimate,
 * claude_code_productivity, claude_cost_allocated, claude_costs, claude_expenses,
 * claude_usage_keys, claude_usage_report, cursor_daily_cost, cursor_daily_usage,
 * cursor_spend_check, cursor_spend_snapshot, cursor_usage_event, fact_claude_daily_usage,
 * fact_cursor_daily_usage, openai_costs, openai_expenses, openai_usage_report, provider_api_key,
 * provider_attribution_change, provider_correction, provider_daily_slot, provider_day_revision,
 * provider_import_day, provider_import_run, provider_raw_page, provider_released_day,
 * provider_restatement, provider_rule, provider_token_bills, provider_user, provider_validation,
 * provider_workspace, vw_combined_daily_costs, vw_reported_daily_costs; reads api_key_mapping,
 * manual_cost_entry, provider_model, provider_person, provider_unmapped, workspace_platform
 * (attribution), model_prices (price), models (usage).
 */
package io.inference.analytics.bills;
