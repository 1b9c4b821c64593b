-- Who did what, and the keys of programs.

-- Every decision about access, in one chain: hash = SHA-256 of the hash before and this row (the form is AuditChain's). Partitioned
-- by recorded_at, the database's time of the append, which never goes back along the chain; at is when the decision was made.
create table analytics.audit_log (
    seq         bigint not null check (seq > 0),
    recorded_at timestamptz not null,
    at          timestamptz not null,
    actor       text,
    action      text not null,
    org_id      uuid,
    outcome     text not null check (outcome in ('allowed', 'denied')),
    cross_org   boolean not null,
    method      text not null,
    path        text not null,
    trace_id    text not null,
    hash        bytea not null,
    primary key (recorded_at, seq)
) partition by range (recorded_at);
create index audit_log_org on analytics.audit_log (org_id, recorded_at, seq);

-- The end of the chain, one row; its lock is what puts all replicas' entries into one order. chain names the chain for ever and
-- is what its first hash is made of.
create table analytics.audit_head (
    only_row    boolean primary key default true check (only_row),
    chain       uuid not null,
    seq         bigint not null,
    recorded_at timestamptz not null,
    hash        bytea not null
);
insert into analytics.audit_head (chain, seq, recorded_at, hash)
select chain, 0, '-infinity', sha256(convert_to('analytics audit chain ' || chain::text, 'UTF8'))
from (select gen_random_uuid() as chain) as made;

-- The last entry that retention dropped, so that the rest can be verified from there. One row each time it dropped some.
create table analytics.audit_checkpoints (
    seq         bigint primary key,
    recorded_at timestamptz not null,
    hash        bytea not null,
    dropped_at  timestamptz not null default now()
);

-- Makes the partition of the month, in UTC, if it is missing; returns whether it did. Runs with the rights of its owner, because
-- the role that serves can not create tables. Nobody but the owner may do more to a partition than to the whole.
create function analytics.ensure_audit_month(month date) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    as $$
declare
    low    timestamptz := date_trunc('month', month::timestamp);
    child  text := 'audit_log_' || to_char(month, 'YYYYMM');
    holder record;
begin
    perform pg_advisory_xact_lock(hashtext('analytics.ensure_audit_month'));
    if to_regclass('analytics.' || child) is not null then
        return false;
    end if;
    execute format('create table analytics.%I (like analytics.audit_log including all)', child);
    for holder in
        select distinct grantee from pg_class, aclexplode(relacl)
        where oid = to_regclass('analytics.' || child) and grantee <> relowner
    loop
        execute format('revoke all on analytics.%I from %s', child,
                       case holder.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(holder.grantee)) end);
    end loop;
    execute format('alter table analytics.audit_log attach partition analytics.%I for values from (%L) to (%L)',
                   child, low, low + interval '1 month');
    return true;
end $$;

-- Drops the partitions that lie wholly before the given time, and never what is younger than 30 days, whoever asks. The last
-- entry of what goes becomes a checkpoint in the same transaction. Returns how many went.
create function analytics.purge_audit(before timestamptz) returns integer
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    as $$
declare
    edge    timestamptz := least(before, now() - interval '30 days');
    part    record;
    final   record;
    dropped integer := 0;
begin
    for part in
        select child.relname, (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz as upper_bound
        from pg_inherits join pg_class child on child.oid = inhrelid
        where inhparent = 'analytics.audit_log'::regclass
        order by 2
    loop
        exit when part.upper_bound > edge;
        execute format('select seq, recorded_at, hash from analytics.%I order by recorded_at desc, seq desc limit 1', part.relname) into final;
        if final.seq is not null then
            insert into analytics.audit_checkpoints (seq, recorded_at, hash) values (final.seq, final.recorded_at, final.hash);
        end if;
        execute format('drop table analytics.%I', part.relname);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;

revoke all on function analytics.ensure_audit_month(date), analytics.purge_audit(timestamptz) from public;

select analytics.ensure_audit_month((date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead))::date)
from generate_series(0, 1) as ahead;

-- Keys of programs. hash = SHA-256 of the whole key, which is random and so needs no slow hash; the key itself is stored nowhere.
create table analytics.api_keys (
    key_id       uuid primary key,
    prefix       text not null unique,
    hash         bytea not null check (octet_length(hash) = 32),
    name         text not null,
    org_ids      uuid[] not null,
    all_orgs     boolean not null,
    permissions  text[] not null check (cardinality(permissions) > 0),
    created_at   timestamptz not null,
    created_by   text not null,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    revoked_by   text,
    check (all_orgs <> (cardinality(org_ids) > 0)),
    check ((revoked_at is null) = (revoked_by is null))
);
