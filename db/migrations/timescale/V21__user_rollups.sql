-- Rollups by user: continuous aggregates like the others. An event without a user is a group of its own: user_id is null there.

create materialized view analytics.usage_user_hourly
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select org_id, actor_id as user_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at) as bucket_start,
       count(*) as invocations, count(*) - count(cost_estimate_cents) as unpriced_invocations,
       sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
       sum(cache_read_input_tokens) as cache_read_input_tokens, sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from analytics.usage_events
group by org_id, actor_id, model_id, client_id, status, time_bucket(interval '1 hour', occurred_at)
with no data;

create materialized view analytics.usage_user_daily
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select org_id, user_id, model_id, client_id, status, time_bucket(interval '1 day', bucket_start) as bucket_start,
       sum(invocations)::bigint as invocations, sum(unpriced_invocations)::bigint as unpriced_invocations,
       sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
       sum(cache_read_input_tokens) as cache_read_input_tokens, sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from analytics.usage_user_hourly
group by org_id, user_id, model_id, client_id, status, time_bucket(interval '1 day', bucket_start)
with no data;

-- As before, and the retention of two views more. They have no refresh policy: on a database that holds months of events it would move
-- their watermark past hours that the rollup worker has not materialised yet, and those would be missing.
create or replace function analytics.follow_retention(raw interval, rollups interval) returns void
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
            and (config ->> 'drop_after')::interval = rollups) = 6 then
        return;
    end if;
    perform remove_retention_policy('analytics.usage_events', if_exists => true);
    perform add_retention_policy('analytics.usage_events', drop_after => raw);
    foreach view in array array['usage_hourly', 'usage_daily', 'histograms_hourly', 'usage_user_hourly', 'usage_user_daily'] loop
        perform remove_retention_policy(format('analytics.%I', view)::regclass, if_exists => true);
        perform add_retention_policy(format('analytics.%I', view)::regclass, drop_after => rollups);
        perform remove_continuous_aggregate_policy(format('analytics.%I', view)::regclass, if_exists => true);
        if view = 'usage_daily' and reach > interval '4 days' then
            perform add_continuous_aggregate_policy('analytics.usage_daily', start_offset => reach, end_offset => interval '2 days',
                                                    schedule_interval => interval '6 hours');
        elsif view in ('usage_hourly', 'histograms_hourly') and reach > interval '1 day' then
            perform add_continuous_aggregate_policy(format('analytics.%I', view)::regclass, start_offset => reach,
                                                    end_offset => interval '2 hours', schedule_interval => interval '1 hour');
        end if;
    end loop;
end $$;

create or replace function analytics.hours_behind(hours timestamptz[]) returns timestamptz[]
    language sql stable
    as $$ select coalesce(array_agg(hour order by hour), '{}') from unnest(hours) as hour
          where hour < (select max(analytics.watermark(view))
                        from (values ('usage_hourly'), ('histograms_hourly'), ('usage_user_hourly')) as views (view)) $$;

create or replace function analytics.purge(raw_before timestamptz, hourly_before timestamptz, daily_before timestamptz) returns integer
    language sql
    as $$ select (select count(*) from drop_chunks('analytics.usage_events', older_than => raw_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_hourly', older_than => hourly_before))::integer
               + (select count(*) from drop_chunks('analytics.histograms_hourly', older_than => hourly_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_user_hourly', older_than => hourly_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_daily', older_than => daily_before))::integer
               + (select count(*) from drop_chunks('analytics.usage_user_daily', older_than => daily_before))::integer $$;

-- The functions of TimescaleDB are found by every user.
do $$
declare
    extension_schema text := (select extnamespace::regnamespace from pg_extension where extname = 'timescaledb');
begin
    execute 'alter function analytics.follow_retention(interval, interval) set search_path = pg_catalog, '
            || extension_schema || ', pg_temp';
    execute 'alter function analytics.purge(timestamptz, timestamptz, timestamptz) set search_path = pg_catalog, '
            || extension_schema || ', pg_temp';
end $$;
