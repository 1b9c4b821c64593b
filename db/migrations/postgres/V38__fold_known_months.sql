-- Folds at most so many pending groups into the rollups; returns how many. The writers append meanwhile: a group of a month that was
-- not pending when the months were made is left for the next fold. Before, it had no partition, and the whole fold failed.
create or replace function analytics.fold_user_usage(groups_max integer) returns integer
    language plpgsql
    as $$
declare
    months timestamptz[];
    folded integer;
begin
    perform analytics.user_rollup_lock();
    months := array(select distinct date_trunc('month', bucket_start, 'UTC') from analytics.usage_user_pending);
    perform analytics.ensure_user_months(month, month) from unnest(months) as month;
    with moved as (
        delete from analytics.usage_user_pending
        where ctid = any (array(select ctid from analytics.usage_user_pending
                                where date_trunc('month', bucket_start, 'UTC') = any (months)
                                limit groups_max))
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
