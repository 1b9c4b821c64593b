-- Flavour timescale: a hypertable of raw events with one-day chunks, and real-time continuous aggregates over it.
-- The rollup worker refreshes what new and late batches touched; the policies are a safety net behind it.

create extension if not exists timescaledb;

create table analytics.usage_events (
    event_id                    uuid not null,
    org_id                      uuid not null,
    actor_id                    uuid,
    model_id                    uuid not null,
    client_id                   text not null default '',
    occurred_at                 timestamptz not null,
    received_at                 timestamptz not null,
    input_tokens                bigint not null,
    output_tokens               bigint not null,
    cache_read_input_tokens     bigint not null default 0,
    cache_write_input_tokens    bigint not null default 0,
    cache_write_1h_input_tokens bigint not null default 0,
    latency_ms                  bigint not null,
    time_to_first_token_ms      bigint,
    status                      text not null,
    error_code                  text,
    cost_estimate_cents         numeric(20, 8),
    metadata                    jsonb,
    batch_id                    bigint not null,
    primary key (org_id, event_id, occurred_at)
);
select create_hypertable('analytics.usage_events', 'occurred_at', chunk_time_interval => interval '1 day',
                         create_default_indexes => false);
-- Serves the real-time tail: the running hour of one organisation.
create index usage_events_org_time on analytics.usage_events (org_id, occurred_at desc);

alter table analytics.usage_events set (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'org_id',
    timescaledb.compress_orderby = 'occurred_at, event_id'
);
select add_compression_policy('analytics.usage_events', compress_after => interval '7 days');
select add_retention_policy('analytics.usage_events', drop_after => interval '400 days');

create materialized view analytics.usage_hourly
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select org_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at) as bucket_start,
       count(*) as invocations, count(*) - count(cost_estimate_cents) as unpriced_invocations,
       sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
       sum(cache_read_input_tokens) as cache_read_input_tokens, sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from analytics.usage_events
group by org_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at)
with no data;

create materialized view analytics.usage_daily
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select org_id, model_id, client_id, status, time_bucket(interval '1 day', bucket_start) as bucket_start,
       sum(invocations)::bigint as invocations, sum(unpriced_invocations)::bigint as unpriced_invocations,
       sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
       sum(cache_read_input_tokens) as cache_read_input_tokens, sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from analytics.usage_hourly
group by org_id, model_id, client_id, status, time_bucket(interval '1 day', bucket_start)
with no data;

-- Histograms as bags of bins, see analytics.unpack_bins: put end to end, those of any groups and hours are the histogram of all of
-- them. One row a group and not one a bin, because reading costs by the row.
create materialized view analytics.histograms_hourly
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select org_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at) as bucket_start,
       analytics.compact_bins(string_agg(int8send(4096 | analytics.latency_bin(latency_ms)::bigint), '')) as latency_bins,
       analytics.compact_bins(coalesce(string_agg(int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint), '')
                                  filter (where time_to_first_token_ms is not null), '')) as time_to_first_token_bins
from analytics.usage_events
group by org_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at)
with no data;

-- A refresh that reached beyond what raw retention still holds would empty the buckets there; the offsets keep well inside.
select add_continuous_aggregate_policy('analytics.usage_hourly', start_offset => interval '35 days', end_offset => interval '2 hours', schedule_interval => interval '1 hour');
select add_continuous_aggregate_policy('analytics.usage_daily', start_offset => interval '35 days', end_offset => interval '2 days', schedule_interval => interval '6 hours');
select add_continuous_aggregate_policy('analytics.histograms_hourly', start_offset => interval '35 days', end_offset => interval '2 hours', schedule_interval => interval '1 hour');
select add_retention_policy('analytics.usage_hourly', drop_after => interval '13 months');
select add_retention_policy('analytics.usage_daily', drop_after => interval '13 months');
select add_retention_policy('analytics.histograms_hourly', drop_after => interval '13 months');

-- Lets the policies above follow the settings of the service. A refresh policy must not reach a day whose raw events are gone, or
-- it would empty the rollups there, so it ends two days before; where that leaves no room there is none.
create function analytics.follow_retention(raw interval, rollups interval) returns void
    language plpgsql
    as $$
declare
    view  text;
    reach interval := least(interval '35 days', raw - interval '2 days', rollups - interval '2 days');
begin
    perform pg_advisory_xact_lock(hashtext('analytics.follow_retention'));
    if (select count(*) from timescaledb_information.jobs
        where hypertable_schema = 'analytics' and hypertable_name = 'usage_events' and proc_name = 'policy_retention'
          and (config ->> 'drop_after')::interval = raw)
       + (select count(*) from timescaledb_information.jobs
          where proc_name = 'policy_retention' and not (hypertable_schema = 'analytics' and hypertable_name = 'usage_events')
            and (config ->> 'drop_after')::interval = rollups) = 4 then
        return;
    end if;
    perform remove_retention_policy('analytics.usage_events', if_exists => true);
    perform add_retention_policy('analytics.usage_events', drop_after => raw);
    foreach view in array array['usage_hourly', 'usage_daily', 'histograms_hourly'] loop
        perform remove_retention_policy(format('analytics.%I', view)::regclass, if_exists => true);
        perform add_retention_policy(format('analytics.%I', view)::regclass, drop_after => rollups);
        perform remove_continuous_aggregate_policy(format('analytics.%I', view)::regclass, if_exists => true);
        if view = 'usage_daily' and reach > interval '4 days' then
            perform add_continuous_aggregate_policy('analytics.usage_daily', start_offset => reach, end_offset => interval '2 days',
                                                    schedule_interval => interval '6 hours');
        elsif view <> 'usage_daily' and reach > interval '1 day' then
            perform add_continuous_aggregate_policy(format('analytics.%I', view)::regclass, start_offset => reach,
                                                    end_offset => interval '2 hours', schedule_interval => interval '1 hour');
        end if;
    end loop;
end $$;

-- Chunks come by themselves.
create function analytics.ensure_day(day date) returns boolean
    language sql as $$ select false $$;

-- The continuous aggregates follow by themselves; see analytics.hours_behind.
create function analytics.roll_up_stage() returns void
    language sql as $$ select $$;

-- Up to where (exclusive) a continuous aggregate is materialised; behind it, new rows show only after a refresh.
create function analytics.watermark(aggregate text) returns timestamptz
    language sql stable
    as $$ select _timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(mat_hypertable_id))
          from _timescaledb_catalog.continuous_agg
          where user_view_schema = 'analytics' and user_view_name = aggregate $$;

-- Which of the given hours have stored events that the rollups do not show yet.
create function analytics.hours_behind(hours timestamptz[]) returns timestamptz[]
    language sql stable
    as $$ select coalesce(array_agg(hour order by hour), '{}') from unnest(hours) as hour
          where hour < (select max(analytics.watermark(view)) from (values ('usage_hourly'), ('histograms_hourly')) as views (view)) $$;

-- The worker's refresh closes days here.
create function analytics.close_days(before timestamptz) returns integer
    language sql as $$ select 0 $$;

-- Drops chunks that lie wholly before the given times; returns how many went.
create function analytics.purge(raw_before timestamptz, hourly_before timestamptz, daily_before timestamptz) returns integer
    language sql
    as $$ select (select count(*) from drop_chunks('analytics.usage_events', older_than => raw_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_hourly', older_than => hourly_before))::integer
               + (select count(*) from drop_chunks('analytics.histograms_hourly', older_than => hourly_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_daily', older_than => daily_before))::integer $$;
