-- Takes a user's id out of the raw events and the rollups by user of [low, high), a UTC day. Its figures join those of events without a
-- user, so that no sum changes. The caller holds the ingest lane's lock. Returns whether rollups have to be recomputed: then each group
-- is one row again. Where the raw events are gone, the rows stay apart, and views that add them up show the same sums.
create function analytics.erase_user(erased uuid, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
declare
    materialized record;
begin
    update analytics.usage_events set actor_id = null where actor_id = erased and occurred_at >= low and occurred_at < high;
    for materialized in
        select materialization_hypertable_schema as schema_name, materialization_hypertable_name as table_name
        from timescaledb_information.continuous_aggregates
        where view_schema = 'analytics' and view_name in ('usage_user_hourly', 'usage_user_daily')
    loop
        execute format('update %I.%I set user_id = null where user_id = $1 and bucket_start >= $2 and bucket_start < $3',
                       materialized.schema_name, materialized.table_name)
        using erased, low, high;
    end loop;
    return true;
end $$;
