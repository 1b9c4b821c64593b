-- Takes a user's id out of the raw events and the rollups by user of [low, high), a UTC day. Its figures join those of events without a
-- user, so that no sum changes. The caller holds the ingest lane's lock. Returns whether rollups have to be recomputed: they need not be.
create function analytics.erase_user(erased uuid, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
begin
    perform analytics.user_rollup_lock();
    update analytics.usage_events set actor_id = null where actor_id = erased and occurred_at >= low and occurred_at < high;
    -- As they were appended, so that the next fold adds them to the hour and the day.
    update analytics.usage_user_pending set user_id = null where user_id = erased and bucket_start >= low and bucket_start < high;
    delete from analytics.usage_user_daily_rollup where user_id = erased and bucket_start >= low and bucket_start < high;
    with moved as (
        delete from analytics.usage_user_hourly_rollup where user_id = erased and bucket_start >= low and bucket_start < high
        returning org_id, null::uuid, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens,
                  output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
    )
    insert into analytics.usage_user_pending select * from moved;
    return false;
end $$;
