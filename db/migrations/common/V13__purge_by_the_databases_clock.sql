-- Drops what is older than the given times by the caller's clock and by that of the database: one that runs ahead drops nothing early.
-- Returns how many partitions or chunks went.
create function analytics.purge_older(caller_now timestamptz, raw interval, rollups interval) returns integer
    language sql
    set timezone = 'UTC'
    as $$ select analytics.purge(least(caller_now, now()) - raw, least(caller_now, now()) - rollups, least(caller_now, now()) - rollups) $$;
