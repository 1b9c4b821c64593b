/**
 * Finance exports: files that add up, in an S3 bucket, behind signed addresses.
 *
 * <p>Owns: the export jobs, the worker that does them, the two file formats, the bucket (the only import of S3), the monthly run,
 * expiry and the wishes of organisations. May touch: usage, access, audit, platform. Invariants: a job is done to its end by one
 * process (a lease; every upload of an earlier holder is aborted before the next one begins); a job succeeds only when the totals
 * of the rows in the file equal an aggregate of the raw events in the same snapshot; a signed address stands in no log. On
 * failure: a job waits and is tried again; a file store that is down or refuses costs no job; what a job that did not succeed
 * left behind is removed by the upkeep.
 *
 * <p>Tables: owns export_jobs, export_settings; reads provider_model, provider_org_costs,
 * provider_org_mapping (attribution), ingestion_batches, rollup_outbox, usage_events (ingest),
 * usage_daily, usage_hourly (rollup), models, orgs (usage).
 */
package io.inference.analytics.export;
