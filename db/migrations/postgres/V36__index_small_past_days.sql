-- A large day is indexed with `create index concurrently`, which no function can run. Where the service may not do that, as it does
-- not own the events, this function indexes the small ones, so that late events wait for a moment and not for minutes.

-- A function that is replaced loses what db/roles.sql has set for it.
select set_config('analytics.index_past_events_by_owner', prosecdef::text, true)
from pg_proc where proname = 'index_past_events' and pronamespace = 'analytics'::regnamespace;

-- Makes the index of one day of at most 64 MB that ended before the given time and has none, the latest first; returns whether it
-- made one. Gives up at once while somebody stores events of that day, as others would queue behind.
create or replace function analytics.index_past_events(before timestamptz) returns boolean
    language plpgsql
    set timezone = 'UTC'
    set lock_timeout = '100ms'
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
      and pg_relation_size(child.oid) <= 64 * 1024 * 1024
    order by child.relname desc
    limit 1;
    if part is null then
        return false;
    end if;
    execute format('create index %I on analytics.%I (org_id, occurred_at)', part || '_org_time', part);
    return true;
exception
    when lock_not_available then
        return false;
end $$;

do $$ begin
    if current_setting('analytics.index_past_events_by_owner') = 'true' then
        alter function analytics.index_past_events(timestamptz) security definer;
        alter function analytics.index_past_events(timestamptz) set search_path = pg_catalog, pg_temp;
    end if;
end $$;
