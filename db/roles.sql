-- Separate database roles. A superuser (or an owner of the database with CREATEROLE) runs this file
-- with psql: once before the first `analytics migrate`, and again after each migration. It may be
-- repeated.
--
--   analytics_migrator  owns the schema: DATABASE_URL of `analytics migrate`
--   analytics_service   serves: DATABASE_URL of the service; adds rows to the audit log, and can
--                       neither change nor remove them
--   analytics_reader    a group for dashboard readers: sees only the views of schema
--                       analytics_dashboard, and there only the organisations that
--                       analytics_dashboard.readers gives to the role that has logged in
--
-- The roles have no password: set one (\password analytics_service), or use another way to log in.
-- For a reader:
--   create role grafana_acme login in role analytics_reader;
--   insert into analytics_dashboard.readers values ('grafana_acme', '<organisation>');

-- Flavour citus: rights reach the tables of all nodes in one transaction. Other servers ignore the setting.
set citus.multi_shard_modify_mode = 'sequential';

do $roles$
declare
    name text;
begin
    foreach name in array array['analytics_migrator', 'analytics_service', 'analytics_reader', 'analytics_storage'] loop
        if to_regrole(name) is null then
            execute format('create role %I', name);
        end if;
    end loop;
    alter role analytics_migrator login;
    alter role analytics_service login;
    execute format('grant connect, create, temporary on database %I to analytics_migrator', current_database());
    execute format('grant connect, temporary on database %I to analytics_service', current_database());
    execute format('grant connect on database %I to analytics_reader', current_database());
    execute format('revoke temporary on database %I from public', current_database());
end $roles$;

do $rights$
declare
    item record;
begin
    if to_regclass('analytics.audit_log') is null then
        raise notice 'the schema is not there yet: run `analytics migrate` as analytics_migrator, then this file again';
        return;
    end if;

    -- If another role migrated before these roles existed: the migrator owns the relations from now
    -- on.
    for item in
        select c.oid::regclass as relation, case c.relkind when 'v' then 'view' when 'S' then 'sequence' when 'm' then 'materialized view' else 'table' end as kind
        from pg_class c
        where relnamespace in ('analytics'::regnamespace, 'nonfinancial'::regnamespace) and relkind in ('r', 'p', 'v', 'S', 'm')
          and relowner <> 'analytics_migrator'::regrole and relowner <> 'analytics_storage'::regrole
          -- A sequence of an identity column follows its table.
          and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype in ('i', 'a') and relkind = 'S')
    loop
        execute format('alter %s %s owner to analytics_migrator', item.kind, item.relation);
    end loop;
    for item in
        select p.oid::regprocedure as routine from pg_proc p
        where pronamespace = 'analytics'::regnamespace and proowner <> 'analytics_migrator'::regrole
    loop
        execute format('alter routine %s owner to analytics_migrator', item.routine);
    end loop;
    alter schema analytics owner to analytics_migrator;
    alter schema nonfinancial owner to analytics_migrator;

    grant usage on schema analytics, nonfinancial to analytics_service;
    grant select, insert, update, delete on all tables in schema analytics to analytics_service;
    grant select, insert, update, delete on all tables in schema nonfinancial to analytics_service;
    grant usage, select on all sequences in schema analytics to analytics_service;

    -- The history of the schema is read only, and rows of the audit log are only added.
    revoke insert, update, delete, truncate on analytics.flyway_schema_history from analytics_service;
    for item in
        select oid::regclass as relation from pg_class
        where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'p') and relname like 'audit\_log%'
    loop
        execute format('revoke all on %s from analytics_service', item.relation);
    end loop;
    grant select, insert on analytics.audit_log to analytics_service;
    revoke insert, update, delete, truncate on analytics.audit_checkpoints from analytics_service;
    revoke insert, delete, truncate on analytics.audit_head from analytics_service;
    grant execute on function analytics.ensure_audit_month(date), analytics.purge_audit(timestamptz) to analytics_service;

    -- Functions that create, index and drop partitions of events run with the rights of their owner.
    for item in
        select p.oid::regprocedure as routine from pg_proc p
        where pronamespace = 'analytics'::regnamespace and proname in ('ensure_day', 'ensure_user_months', 'index_past_events', 'purge', 'follow_retention')
    loop
        execute format('alter function %s security definer', item.routine);
        execute format('alter function %s set search_path = %s', item.routine, concat_ws(', ', 'pg_catalog',
                       (select extnamespace::regnamespace from pg_extension where extname = 'timescaledb'), 'pg_temp'));
        execute format('revoke execute on function %s from public', item.routine);
        execute format('grant execute on function %s to analytics_service', item.routine);
    end loop;

    -- Flavour timescale: only an owner may refresh a continuous aggregate, and a refresh cannot run
    -- inside a function. So events and rollups, and nothing else, belong to a separate role of which
    -- the service is a member.
    if exists (select from pg_extension where extname = 'timescaledb') and to_regclass('analytics.usage_hourly_rollup') is null then
        grant analytics_storage to analytics_service, analytics_migrator;
        grant usage on schema analytics to analytics_storage;
        grant select on all tables in schema analytics to analytics_storage;
        revoke all on analytics.audit_log, analytics.api_keys from analytics_storage;
        alter table analytics.usage_events owner to analytics_storage;
        alter materialized view analytics.usage_hourly owner to analytics_storage;
        alter materialized view analytics.usage_daily owner to analytics_storage;
        alter materialized view analytics.histograms_hourly owner to analytics_storage;
        alter materialized view analytics.usage_user_hourly owner to analytics_storage;
        alter materialized view analytics.usage_user_daily owner to analytics_storage;
    end if;

    -- The second wall for dashboard readers: barrier views, so that none of their functions sees a
    -- row before the filter does.
    create schema if not exists analytics_dashboard authorization analytics_migrator;
    create table if not exists analytics_dashboard.readers (
        reader name not null,
        org_id uuid not null,
        primary key (reader, org_id)
    );
    for item in
        select relation, to_regclass('analytics.ingest_guard') is not null and relation not in ('freshness_status', 'orgs') as distributed
        from unnest(array['usage_hourly', 'usage_daily', 'latency_hourly', 'time_to_first_token_hourly', 'histograms_hourly',
                          'freshness_status', 'orgs']) as relation
    loop
        -- Flavour citus: workers know no rights of a view's owner, so a function of the owner reads them.
        if item.distributed and to_regprocedure(format('analytics_dashboard.%I()', item.relation)) is not null then
            continue;
        elsif item.distributed then
            execute format(
                'create function analytics_dashboard.%1$I() returns setof analytics.%1$I language plpgsql stable '
                'security definer set search_path = pg_catalog, pg_temp as $read$ begin return query select * from analytics.%1$I as shown '
                'where shown.org_id = any (array(select org_id from analytics_dashboard.readers where reader = session_user)); end $read$',
                item.relation);
            execute format('alter function analytics_dashboard.%I() owner to analytics_migrator', item.relation);
            execute format('revoke execute on function analytics_dashboard.%I() from public', item.relation);
            execute format('grant execute on function analytics_dashboard.%I() to analytics_reader', item.relation);
            execute format('create view analytics_dashboard.%1$I as select * from analytics_dashboard.%1$I()', item.relation);
            continue;
        end if;
        execute format(
            'create or replace view analytics_dashboard.%I with (security_barrier) as select * from analytics.%I as shown '
            'where shown.org_id in (select org_id from analytics_dashboard.readers where reader = session_user)',
            item.relation, item.relation);
    end loop;
    create or replace view analytics_dashboard.models with (security_barrier) as
        select * from analytics.models as shown
        where shown.model_id in (select model_id from analytics_dashboard.freshness_status);
    for item in
        select oid::regclass as relation, relkind from pg_class
        where relnamespace = 'analytics_dashboard'::regnamespace and relkind in ('r', 'v')
    loop
        execute format('alter %s %s owner to analytics_migrator', case item.relkind when 'v' then 'view' else 'table' end, item.relation);
        execute format('revoke all on %s from public', item.relation);
        if item.relkind = 'v' then
            execute format('grant select on %s to analytics_reader', item.relation);
        end if;
    end loop;
    revoke all on schema analytics from analytics_reader, public;
    grant usage on schema analytics_dashboard to analytics_reader;
end $rights$;
