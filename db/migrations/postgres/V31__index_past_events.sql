-- Where a day of a time zone begins within a UTC hour, rollups cannot tell the two sides of that hour apart, and its raw events are read.
-- Days that are over get an index for it: most events are in by then, so ingest does not pay for each of them.

-- Makes the index of one day that ended before the given time and has none, the latest first; returns whether it made one. Late events
-- of that day wait meanwhile.
create function analytics.index_past_events(before timestamptz) returns boolean
    language plpgsql
    set timezone = 'UTC'
    as $$
declare
    part name;
begin
    -- Another replica is doing it.
    if not pg_try_advisory_xact_lock(hashtext('analytics.index_past_events')) then
        return false;
    end if;
    select child.relname into part
    from pg_inherits
    join pg_class child on child.oid = inhrelid
    where inhparent = 'analytics.usage_events'::regclass
      and (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz <= before
      and to_regclass(format('analytics.%I', child.relname || '_org_time')) is null
    order by child.relname desc
    limit 1;
    if part is null then
        return false;
    end if;
    execute format('create index %I on analytics.%I (org_id, occurred_at)', part || '_org_time', part);
    return true;
end $$;
