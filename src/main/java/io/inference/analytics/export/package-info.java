/**
 * Finance exports: files that add up, in an S3 bucket, behind signed URLs.
 *
 * <p>Owns: the export jobs, the worker that does them, the file formats, the monthly run,
 * expiry and the preferences of organisations.
 *
 * <p>May touch: usage, access, objectstore, series, database, web, platform.
 *
 * <p>Invariants: one process does a job to its end (a lease; every upload of an earlier holder is
 * aborted before the next one begins). A job succeeds only when the totals of the file's rows equal
 * an aggregate of the raw events, or of the allocated bills, in the same snapshot. A file has one kind
 * of money: billed or estimated. No log contains a signed URL.
 *
 * <p>On failure: a job waits and is tried again. A file store that is down or refuses costs no job.
 * The upkeep removes what a job without success left behind.
 *
 * <p>Tables: owns export_jobs, export_settings; changes ingest_guard (ingest); reads provider_model,
 * provider_model_alias, provider_org_costs, provider_org_mapping (attribution),
 * claude_cost_allocated, claude_usage_report, openai_costs, openai_usage_report, provider_api_key,
 * provider_import_day, provider_workspace (bills), ingestion_batches, rollup_outbox, usage_events
 * (ingest), usage_daily, usage_hourly (rollup), models, orgs (usage).
 */
package io.inference.analytics.export;
