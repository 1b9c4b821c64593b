-- Flavour citus: what the migrations of flavour postgres have made, with events and rollups distributed by organisation (ADR 33).
-- Everything else stays on the coordinator. Functions that changed events and rollups are replaced by ones that Citus can send to
-- the workers as they are.

-- The number of shards bounds the number of workers, and each statement is planned once per shard. The default is for up to 4 workers;
-- alter database … set analytics.shard_count before the first migration chooses another.
select set_config('citus.shard_count', coalesce(nullif(current_setting('analytics.shard_count', true), ''), '8'), true);
-- What a transaction does on a worker becomes visible there at one moment: one connection per worker.
set local citus.multi_shard_modify_mode = 'sequential';
-- For the trigger that keeps the price book append-only.
set local citus.enable_unsafe_triggers = on;

select create_distributed_table('analytics.usage_events', 'org_id');
select create_distributed_table(rollup, 'org_id', colocate_with => 'analytics.usage_events')
from unnest(array['analytics.usage_hourly_rollup', 'analytics.usage_daily_rollup', 'analytics.usage_user_hourly_rollup',
                  'analytics.usage_user_daily_rollup', 'analytics.ingest_guard']::regclass[]) as rollup;
-- Read by statements that run on the workers, and rarely written.
select create_reference_table('analytics.usage_open_days');
select create_reference_table('analytics.model_prices');
-- Made before their tables were shared, and needed on the workers.
select create_distributed_function(oid::regprocedure)
from pg_proc
where pronamespace = 'analytics'::regnamespace and proname in ('event_cost', 'latency_bin', 'unpack_bins', 'compact_bins');

-- A batch's events, next to those that are stored. No other transaction reads them, and a crash may lose them.
create unlogged table analytics.ingest_stage (
    seq integer not null,
    like analytics.usage_events
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index ingest_stage_batch on analytics.ingest_stage (batch_id, seq);
select create_distributed_table('analytics.ingest_stage', 'org_id', colocate_with => 'analytics.usage_events');

-- A row that no look-up of guards finds is that of an organisation whose first batch is in doubt. Such a batch has changed this row,
-- which is on each node.
create table analytics.ingest_gate (
    only_row boolean primary key default true check (only_row),
    passes   bigint not null
) with (fillfactor = 10);
insert into analytics.ingest_gate (passes) values (0);
select create_reference_table('analytics.ingest_gate');

comment on table analytics.ingest_gate is 'What is changed together with guards that are new; flavour citus only';
comment on column analytics.ingest_gate.only_row is 'So that there is one row';
comment on column analytics.ingest_gate.passes is 'How often it was changed';
comment on table analytics.ingest_guard is 'The last batch of each organisation; flavour citus only';
comment on column analytics.ingest_guard.org_id is 'The organisation';
comment on column analytics.ingest_guard.batch_id is 'The last batch that held an event of it';

-- Waits for those that came through before and whose commit has not reached every worker yet. The caller's limit holds on the workers,
-- too; without one, the wait ends after the recovery that it is for.
create function analytics.pass_gate() returns void
    language plpgsql
    as $$
begin
    set local citus.propagate_set_commands = 'local';
    execute format('set local lock_timeout = %L', coalesce(nullif(current_setting('lock_timeout'), '0'), '90s'));
    update analytics.ingest_gate set passes = passes + 1;
end $$;

-- Waits for batches whose commit has not reached every worker yet, too: those of organisations that are known by their guards, and the
-- first ones of others by the gate.
create or replace function analytics.enter_lane_alone() returns void
    language plpgsql
    set citus.multi_shard_modify_mode = 'sequential'
    as $$
begin
    perform pg_advisory_xact_lock(analytics.ingest_lane());
    perform set_config('analytics.in_lane', 'on', true);
    perform analytics.pass_gate();
    update analytics.ingest_guard set batch_id = batch_id;
end $$;

-- Whether a worker has not shown yet what was committed before the call. A commit that is under way takes some milliseconds.
create function analytics.has_commit_in_doubt() returns boolean
    language plpgsql
    as $$
declare
    doubtful text[];
    found    text[];
begin
    for look in 1..5 loop
        select array_agg(gid) into found
        from run_command_on_workers($workers$
                 select coalesce(string_agg(gid, ' '), '') from pg_prepared_xacts
                 where database = current_database() and gid like 'citus\_%'
             $workers$),
             -- Nothing is known of a worker that does not answer.
             regexp_split_to_table(case when success then result else nodename || ':' || nodeport end, ' ') as gid
        where gid <> '';
        doubtful := case when look = 1 then found
                         else array(select unnest(doubtful) intersect select unnest(found)) end;
        if coalesce(cardinality(doubtful), 0) = 0 then
            return false;
        end if;
        perform pg_sleep(0.05);
    end loop;
    return true;
end $$;

-- Writes the guards of the staged batch's organisations, of which there are so many.
create function analytics.guard_batch(batch bigint, orgs integer) returns void
    language plpgsql
    as $$
declare
    known integer;
begin
    update analytics.ingest_guard as guard set batch_id = batch
    from (select distinct org_id from analytics.ingest_stage where batch_id = batch) as staged
    where guard.org_id = staged.org_id;
    get diagnostics known = row_count;
    if known < orgs then
        perform analytics.pass_gate();
        insert into analytics.ingest_guard as guard (org_id, batch_id)
        select distinct org_id, batch_id from analytics.ingest_stage staged where staged.batch_id = batch
        on conflict (org_id) do update set batch_id = excluded.batch_id;
    end if;
end $$;

-- Prices the staged events of the batch that brought no cost, as price_of() says.
create function analytics.price_batch(batch bigint) returns void
    language plpgsql
    as $$
begin
    if not exists (select from analytics.model_prices) then
        return;
    end if;
    update analytics.ingest_stage staged
    set cost_estimate_cents = analytics.event_cost(price, staged.input_tokens, staged.output_tokens, staged.cache_read_input_tokens,
                                                   staged.cache_write_input_tokens, staged.cache_write_1h_input_tokens),
        priced_by = price.price_id
    -- A row of the table itself has another type on a worker.
    from (select * from analytics.model_prices) price
    where staged.batch_id = batch and staged.cost_estimate_cents is null
      and price.price_id = (
          select price_id from analytics.model_prices
          where model_id = staged.model_id and valid_from <= staged.occurred_at
            and (service_tier is null or service_tier = staged.service_tier)
            and (context_window is null or context_window = staged.context_window)
          order by service_tier is null, context_window is null, valid_from desc, version desc
          limit 1)
      and analytics.event_cost(price, staged.input_tokens, staged.output_tokens, staged.cache_read_input_tokens,
                               staged.cache_write_input_tokens, staged.cache_write_1h_input_tokens) is not null;
end $$;

-- Adds the staged events of the batch to the rollups, those by user included, and unbuilds the days of time zones that contain late
-- events. Groups are taken in key order. Here no groups are appended first and folded later: a statement that moves rows between two
-- distributed tables does not exist.
create function analytics.roll_up_batch(batch bigint) returns void
    language plpgsql
    as $$
declare
    late_orgs  uuid[];
    late_hours timestamptz[];
begin
    insert into analytics.usage_hourly_rollup as rollup
    select org_id, date_trunc('hour', occurred_at, 'UTC'), model_id, client_id, status, count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents),
           string_agg(int8send(4096 | analytics.latency_bin(latency_ms)::bigint), ''),
           coalesce(string_agg(int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint), '')
                        filter (where time_to_first_token_ms is not null), '')
    from analytics.ingest_stage
    where batch_id = batch
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
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents),
        latency_bins = case when length(rollup.latency_bins) + length(excluded.latency_bins) <= 8192
                then rollup.latency_bins || excluded.latency_bins
                else analytics.compact_bins(rollup.latency_bins || excluded.latency_bins) end,
        time_to_first_token_bins = case when length(rollup.time_to_first_token_bins) + length(excluded.time_to_first_token_bins) <= 8192
                then rollup.time_to_first_token_bins || excluded.time_to_first_token_bins
                else analytics.compact_bins(rollup.time_to_first_token_bins || excluded.time_to_first_token_bins) end;

    insert into analytics.usage_daily_rollup as rollup
    select org_id, date_trunc('day', occurred_at, 'UTC'), model_id, client_id, status, count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.ingest_stage
    where batch_id = batch and occurred_at < (select open_from from analytics.usage_open_days)
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
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents);

    insert into analytics.usage_user_hourly_rollup as rollup
    select org_id, actor_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.ingest_stage
    where batch_id = batch
    group by 1, 2, 3, 4, 5, 6
    order by 1, 6, 2, 3, 4, 5
    on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents);

    insert into analytics.usage_user_daily_rollup as rollup
    select org_id, actor_id, model_id, client_id, status, date_trunc('day', occurred_at, 'UTC'), count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.ingest_stage
    where batch_id = batch and occurred_at < (select open_from from analytics.usage_open_days)
    group by 1, 2, 3, 4, 5, 6
    order by 1, 6, 2, 3, 4, 5
    on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents);

    -- A span that becomes known from here on must find this transaction among those that its build waits for.
    perform pg_current_xact_id();
    select array_agg(org_id), array_agg(hour) into late_orgs, late_hours
    from (select distinct org_id, date_trunc('hour', occurred_at, 'UTC') as hour
          from analytics.ingest_stage
          where batch_id = batch and occurred_at < now() - interval '1 hour') as late;
    update analytics.local_spans as span set built = false
    from unnest(late_orgs, late_hours) as late (org_id, hour)
    where span.org_id = late.org_id and span_start < hour + interval '1 hour' and span_start > hour - interval '26 hours'
      and span_end > hour;
end $$;

-- For a session that has stored what is in its own table batch_stage, as batches of the other flavours do.
create or replace function analytics.roll_up_stage() returns void
    language plpgsql
    set citus.max_adaptive_executor_pool_size = 1
    set citus.multi_shard_modify_mode = 'sequential'
    as $$
declare
    batch bigint := nextval('analytics.ingestion_batch_id');
begin
    insert into analytics.ingest_stage (seq, event_id, org_id, actor_id, model_id, client_id, occurred_at, received_at, input_tokens,
        output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, latency_ms,
        time_to_first_token_ms, status, cost_estimate_cents, batch_id)
    select 0, event_id, org_id, actor_id, model_id, client_id, occurred_at, received_at, input_tokens,
        output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, latency_ms,
        time_to_first_token_ms, status, cost_estimate_cents, batch
    from batch_stage;
    perform analytics.guard_batch(batch, (select count(distinct org_id)::integer from batch_stage));
    perform analytics.roll_up_batch(batch);
    delete from analytics.ingest_stage where batch_id = batch;
end $$;

create or replace view analytics.usage_user_hourly as
select org_id, user_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens,
       output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
from analytics.usage_user_hourly_rollup;

create or replace view analytics.usage_user_daily as
select org_id, user_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens,
       output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
from analytics.usage_user_daily_rollup
where bucket_start < (select open_from from analytics.usage_open_days)
union all
select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC') as bucket_start, sum(invocations)::bigint as invocations,
       sum(unpriced_invocations)::bigint as unpriced_invocations, sum(input_tokens) as input_tokens,
       sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
       sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from analytics.usage_user_hourly_rollup
where bucket_start >= (select open_from from analytics.usage_open_days)
group by org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC');

-- Nothing is ever pending.
create or replace function analytics.fold_user_usage(groups_max integer) returns integer
    language sql as $$ select 0 $$;

-- A batch upserts into the rollups by user, so their months must be there as well. Behind the gate, every partition that others have
-- made is there on all workers: while its creation is in doubt, rows are refused as if nothing would ever take them. In the lane the
-- caller has come through the gate, and must have made the partitions before: Citus lets a transaction that has changed rows as one
-- user change no table as another.
alter function analytics.ensure_day(date) rename to ensure_day_by_group;
create function analytics.ensure_day(day date) returns boolean
    language plpgsql
    set timezone = 'UTC'
    as $$
declare
    made boolean;
begin
    if current_setting('analytics.in_lane', true) is distinct from 'on' then
        perform analytics.pass_gate();
    end if;
    made := analytics.ensure_day_by_group(day);
    perform analytics.ensure_user_months(day::timestamptz, day::timestamptz);
    return made;
end $$;
select analytics.ensure_user_months(now() - interval '1 day', now() + interval '7 days');

create or replace function analytics.recompute_user_rollups(low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
declare
    first_day timestamptz := date_trunc('day', low, 'UTC');
    days_end  timestamptz := date_trunc('day', high - interval '1 microsecond', 'UTC') + interval '24 hours';
begin
    perform analytics.user_rollup_lock();
    perform analytics.ensure_user_months(first_day, days_end - interval '1 microsecond');
    delete from analytics.usage_user_hourly_rollup where bucket_start >= low and bucket_start < high;
    insert into analytics.usage_user_hourly_rollup
    select org_id, actor_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), count(*), count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_events
    where occurred_at >= low and occurred_at < high
    group by 1, 2, 3, 4, 5, 6;
    perform analytics.add_up_user_days(first_day, days_end);
end $$;

-- The user's groups join those without a user.
create or replace function analytics.erase_user_from_rollups(erased uuid, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
begin
    perform analytics.user_rollup_lock();
    update analytics.usage_events set actor_id = null where actor_id = erased and occurred_at >= low and occurred_at < high;
    insert into analytics.usage_user_hourly_rollup as rollup
    select org_id, null::uuid, model_id, client_id, status, bucket_start, sum(invocations), sum(unpriced_invocations), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_user_hourly_rollup
    where user_id = erased and bucket_start >= low and bucket_start < high
    group by 1, 2, 3, 4, 5, 6
    order by 1, 6, 2, 3, 4, 5
    on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents);
    delete from analytics.usage_user_hourly_rollup where user_id = erased and bucket_start >= low and bucket_start < high;
    insert into analytics.usage_user_daily_rollup as rollup
    select org_id, null::uuid, model_id, client_id, status, bucket_start, sum(invocations), sum(unpriced_invocations), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_user_daily_rollup
    where user_id = erased and bucket_start >= low and bucket_start < high
    group by 1, 2, 3, 4, 5, 6
    order by 1, 6, 2, 3, 4, 5
    on conflict (org_id, bucket_start, user_id, model_id, client_id, status) do update set
        invocations = rollup.invocations + excluded.invocations,
        unpriced_invocations = rollup.unpriced_invocations + excluded.unpriced_invocations,
        input_tokens = rollup.input_tokens + excluded.input_tokens,
        output_tokens = rollup.output_tokens + excluded.output_tokens,
        cache_read_input_tokens = rollup.cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = rollup.cache_write_input_tokens + excluded.cache_write_input_tokens,
        cache_write_1h_input_tokens = rollup.cache_write_1h_input_tokens + excluded.cache_write_1h_input_tokens,
        cost_estimate_cents = coalesce(rollup.cost_estimate_cents + excluded.cost_estimate_cents,
                                       rollup.cost_estimate_cents, excluded.cost_estimate_cents);
    delete from analytics.usage_user_daily_rollup where user_id = erased and bucket_start >= low and bucket_start < high;
    return false;
end $$;

-- The organisation's guard comes first: behind it, the events of every batch that has committed are visible. A batch that has
-- inserted it and is in doubt is found by the key alone.
alter function analytics.build_local_span(uuid, text, timestamptz, timestamptz) rename to build_local_span_behind_guard;
create function analytics.build_local_span(org uuid, of_kind text, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
begin
    insert into analytics.ingest_guard as guard (org_id, batch_id) values (org, 0)
    on conflict (org_id) do update set batch_id = guard.batch_id;
    return analytics.build_local_span_behind_guard(org, of_kind, low, high);
end $$;

-- A statement that reads a distributed table may call a function that reads local tables only if that is not inlined.
do $$ begin
    execute replace(pg_get_functiondef('analytics.provider_org(text, date, text, text)'::regprocedure),
                    'analytics.provider_org(', 'analytics.provider_org_inlined(');
end $$;
create or replace function analytics.provider_org(org text, day date, workspace text, api_key text)
    returns table (org_id uuid, mapped_by text)
    language plpgsql stable
    as $$ begin return query select * from analytics.provider_org_inlined(org, day, workspace, api_key); end $$;

-- The price book is on each node, so these are not inlined either.
create or replace function analytics.price_of(model uuid, at timestamptz, tier text, context text)
    returns setof analytics.model_prices
    language plpgsql stable
    as $$
begin
    return query
    select * from analytics.model_prices
    where model_id = model and valid_from <= at and (service_tier is null or service_tier = tier)
      and (context_window is null or context_window = context)
    order by service_tier is null, context_window is null, valid_from desc, version desc
    limit 1;
end $$;

-- A partition has its bytes on the workers.
do $$ begin
    execute replace(pg_get_functiondef('analytics.index_past_events(timestamptz)'::regprocedure),
                    'pg_relation_size(', 'citus_relation_size(');
end $$;

-- One connection per worker, as above.
do $sequential$
declare
    routine regprocedure;
begin
    foreach routine in array array[
        'analytics.ensure_day(date)', 'analytics.ensure_user_months(timestamptz, timestamptz)',
        'analytics.index_past_events(timestamptz)', 'analytics.purge(timestamptz, timestamptz, timestamptz)',
        'analytics.close_days(timestamptz)', 'analytics.recompute_rollups(timestamptz, timestamptz)',
        'analytics.recompute_user_rollups(timestamptz, timestamptz)', 'analytics.erase_user(uuid, timestamptz, timestamptz)'
    ]::regprocedure[] loop
        execute format('alter function %s set citus.multi_shard_modify_mode = sequential', routine);
    end loop;
end $sequential$;
