-- Usage by user of a day that is still open is added up from its hours, as usage_daily does. Before, the
-- fold touched a row of the day, too, for each group: a third of its cost, for rows that are
-- not needed until the day is over.

create or replace view analytics.usage_user_daily as
select org_id, user_id, model_id, client_id, status, bucket_start, sum(invocations)::bigint as invocations,
       sum(unpriced_invocations)::bigint as unpriced_invocations, sum(input_tokens) as input_tokens,
       sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
       sum(cache_write_input_tokens) as cache_write_input_tokens,
       sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
from (select * from analytics.usage_user_daily_rollup
      where bucket_start < (select open_from from analytics.usage_open_days)
      union all
      select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), invocations, unpriced_invocations,
             input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens,
             cost_estimate_cents
      from analytics.usage_user_hourly_rollup
      where bucket_start >= (select open_from from analytics.usage_open_days)
      union all
      select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), invocations, unpriced_invocations,
             input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens,
             cost_estimate_cents
      from analytics.usage_user_pending) as parts
group by org_id, user_id, model_id, client_id, status, bucket_start;

-- Folds at most so many pending groups into the rollups; returns how many. Days are open or closed by one
-- snapshot: who closes them holds the same lock.
create or replace function analytics.fold_user_usage(groups_max integer) returns integer
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
        where bucket_start < (select open_from from analytics.usage_open_days)
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

-- Writes the days by user of [low, high), whole UTC days, from their hours. The caller holds the lock of the rollups by user.
create function analytics.add_up_user_days(low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
begin
    delete from analytics.usage_user_daily_rollup where bucket_start >= low and bucket_start < high;
    insert into analytics.usage_user_daily_rollup
    select org_id, user_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), sum(invocations),
           sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
           sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
    from analytics.usage_user_hourly_rollup
    where bucket_start >= low and bucket_start < least(high, (select open_from from analytics.usage_open_days))
    group by 1, 2, 3, 4, 5, 6;
end $$;

-- Closes the days before the given one with their groups by user, in the ingest lane. Returns how many days that were.
alter function analytics.close_days(timestamptz) rename to close_days_by_group;
create function analytics.close_days(before timestamptz) returns integer
    language plpgsql
    as $$
declare
    closed integer := analytics.close_days_by_group(before);
    low    timestamptz := before - closed * interval '24 hours';
begin
    if closed > 0 then
        perform analytics.user_rollup_lock();
        perform analytics.ensure_user_months(low, before - interval '1 microsecond');
        perform analytics.add_up_user_days(low, before);
    end if;
    return closed;
end $$;

-- Recomputes the rollups by user of [low, high), whole UTC hours, from the raw events, and adds up the closed days of those hours
-- again. The caller holds the ingest lane's lock.
create or replace function analytics.recompute_user_rollups(low timestamptz, high timestamptz) returns void
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
    perform analytics.add_up_user_days(first_day, days_end);
end $$;

-- What was added up of days that are open still.
delete from analytics.usage_user_daily_rollup where bucket_start >= (select open_from from analytics.usage_open_days);
