-- Descriptions of the tables, views and columns that SQL users may rely on; docs/tables.md is
-- generated from them. A relation without a description is internal and may change at any time.


-- Usage

comment on table analytics.usage_events is
    'One row per usage event. Kept for analytics.retention.raw';
comment on column analytics.usage_events.event_id is
    'Chosen by the producer; the event is stored once per org_id and event_id';
comment on column analytics.usage_events.org_id is 'The organisation';
comment on column analytics.usage_events.actor_id is 'The user, if the producer named one';
comment on column analytics.usage_events.model_id is 'The model';
comment on column analytics.usage_events.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.usage_events.occurred_at is 'End of the inference';
comment on column analytics.usage_events.received_at is 'When the service read the event';
comment on column analytics.usage_events.input_tokens is 'Tokens read, cached ones included';
comment on column analytics.usage_events.output_tokens is 'Tokens written';
comment on column analytics.usage_events.cache_read_input_tokens is
    'The part of input_tokens read from a cache';
comment on column analytics.usage_events.cache_write_input_tokens is
    'The part of input_tokens written to a cache';
comment on column analytics.usage_events.cache_write_1h_input_tokens is
    'The part of cache_write_input_tokens that was kept for an hour';
comment on column analytics.usage_events.latency_ms is 'Duration in milliseconds';
comment on column analytics.usage_events.time_to_first_token_ms is
    'Time until the first token in milliseconds; null if the producer sent none';
comment on column analytics.usage_events.status is 'success, error, timeout or throttled';
comment on column analytics.usage_events.error_code is 'The error, in the terms of the producer';
comment on column analytics.usage_events.cost_estimate_cents is
    'Estimated cost in US cents; null if there is no price';
comment on column analytics.usage_events.metadata is 'Texts that the producer attached';
comment on column analytics.usage_events.batch_id is 'The ingestion batch that stored the event';
comment on column analytics.usage_events.priced_by is
    'Price that the service applied; null if the event brought its cost or has none';
comment on view analytics.usage_hourly is
    'Events summed per hour (UTC), organisation, model, client and status. Kept for analytics.retention.rollups';
comment on column analytics.usage_hourly.org_id is 'The organisation';
comment on column analytics.usage_hourly.model_id is 'The model';
comment on column analytics.usage_hourly.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.usage_hourly.status is 'success, error, timeout or throttled';
comment on column analytics.usage_hourly.bucket_start is 'First instant of the hour';
comment on column analytics.usage_hourly.invocations is 'Number of events';
comment on column analytics.usage_hourly.unpriced_invocations is 'Events without a cost';
comment on column analytics.usage_hourly.input_tokens is 'Tokens read, cached ones included';
comment on column analytics.usage_hourly.output_tokens is 'Tokens written';
comment on column analytics.usage_hourly.cache_read_input_tokens is
    'The part of input_tokens read from a cache';
comment on column analytics.usage_hourly.cache_write_input_tokens is
    'The part of input_tokens written to a cache';
comment on column analytics.usage_hourly.cache_write_1h_input_tokens is
    'The part of cache_write_input_tokens that was kept for an hour';
comment on column analytics.usage_hourly.cost_estimate_cents is
    'Sum over priced events in US cents; null if none has a price';
comment on view analytics.usage_daily is
    'Events summed per day (UTC), organisation, model, client and status. Kept for analytics.retention.rollups';
comment on column analytics.usage_daily.org_id is 'The organisation';
comment on column analytics.usage_daily.model_id is 'The model';
comment on column analytics.usage_daily.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.usage_daily.status is 'success, error, timeout or throttled';
comment on column analytics.usage_daily.bucket_start is 'First instant of the day';
comment on column analytics.usage_daily.invocations is 'Number of events';
comment on column analytics.usage_daily.unpriced_invocations is 'Events without a cost';
comment on column analytics.usage_daily.input_tokens is 'Tokens read, cached ones included';
comment on column analytics.usage_daily.output_tokens is 'Tokens written';
comment on column analytics.usage_daily.cache_read_input_tokens is
    'The part of input_tokens read from a cache';
comment on column analytics.usage_daily.cache_write_input_tokens is
    'The part of input_tokens written to a cache';
comment on column analytics.usage_daily.cache_write_1h_input_tokens is
    'The part of cache_write_input_tokens that was kept for an hour';
comment on column analytics.usage_daily.cost_estimate_cents is
    'Sum over priced events in US cents; null if none has a price';
comment on view analytics.latency_hourly is
    'Histogram of the latency: one row per hour, group and bin';
comment on column analytics.latency_hourly.org_id is 'The organisation';
comment on column analytics.latency_hourly.model_id is 'The model';
comment on column analytics.latency_hourly.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.latency_hourly.status is 'success, error, timeout or throttled';
comment on column analytics.latency_hourly.bucket_start is 'First instant of the hour';
comment on column analytics.latency_hourly.bin is
    'Logarithmic bin of base 1.04: bin b > 0 holds (1.04^(b-2), 1.04^(b-1)] ms, bin 0 holds 0 ms';
comment on column analytics.latency_hourly.count is 'Events in the bin';
comment on view analytics.time_to_first_token_hourly is
    'Histogram of the time to first token: one row per hour, group and bin';
comment on column analytics.time_to_first_token_hourly.org_id is 'The organisation';
comment on column analytics.time_to_first_token_hourly.model_id is 'The model';
comment on column analytics.time_to_first_token_hourly.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.time_to_first_token_hourly.status is
    'success, error, timeout or throttled';
comment on column analytics.time_to_first_token_hourly.bucket_start is 'First instant of the hour';
comment on column analytics.time_to_first_token_hourly.bin is
    'Logarithmic bin of base 1.04: bin b > 0 holds (1.04^(b-2), 1.04^(b-1)] ms, bin 0 holds 0 ms';
comment on column analytics.time_to_first_token_hourly.count is 'Events in the bin';

-- Ingest

comment on table analytics.ingestion_batches is
    'One row per committed batch: received = stored + duplicates + conflicts + dead_lettered';
comment on column analytics.ingestion_batches.batch_id is 'Rises with each batch';
comment on column analytics.ingestion_batches.kind is 'live, or replay by a command';
comment on column analytics.ingestion_batches.transport is 'stream or queue';
comment on column analytics.ingestion_batches.replica is 'The process that stored the batch';
comment on column analytics.ingestion_batches.correlation_id is
    'Id that the log lines about the batch share';
comment on column analytics.ingestion_batches.first_offset is
    'First offset of the stream in the batch; null for transport queue';
comment on column analytics.ingestion_batches.last_offset is 'Last offset, inclusive';
comment on column analytics.ingestion_batches.messages is
    'Messages read; one message may hold several events';
comment on column analytics.ingestion_batches.received is 'Events received';
comment on column analytics.ingestion_batches.stored is 'Events stored';
comment on column analytics.ingestion_batches.duplicates is 'Events that were stored before';
comment on column analytics.ingestion_batches.conflicts is
    'Events with the id of a stored event and other content';
comment on column analytics.ingestion_batches.dead_lettered is 'Events that cannot be stored';
comment on column analytics.ingestion_batches.first_event_at is 'Oldest time of an event';
comment on column analytics.ingestion_batches.last_event_at is 'Newest time of an event';
comment on column analytics.ingestion_batches.late is
    'Whether it holds an event older than analytics.ingestion.late-after';
comment on column analytics.ingestion_batches.started_at is 'When the batch was begun';
comment on column analytics.ingestion_batches.committed_at is 'When the batch was committed';
comment on table analytics.ingestion_conflicts is
    'Events with the id of a stored event and other content. The stored one stays';
comment on column analytics.ingestion_conflicts.conflict_id is 'Key';
comment on column analytics.ingestion_conflicts.org_id is 'The organisation';
comment on column analytics.ingestion_conflicts.event_id is 'The id that both events have';
comment on column analytics.ingestion_conflicts.batch_id is 'The batch that found the conflict';
comment on column analytics.ingestion_conflicts.received_at is 'When the service read the event';
comment on column analytics.ingestion_conflicts.payload is 'The rejected event, as it came';
comment on table analytics.freshness_status is
    'How far the figures of an organisation and model are behind';
comment on column analytics.freshness_status.org_id is 'The organisation';
comment on column analytics.freshness_status.model_id is 'The model';
comment on column analytics.freshness_status.last_event_at is 'Newest event in the rollups';
comment on column analytics.freshness_status.last_rollup_at is
    'Last rollup round that contained events of the model';
comment on column analytics.freshness_status.lag_seconds is 'Lag at updated_at';
comment on column analytics.freshness_status.status is 'fresh, delayed, stale or unknown';
comment on column analytics.freshness_status.updated_at is 'When the row was written';

-- Names, prices, exports, audit

comment on table analytics.orgs is
    'Names of organisations, mirrored from the system that owns them';
comment on column analytics.orgs.org_id is 'The organisation';
comment on column analytics.orgs.name is 'Its name';
comment on column analytics.orgs.updated_at is 'When the name was last set';
comment on table analytics.models is 'Names of models, mirrored from the system that owns them';
comment on column analytics.models.model_id is 'The model';
comment on column analytics.models.name is 'Its name';
comment on column analytics.models.updated_at is 'When the name was last set';
comment on table analytics.model_prices is
    'The price book, append-only. US dollars per million tokens; null if a class has no price';
comment on table analytics.provider_model is
    'Which model of this service is which at a provider; without a row, the name of the model applies';
comment on table analytics.price_repricing is
    'What each repricing changed, by organisation; amounts in US cents';
comment on table analytics.export_jobs is 'One row per export job';
comment on column analytics.export_jobs.job_id is 'Key';
comment on column analytics.export_jobs.org_id is 'The organisation';
comment on column analytics.export_jobs.status is
    'pending, running, succeeded, failed, cancelled or expired';
comment on column analytics.export_jobs.granularity is 'hourly, daily or monthly';
comment on column analytics.export_jobs.format is 'csv or focus';
comment on column analytics.export_jobs.range_start is 'Start of the window, inclusive';
comment on column analytics.export_jobs.range_end is 'End of the window, exclusive';
comment on column analytics.export_jobs.time_zone is 'Zone of the days and months';
comment on column analytics.export_jobs.model_ids is 'Models in the file; empty for all';
comment on column analytics.export_jobs.initiated_by is 'The caller, or the schedule';
comment on column analytics.export_jobs.month is 'First day of the month of an automatic file';
comment on column analytics.export_jobs.revision is 'Restatement of that month, from 1';
comment on column analytics.export_jobs.idempotency_key is 'Header Idempotency-Key of the request';
comment on column analytics.export_jobs.request_hash is 'Hash of the body sent with that key';
comment on column analytics.export_jobs.trace_parent is 'Trace of the request';
comment on column analytics.export_jobs.created_at is 'When the job was created';
comment on column analytics.export_jobs.bucket is 'Bucket of the file';
comment on column analytics.export_jobs.object_key is 'Name of the file in the bucket';
comment on column analytics.export_jobs.tries is 'Attempts so far';
comment on column analytics.export_jobs.faults is
    'Attempts that failed for a reason other than the file store';
comment on column analytics.export_jobs.not_before is 'Earliest time of the next attempt';
comment on column analytics.export_jobs.lease_token is 'Proof that a process holds the running job';
comment on column analytics.export_jobs.leased_until is 'When another process may take over';
comment on column analytics.export_jobs.last_problem is 'Why the last attempt failed';
comment on column analytics.export_jobs.started_at is 'When the first attempt began';
comment on column analytics.export_jobs.completed_at is 'When the job ended';
comment on column analytics.export_jobs.row_count is 'Rows written so far';
comment on column analytics.export_jobs.size_bytes is 'Size of the file';
comment on column analytics.export_jobs.checksum is 'SHA-256 of the file';
comment on column analytics.export_jobs.totals is 'Totals of the file';
comment on column analytics.export_jobs.reconciliation is
    'Totals of the rows and of the single events';
comment on column analytics.export_jobs.difference is
    'Difference of a restatement to the previous file';
comment on column analytics.export_jobs.error is 'Why the job failed';
comment on column analytics.export_jobs.expires_at is 'When the file is deleted';
comment on column analytics.export_jobs.clean_up is
    'Whether the file store may hold leftovers of the job';
comment on table analytics.audit_log is 'Every access decision, as one hash chain';
comment on column analytics.audit_log.seq is 'Position in the chain';
comment on column analytics.audit_log.recorded_at is
    'Time of the append in the database; never decreases along the chain';
comment on column analytics.audit_log.at is 'When the decision was made';
comment on column analytics.audit_log.actor is 'The caller; null if unknown';
comment on column analytics.audit_log.action is 'Permission or command';
comment on column analytics.audit_log.org_id is 'The organisation concerned, if any';
comment on column analytics.audit_log.outcome is 'allowed or denied';
comment on column analytics.audit_log.cross_org is 'Whether a grant for all organisations was used';
comment on column analytics.audit_log.method is 'HTTP method; CLI for a command';
comment on column analytics.audit_log.path is 'Path of the request, or name of the command';
comment on column analytics.audit_log.trace_id is 'Trace of the request';
comment on column analytics.audit_log.hash is 'SHA-256 of the previous hash and this row';

-- Bills: import. Money is US dollars, days are UTC

comment on table analytics.provider_import_run is 'One row per run of the import';
comment on table analytics.provider_import_day is
    'The ledger: one row per provider, data set, organisation and day, with the last outcome and the stored revision';
comment on column analytics.provider_import_day.last_tried_at is
    'Last attempt, whatever its outcome';
comment on table analytics.provider_day_revision is 'Every stored revision of a day';
comment on table analytics.provider_correction is
    'What each restatement changed, line by line; a null amount means that there was no line';
comment on table analytics.provider_raw_page is
    'Unchanged answers of the providers, cut by day; kept for analytics.providers.raw-pages';
comment on table analytics.provider_validation is 'Days that a person validated';
comment on table analytics.provider_released_day is
    'Contents of days above the limits that a person released; the same content is accepted from then on';

-- Bills: one base table per data set

comment on table analytics.claude_costs is 'Anthropic''s bill';
comment on table analytics.claude_usage_report is
    'Tokens by API key, from Anthropic''s usage report';
comment on table analytics.claude_code_productivity is
    'Sessions, lines and tools of Claude Code; holds no money';
comment on table nonfinancial.claude_code_estimate is
    'Claude Code''s own estimate of costs that claude_costs contains. Never add the two';
comment on table analytics.claude_ai_event is 'Audit log of claude.ai';
comment on table analytics.cursor_daily_usage is 'Cursor''s counters per user and day';
comment on table analytics.cursor_usage_event is 'Cursor''s events';
comment on column analytics.cursor_usage_event.charged_usd is 'Billed on demand';
comment on column analytics.cursor_usage_event.included_usd is
    'Value of usage that the plan covers; for information only';
comment on table analytics.cursor_spend_snapshot is
    'Cursor''s cumulative spend per user in the billing cycle, on the day of the snapshot; a check value';
comment on table analytics.cursor_monthly_invoice is
    'Cursor''s monthly invoices, entered by a person; a reference that is never added to the charges';
comment on table analytics.manual_cost_entry is
    'Seats and other fixed amounts, booked on the first day of the month';

-- Bills: mappings and people. valid_to is the first day on which a row no longer applies

comment on table analytics.workspace_platform is 'Platform of a workspace';
comment on column analytics.workspace_platform.organization_id is
    ''''' applies to each organisation without an entry of its own';
comment on table analytics.workspace_report is 'Whether reports show a workspace';
comment on column analytics.workspace_report.organization_id is
    ''''' applies to each organisation without an entry of its own';
comment on table analytics.api_key_mapping is 'Platform, user and team of an API key';
comment on table analytics.provider_org_mapping is
    'Organisation that a workspace or key works for; a key takes precedence over its workspace';
comment on column analytics.provider_org_mapping.org_id is 'Null: no organisation alone';
comment on table analytics.provider_workspace is 'Workspaces, as the provider last reported them';
comment on table analytics.provider_api_key is 'API keys, as the provider last reported them';
comment on table analytics.provider_user is 'Accounts, as the provider last reported them';
comment on table analytics.provider_person is
    'People, as the company reported them; null means not stated';
comment on column analytics.provider_person.is_active is 'Null: as the providers report';
comment on view analytics.api_key_mappings is
    'Mappings of keys; attribution takes the one valid on the day';
comment on view analytics.dim_api_keys is 'API keys with today''s mapping (UTC)';
comment on view analytics.dim_workspaces is 'Workspaces with today''s platform (UTC)';
comment on view analytics.dim_users is
    'One row per address, from the providers'' accounts and the company''s people';
comment on view analytics.dim_date is
    'Days with calendar and fiscal periods; a fiscal year has the number of the year in which it ends';
comment on view analytics.provider_unmapped is
    'Workspaces with cost and keys with usage that are not mapped';

-- Bills: derived by day

comment on table analytics.claude_cost_allocated is
    'Each row of claude_costs split over the keys that used its tokens; adds up to it exactly';
comment on table analytics.fact_claude_daily_usage is
    'Claude per day. Each measure is in the rows of one data_source, so any sum is right';
comment on column analytics.fact_claude_daily_usage.productivity_score is
    'Lines added per session times the share of accepted suggestions; defined by this service';
comment on column analytics.fact_claude_daily_usage.tokens_per_session is
    'Null: needs two sources, see vw_claude_daily_ratios';
comment on column analytics.fact_claude_daily_usage.cost_per_token is
    'Null: needs two sources, see vw_claude_daily_ratios';
comment on column analytics.fact_claude_daily_usage.cost_per_interaction is
    'Null: needs two sources, see vw_claude_daily_ratios';
comment on table analytics.fact_cursor_daily_usage is
    'Cursor per user and day. The three estimated amounts are from a plan''s list figures; never add them to bills';
comment on table analytics.provider_attribution_change is
    'Each move of a key''s costs to another platform, user or team';

-- Bills: views

comment on view analytics.claude_expenses is 'Every cost of Claude once, with platform and user';
comment on view analytics.api_usage_expenses is
    'The API part of claude_expenses; never add the two. The cost of a key is an allocation';
comment on view analytics.claude_usage_keys is 'Tokens by API key, workspace and model';
comment on view analytics.cursor_daily_cost is
    'What Cursor bills on demand by day and user: its events, or the differences of snapshots if a team may not read events';
comment on view analytics.cursor_daily_metrics is
    'Cursor''s counters of a user''s day, with the charges';
comment on view analytics.cursor_usage_stats is
    'Cursor''s counters of a user''s day, with the charges and the import';
comment on view analytics.cursor_expenses is
    'Cursor''s part of vw_combined_daily_costs by kind; adds up to it';
comment on view analytics.cursor_spending is
    'Cumulative snapshots, with what each adds to the previous one in its cycle';
comment on column analytics.cursor_spending.fell is 'Whether the sum fell by more than a cent';
comment on column analytics.cursor_spending.daily_spend_usd is
    '0 if the sum fell; checks the charges and is never added to them';
comment on view analytics.cursor_spend_check is
    'Cursor''s sum per user next to the imported charges, where the whole cycle so far is imported';
comment on column analytics.cursor_spend_check.unexplained_usd is
    'Difference beyond a cent and the charges of the last hour';
comment on view analytics.cursor_monthly_invoices is
    'Invoices next to the imported month, seats included';
comment on column analytics.cursor_monthly_invoices.variance_status is
    'matched (under 1 %), acceptable (5 %), warning (10 %), critical, missing_data or duplicate_data';
comment on view analytics.provider_org_costs is
    'Every share of the bill once, with the organisation that owns it, if any';
comment on view analytics.vw_combined_daily_costs is 'Every cost of all providers once';
comment on view analytics.vw_reported_daily_costs is
    'vw_combined_daily_costs without the workspaces that reports leave out';
comment on view analytics.vw_monthly_finance is
    'Month and provider, compared with the previous month';
comment on view analytics.vw_executive_total_investment is
    'Month and provider, quarter and year to date, share of the month';
comment on view analytics.vw_claude_per_key_costs is 'Costs by API key and day';
comment on view analytics.vw_api_consumption is 'Tokens and costs of the API by key and day';
comment on view analytics.claude_daily_summary is 'Claude by day and platform';
comment on view analytics.vw_claude_daily_ratios is
    'Ratios of two sources, by day, platform and user. An interaction is a session or a conversation';
comment on view analytics.vw_ai_coding_productivity is 'Claude Code and Cursor by day and user';
comment on view analytics.vw_claude_ai_daily_summary is 'claude.ai by day and user';
comment on view analytics.vw_ai_assistant_productivity is 'The same as vw_claude_ai_daily_summary';
comment on view analytics.vw_data_quality is
    'Score of each provider''s data, 0 to 100, over the last 30 days';
comment on view nonfinancial.claude_code_cross_check is
    'Claude Code''s own figures next to the bill and the usage report; tokens within 2 %, costs within 1 % are fine. Not money';
