comment on view analytics.usage_user_hourly is
    'Events summed per hour (UTC), organisation, user, model, client and status. Kept for analytics.retention.rollups';
comment on column analytics.usage_user_hourly.org_id is 'The organisation';
comment on column analytics.usage_user_hourly.user_id is 'The user; null for events without one';
comment on column analytics.usage_user_hourly.model_id is 'The model';
comment on column analytics.usage_user_hourly.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.usage_user_hourly.status is 'success, error, timeout or throttled';
comment on column analytics.usage_user_hourly.bucket_start is 'First instant of the hour';
comment on column analytics.usage_user_hourly.invocations is 'Number of events';
comment on column analytics.usage_user_hourly.unpriced_invocations is 'Events without a cost';
comment on column analytics.usage_user_hourly.input_tokens is 'Tokens read, cached ones included';
comment on column analytics.usage_user_hourly.output_tokens is 'Tokens written';
comment on column analytics.usage_user_hourly.cache_read_input_tokens is
    'The part of input_tokens read from a cache';
comment on column analytics.usage_user_hourly.cache_write_input_tokens is
    'The part of input_tokens written to a cache';
comment on column analytics.usage_user_hourly.cache_write_1h_input_tokens is
    'The part of cache_write_input_tokens that was kept for an hour';
comment on column analytics.usage_user_hourly.cost_estimate_cents is
    'Sum over priced events in US cents; null if none has a price';
comment on view analytics.usage_user_daily is
    'Events summed per day (UTC), organisation, user, model, client and status. Kept for analytics.retention.rollups';
comment on column analytics.usage_user_daily.org_id is 'The organisation';
comment on column analytics.usage_user_daily.user_id is 'The user; null for events without one';
comment on column analytics.usage_user_daily.model_id is 'The model';
comment on column analytics.usage_user_daily.client_id is
    'The client, as the producer named it; '''' if it named none';
comment on column analytics.usage_user_daily.status is 'success, error, timeout or throttled';
comment on column analytics.usage_user_daily.bucket_start is 'First instant of the day';
comment on column analytics.usage_user_daily.invocations is 'Number of events';
comment on column analytics.usage_user_daily.unpriced_invocations is 'Events without a cost';
comment on column analytics.usage_user_daily.input_tokens is 'Tokens read, cached ones included';
comment on column analytics.usage_user_daily.output_tokens is 'Tokens written';
comment on column analytics.usage_user_daily.cache_read_input_tokens is
    'The part of input_tokens read from a cache';
comment on column analytics.usage_user_daily.cache_write_input_tokens is
    'The part of input_tokens written to a cache';
comment on column analytics.usage_user_daily.cache_write_1h_input_tokens is
    'The part of cache_write_input_tokens that was kept for an hour';
comment on column analytics.usage_user_daily.cost_estimate_cents is
    'Sum over priced events in US cents; null if none has a price';
