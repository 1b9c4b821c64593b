-- Excludes every batch until the transaction ends. What all batches before it have stored is visible to the statements behind it. A
-- storage flavour may have more to wait for than the lock.
create function analytics.enter_lane_alone() returns void
    language plpgsql
    as $$ begin perform pg_advisory_xact_lock(analytics.ingest_lane()); end $$;
