-- Rollups by user. A batch appends its groups to a table without an index, in its own transaction. The rollup worker folds them into
-- the rollups every few seconds. A group that many batches touch costs one upsert then, and none in the ingest lane. The views add up
-- both, so they are exact at every moment.
--
-- An event without a user is a group of its own: user_id is null there, which no id can collide with.

create table analytics.usage_user_pending (
    org_id                      uuid not null,
    user_id                     uuid,
    model_id                    uuid not null,
    client_id                   text not null,
    status                      text not null,
    bucket_start                timestamptz not null,
    invocations                 bigint not null,
    unpriced_invocations        bigint not null,
    input_tokens                numeric not null,
    output_tokens               numeric not null,
    cache_read_input_tokens     numeric not null,
    cache_write_input_tokens    numeric not null,
    cache_write_1h_input_tokens numeric not null,
    cost_estimate_cents         numeric
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0,
        autovacuum_vacuum_insert_threshold = -1);

create table analytics.usage_user_hourly_rollup (like analytics.usage_user_pending) partition by range (bucket_start);
create unique index usage_user_hourly_rollup_group on analytics.usage_user_hourly_rollup
    (org_id, bucket_start, user_id, model_id, client_id, status) nulls not distinct;

create table analytics.usage_user_daily_rollup (like analytics.usage_user_pending) partition by range (bucket_start);
create unique index usage_user_daily_rollup_group on analytics.usage_user_daily_rollup
    (org_id, bucket_start, user_id, model_id, client_id, status) nulls not distinct;

create view analytics.usage_user_hourly as
select org_id, user_id, model_id, client_id, status, bucket_start, sum(invocations)::bigint as invocations,
       sum(unpriced_invocations)::bigint as unpriced_invocations, sum(input_tokens) as input_tokens,
       sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
       sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from (select * from analytics.usage_user_hourly_rollup union all select * from analytics.usage_user_pending) as parts
group by org_id, user_id, model_id, client_id, status, bucket_start;

create view analytics.usage_user_daily as
select org_id, user_id, model_id, client_id, status, bucket_start, sum(invocations)::bigint as invocations,
       sum(unpriced_invocations)::bigint as unpriced_invocations, sum(input_tokens) as input_tokens,
       sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
       sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from (select * from analytics.usage_user_daily_rollup
      union all
      select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), invocations, unpriced_invocations,
             input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens,
             cost_estimate_cents
      from analytics.usage_user_pending) as parts
group by org_id, user_id, model_id, client_id, status, bucket_start;

-- Makes the partitions of the months of [low, high] if they are missing, apart and attached after, as analytics.ensure_day does.
create function analytics.ensure_user_months(low timestamptz, high timestamptz) returns void
    language plpgsql
    set timezone = 'UTC'
    as $$
declare
    part record;
begin
    for part in
        select parent, parent || '_' || to_char(month, 'YYYYMM') as child, month, month + interval '1 month' as next_month
        from (values ('usage_user_hourly_rollup'), ('usage_user_daily_rollup')) as rollups (parent),
             generate_series(date_trunc('month', low), high, interval '1 month') as month
    loop
        if to_regclass('analytics.' || part.child) is not null then
            continue;
        end if;
        perform pg_advisory_xact_lock(hashtext('analytics.ensure_day'));
        if to_regclass('analytics.' || part.child) is null then
            execute format('create table analytics.%I (like analytics.%I including all) with (fillfactor = 80)', part.child, part.parent);
            execute format('alter table analytics.%I attach partition analytics.%I for values from (%L) to (%L)',
                           part.parent, part.child, part.month, part.next_month);
        end if;
    end loop;
end $$;

-- A session needs it to move rows from pending to the rollups, or to replace both. The writers that append do not need it.
create function analytics.user_rollup_lock() returns void
    language sql as $$ select pg_advisory_xact_lock(hashtext('analytics.usage_user_pending')) $$;

-- Folds at most so many pending groups into the rollups; returns how many.
create function analytics.fold_user_usage(groups_max integer) returns integer
    language plpgsql
    as $$
declare
    folded integer;
begin
    perform analytics.user_rollup_lock();
    perform analytics.ensure_user_months(month, month)
    from (select distinct date_trunc('month', bucket_start, 'UTC') as month from analytics.usage_user_pending) as months;
    with moved as (
        delete from analytics.usage_user_pending
        where ctid = any (array(select ctid from analytics.usage_user_pending limit groups_max))
        returning *
    ), hours as (
        select org_id, user_id, model_id, client_id, status, bucket_start, sum(invocations) as invocations,
               sum(unpriced_invocations) as unpriced_invocations, sum(input_tokens) as input_tokens,
               sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
               sum(cache_write_input_tokens) as cache_write_input_tokens,
               sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
        from moved
        group by org_id, user_id, model_id, client_id, status, bucket_start
    ), folded_hours as (
        insert into analytics.usage_user_hourly_rollup as rollup
        select * from hours order by org_id, bucket_start, user_id, model_id, client_id, status
        on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
            invocations = rollup.invocations + excluded.invocations,
            unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
            input_tokens = rollup.input_tokens + excluded.input_tokens,
            output_tokens = rollup.output_tokens + excluded.output_tokens,
            cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
            cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
            cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
            cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents, rollup.cost_estimate_cents, excluded.cost_estimate_cents)
    ), folded_days as (
        insert into analytics.usage_user_daily_rollup as rollup
        select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC') as bucket_start, sum(invocations),
               sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
               sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
        from hours
        group by org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC')
        order by org_id, bucket_start, user_id, model_id, client_id, status
        on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
            invocations = rollup.invocations + excluded.invocations,
            unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
            input_tokens = rollup.input_tokens + excluded.input_tokens,
            output_tokens = rollup.output_tokens + excluded.output_tokens,
            cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
            cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
            cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
            cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents, rollup.cost_estimate_cents, excluded.cost_estimate_cents)
    )
    select count(*) into folded from moved;
    return folded;
end $$;

-- The groups of raw events by user and hour. One place for the batch, the repair and the first fill.
create function analytics.group_user_usage(low timestamptz, high timestamptz) returns setof analytics.usage_user_pending
    language sql stable
    as $$ select org_id, actor_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), count(*),
                 count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
                 sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens),
                 sum(cost_estimate_cents)
          from analytics.usage_events
          where occurred_at >= low and occurred_at < high
          group by 1, 2, 3, 4, 5, 6 $$;

-- What batches call keeps its name, so that a replica of the version before keeps these rollups too.
alter function analytics.roll_up_stage() rename to roll_up_stage_by_group;
create function analytics.roll_up_stage() returns void
    language plpgsql
    as $$
begin
    perform analytics.roll_up_stage_by_group();
    insert into analytics.usage_user_pending
    select org_id, actor_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), count(*),
           count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from batch_stage
    group by 1, 2, 3, 4, 5, 6;
end $$;

-- Recomputes the rollups by user of [low, high), whole UTC hours, from the raw events, and adds up the days of those hours again. The
-- caller holds the ingest lane's lock.
create function analytics.recompute_user_rollups(low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
declare
    first_day timestamptz := date_trunc('day', low, 'UTC');
    days_end  timestamptz := date_trunc('day', high - interval '1 microsecond', 'UTC') + interval '24 hours';
begin
    perform analytics.user_rollup_lock();
    perform analytics.ensure_user_months(first_day, days_end - interval '1 microsecond');
    -- Of the days' other hours nothing may be pending either: it would be added to the days twice.
    while analytics.fold_user_usage(100000) > 0 loop
    end loop;
    delete from analytics.usage_user_hourly_rollup where bucket_start >= low and bucket_start < high;
    insert into analytics.usage_user_hourly_rollup select * from analytics.group_user_usage(low, high);
    delete from analytics.usage_user_daily_rollup where bucket_start >= first_day and bucket_start < days_end;
    insert into analytics.usage_user_daily_rollup
    select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), sum(invocations),
           sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_user_hourly_rollup
    where bucket_start >= first_day and bucket_start < days_end
    group by 1, 2, 3, 4, 5, 6;
end $$;

create or replace function analytics.purge(raw_before timestamptz, hourly_before timestamptz, daily_before timestamptz) returns integer
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
               case when parent.relname = 'usage_events' then raw_before
                    when parent.relname in ('usage_daily_rollup', 'usage_user_daily_rollup') then daily_before
                    else hourly_before end as before
        from pg_inherits
        join pg_class child on child.oid = inhrelid
        join pg_class parent on parent.oid = inhparent
        where parent.oid in ('analytics.usage_events'::regclass, 'analytics.usage_hourly_rollup'::regclass,
                             'analytics.usage_daily_rollup'::regclass, 'analytics.usage_user_hourly_rollup'::regclass,
                             'analytics.usage_user_daily_rollup'::regclass)
    loop
        if part.upper_bound <= part.before then
            execute format('drop table analytics.%I', part.relname);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end $$;

-- What is stored already. The writers wait in the lane meanwhile, so that no batch is missed or counted twice.
do $$
declare
    day timestamptz;
begin
    perform pg_advisory_xact_lock(analytics.ingest_lane());
    for day in
        select date_trunc('day', bucket_start, 'UTC') as day from analytics.usage_hourly_rollup group by 1 order by 1
    loop
        perform analytics.recompute_user_rollups(day, day + interval '24 hours');
    end loop;
end $$;
