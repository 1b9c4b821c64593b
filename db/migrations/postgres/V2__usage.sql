-- Flavour postgres: daily partitions of raw events, and rollup tables that the batch writer keeps in the same transaction.

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
) partition by range (occurred_at);
-- Finds the minutes of an incident in a day of raw events. Events come nearly in the order of their time, so a block range
-- index is as good as a tree here, and costs ingest next to nothing.
create index usage_events_occurred_at on analytics.usage_events
    using brin (occurred_at) with (pages_per_range = 32, autosummarize = on);

-- One row a group and hour. The histograms are bags of bins, see analytics.unpack_bins.
create table analytics.usage_hourly_rollup (
    org_id                      uuid not null,
    bucket_start                timestamptz not null,
    model_id                    uuid not null,
    client_id                   text not null,
    status                      text not null,
    invocations                 bigint not null,
    unpriced_invocations        bigint not null,
    input_tokens                numeric not null,
    output_tokens               numeric not null,
    cache_read_input_tokens     numeric not null,
    cache_write_input_tokens    numeric not null,
    cache_write_1h_input_tokens numeric not null,
    cost_estimate_cents         numeric,
    latency_bins                bytea not null,
    time_to_first_token_bins    bytea not null,
    primary key (org_id, bucket_start, model_id, client_id, status)
) partition by range (bucket_start);

-- Days that are over. What is still going on is added up from its hours by the view usage_daily: nearly all events fall there, and
-- are kept in one rollup row each and not in two.
create table analytics.usage_daily_rollup (
    org_id                      uuid not null,
    bucket_start                timestamptz not null,
    model_id                    uuid not null,
    client_id                   text not null,
    status                      text not null,
    invocations                 bigint not null,
    unpriced_invocations        bigint not null,
    input_tokens                numeric not null,
    output_tokens               numeric not null,
    cache_read_input_tokens     numeric not null,
    cache_write_input_tokens    numeric not null,
    cache_write_1h_input_tokens numeric not null,
    cost_estimate_cents         numeric,
    primary key (org_id, bucket_start, model_id, client_id, status)
) partition by range (bucket_start);

-- The first day of those whose hours the view usage_daily adds up.
create table analytics.usage_open_days (
    only_row  boolean primary key default true check (only_row),
    open_from timestamptz not null
);
insert into analytics.usage_open_days (open_from) values (date_trunc('day', now(), 'UTC') - interval '1 day');

create view analytics.usage_daily as
select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
       cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
from analytics.usage_daily_rollup
union all
select org_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), sum(invocations)::bigint,
       sum(unpriced_invocations)::bigint, sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
       sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
from analytics.usage_hourly_rollup
where bucket_start >= (select open_from from analytics.usage_open_days)
group by org_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC');

create view analytics.usage_hourly as
select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
       cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
from analytics.usage_hourly_rollup;

-- Put end to end, the bags of any groups and hours are the histogram of all of them.
create view analytics.histograms_hourly as
select org_id, bucket_start, model_id, client_id, status, latency_bins, time_to_first_token_bins
from analytics.usage_hourly_rollup;

-- Makes the partitions of the given UTC day and its month if they are missing. Created apart and attached after, because
-- CREATE TABLE … PARTITION OF would wait behind every long export with an exclusive lock. Returns whether one was made.
create function analytics.ensure_day(day date) returns boolean
    language plpgsql
    set timezone = 'UTC'
    as $$
declare
    part  record;
    made  boolean := false;
begin
    perform pg_advisory_xact_lock(hashtext('analytics.ensure_day'));
    for part in
        select 'usage_events' as parent, 'usage_events_' || to_char(day, 'YYYYMMDD') as child, day::timestamptz as low, (day + 1)::timestamptz as high, '' as storage
        union all
        select parent, parent || '_' || to_char(day, 'YYYYMM'), date_trunc('month', day::timestamptz), date_trunc('month', day::timestamptz) + interval '1 month',
               ' with (fillfactor = 80)'
        from (values ('usage_hourly_rollup'), ('usage_daily_rollup')) as rollups (parent)
    loop
        if to_regclass('analytics.' || part.child) is null then
            execute format('create table analytics.%I (like analytics.%I including all)%s', part.child, part.parent, part.storage);
            execute format('alter table analytics.%I attach partition analytics.%I for values from (%L) to (%L)',
                           part.parent, part.child, part.low, part.high);
            made := true;
        end if;
    end loop;
    return made;
end $$;

-- Adds the events of the session's temporary table batch_stage to the rollups, in the caller's transaction. Groups are taken in
-- key order, so two writers can not deadlock.
create function analytics.roll_up_stage() returns void
    language plpgsql
    as $$
begin
    insert into analytics.usage_hourly_rollup as rollup
    select org_id, date_trunc('hour', occurred_at, 'UTC'), model_id, client_id, status,
           count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents),
           string_agg(int8send(4096 | analytics.latency_bin(latency_ms)::bigint), ''),
           coalesce(string_agg(int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint), '')
                        filter (where time_to_first_token_ms is not null), '')
    from batch_stage
    group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
    on conflict (org_id, bucket_start, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents, rollup.cost_estimate_cents, excluded.cost_estimate_cents),
        -- The usual case of compact_bins in its place: calling the function for each row costs more than all the rest of it.
        latency_bins = case when length(rollup.latency_bins) + length(excluded.latency_bins) <= 8192
                            then rollup.latency_bins || excluded.latency_bins
                            else analytics.compact_bins(rollup.latency_bins || excluded.latency_bins) end,
        time_to_first_token_bins = case when length(rollup.time_to_first_token_bins) + length(excluded.time_to_first_token_bins) <= 8192
                            then rollup.time_to_first_token_bins || excluded.time_to_first_token_bins
                            else analytics.compact_bins(rollup.time_to_first_token_bins || excluded.time_to_first_token_bins) end;

    insert into analytics.usage_daily_rollup as rollup
    select org_id, date_trunc('day', occurred_at, 'UTC'), model_id, client_id, status,
           count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from batch_stage
    where occurred_at < (select open_from from analytics.usage_open_days)
    group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
    on conflict (org_id, bucket_start, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents, rollup.cost_estimate_cents, excluded.cost_estimate_cents);
end $$;

-- Adds up the days before the given one that are over, so that reading them costs a row a group. Takes the ingest lane's lock until the
-- transaction ends. Returns how many days that were.
create function analytics.close_days(before timestamptz) returns integer
    language plpgsql
    as $$
declare
    low timestamptz;
begin
    perform pg_advisory_xact_lock(analytics.ingest_lane());
    select open_from into low from analytics.usage_open_days;
    if before <= low then
        return 0;
    end if;
    perform analytics.ensure_day(day::date) from generate_series(low at time zone 'UTC', before at time zone 'UTC' - interval '1 day', interval '1 day') as day;
    insert into analytics.usage_daily_rollup
    select org_id, date_trunc('day', bucket_start, 'UTC'), model_id, client_id, status,
           sum(invocations), sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_hourly_rollup
    where bucket_start >= low and bucket_start < before
    group by 1, 2, 3, 4, 5;
    update analytics.usage_open_days set open_from = before;
    return extract(day from before - low)::integer;
end $$;

-- Recomputes the rollups of [low, high), whole UTC days, from the raw events. The caller holds the ingest lane's lock.
create function analytics.recompute_rollups(low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
begin
    -- Retention may have dropped the rollups of a day whose raw events are still there.
    perform analytics.ensure_day(day::date) from generate_series(low at time zone 'UTC', high at time zone 'UTC' - interval '1 day', interval '1 day') as day;
    delete from analytics.usage_hourly_rollup where bucket_start >= low and bucket_start < high;
    delete from analytics.usage_daily_rollup where bucket_start >= low and bucket_start < high;
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
    insert into analytics.usage_daily_rollup
    select org_id, date_trunc('day', bucket_start, 'UTC'), model_id, client_id, status,
           sum(invocations), sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_hourly_rollup
    where bucket_start >= low and bucket_start < least(high, (select open_from from analytics.usage_open_days))
    group by 1, 2, 3, 4, 5;
end $$;

-- Drops partitions that lie wholly before the given times; returns how many went.
create function analytics.purge(raw_before timestamptz, hourly_before timestamptz, daily_before timestamptz) returns integer
    language plpgsql
    set timezone = 'UTC'
    as $$
declare
    part    record;
    dropped integer := 0;
begin
    for part in
        select child.relname,
               (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz as upper_bound,
               case parent.relname when 'usage_events' then raw_before when 'usage_daily_rollup' then daily_before else hourly_before end as before
        from pg_inherits
        join pg_class child on child.oid = inhrelid
        join pg_class parent on parent.oid = inhparent
        where parent.oid in ('analytics.usage_events'::regclass, 'analytics.usage_hourly_rollup'::regclass, 'analytics.usage_daily_rollup'::regclass)
    loop
        if part.upper_bound <= part.before then
            execute format('drop table analytics.%I', part.relname);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end $$;

-- Nothing but analytics.purge drops data here.
create function analytics.follow_retention(raw interval, rollups interval) returns void
    language sql as $$ select $$;

-- Which of the given hours have stored events that the rollups do not show yet: none, they follow in the same transaction.
create function analytics.hours_behind(hours timestamptz[]) returns timestamptz[]
    language sql stable as $$ select '{}'::timestamptz[] $$;

select analytics.ensure_day((now() at time zone 'UTC')::date + ahead) from generate_series(-1, 7) as ahead;
