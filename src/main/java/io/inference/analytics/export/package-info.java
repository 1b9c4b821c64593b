/**
 * Finance exports: files that add up, in an S3 bucket, behind signed URLs.
 *
 * <p>Owns: the export jobs, the worker that does them, the two file formats, the monthly run,
 * expiry and the preferences of organisations.
 *
 * <p>May touch: usage, access, objectstore, series, database, web, platform.
 *
 * <p>Invariants: one process does a job to its end (a lease; every upload of an earlier holder is
 * aborted before the next one begins). A job succeeds only when the totals of the file's rows equal
 * an aggregate of the raw events in the same snapshot. No log contains a signed URL.
 *
 * <p>On failure: a job waits and is tried again. A file store that is down or refuses costs no job.
 * The upkeep removes what a job without success left behind.
 *
 * <p>Tables: owns export_jobs, export_settings; reads provider_model, provider_org_costs,
 * provider_org_mapping (attribution), ingestion_batches, rollup_outbox, usage_events (ingest),
 * usage_daily, usage_hourly (rollup), models, orgs (usage).
 */
package io.inference.analytics.export;
