-- Recomputes the rollups of [low, high), whole UTC hours, from the raw events, and adds up the closed
-- days among them again. The caller holds the ingest lane's lock. Before, only whole days were
-- possible, and the writers waited for a day's events to be read.
create or replace function analytics.recompute_rollups(low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
declare
    first_day timestamptz := date_trunc('day', low, 'UTC');
    days_end  timestamptz := date_trunc('day', high - interval '1 microsecond', 'UTC') + interval '24 hours';
begin
    -- Retention may have dropped the rollups of a day whose raw events are still there.
    perform analytics.ensure_day(day::date)
    from generate_series(first_day at time zone 'UTC', days_end at time zone 'UTC' - interval '1 day', interval '1 day') as day;
    delete from analytics.usage_hourly_rollup where bucket_start >= low and bucket_start < high;
    insert into analytics.usage_hourly_rollup
    select org_id, date_trunc('hour', occurred_at, 'UTC'), model_id, client_id, status,
           count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents),
           analytics.compact_bins(string_agg(int8send(4096 | analytics.latency_bin(latency_ms)::bigint), '')),
           analytics.compact_bins(coalesce(string_agg(int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint), '')
                        filter (where time_to_first_token_ms is not null), ''))
    from analytics.usage_events
    where occurred_at >= low and occurred_at < high
    group by 1, 2, 3, 4, 5;
    delete from analytics.usage_daily_rollup where bucket_start >= first_day and bucket_start < days_end;
    insert into analytics.usage_daily_rollup
    select org_id, date_trunc('day', bucket_start, 'UTC'), model_id, client_id, status,
           sum(invocations), sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_hourly_rollup
    where bucket_start >= first_day and bucket_start < least(days_end, (select open_from from analytics.usage_open_days))
    group by 1, 2, 3, 4, 5;
end $$;
