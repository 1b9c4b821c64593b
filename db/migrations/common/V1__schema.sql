-- Tables that are the same in both storage flavours. The flavour's own objects follow in V2.
-- Tokens are counted in units of one token, money in US cents (numeric, never floating point), times in UTC.

create schema if not exists analytics;

-- Names of organisations and models, mirrored for people; ids are the truth.
create table analytics.orgs (
    org_id     uuid primary key,
    name       text not null,
    updated_at timestamptz not null default now()
);
create table analytics.models (
    model_id   uuid primary key,
    name       text not null,
    updated_at timestamptz not null default now()
);

-- Where each transport stands. One row a transport ('stream', 'queue').
-- next_offset moves in the transaction that stores the events before it; epoch fences a reader that lost its lease.
create table analytics.ingestion_positions (
    transport        text primary key check (transport in ('stream', 'queue')),
    next_offset      bigint check (next_offset >= 0),
    epoch            bigint not null default 0,
    holder           text,
    leased_until     timestamptz,
    last_committed_at timestamptz
);

-- What each replica last saw at the broker; the freshness rules read it. backlog_events counts messages.
create table analytics.ingestion_observations (
    replica             text primary key,
    transport           text not null,
    reads               boolean not null,
    observed_at         timestamptz not null,
    broker_reachable_at timestamptz,
    oldest_uncommitted_at timestamptz,
    backlog_events      bigint not null default 0
);

create sequence analytics.ingestion_batch_id;

-- One row a committed batch. first_offset and last_offset are the range of the stream (inclusive), null for transport queue.
-- received = stored + duplicates + conflicts + dead_lettered, checked here so that no code path can break it.
create table analytics.ingestion_batches (
    batch_id       bigint primary key default nextval('analytics.ingestion_batch_id'),
    kind           text not null default 'live' check (kind in ('live', 'replay')),
    transport      text not null,
    replica        text not null,
    correlation_id text not null,
    first_offset   bigint,
    last_offset    bigint,
    messages       integer not null,
    received       integer not null,
    stored         integer not null,
    duplicates     integer not null,
    conflicts      integer not null,
    dead_lettered  integer not null,
    first_event_at timestamptz,
    last_event_at  timestamptz,
    late           boolean not null,
    started_at     timestamptz not null,
    committed_at   timestamptz not null,
    check (received = stored + duplicates + conflicts + dead_lettered),
    check ((first_offset is null) = (last_offset is null)),
    check (first_offset <= last_offset)
);
create unique index ingestion_batches_live_offsets on analytics.ingestion_batches (first_offset)
    where kind = 'live' and first_offset is not null;
create index ingestion_batches_committed_at on analytics.ingestion_batches (committed_at);

-- Offsets between two committed ranges that held no message for us, with the cause.
create table analytics.ingestion_skipped_offsets (
    first_offset bigint primary key,
    last_offset  bigint not null,
    cause        text not null check (cause in ('broker_housekeeping', 'retention')),
    recorded_at  timestamptz not null,
    check (first_offset <= last_offset)
);

-- Same orgId and eventId as a stored event, other content: the first one stays, the other is kept here as it came.
create table analytics.ingestion_conflicts (
    conflict_id bigint generated always as identity primary key,
    org_id      uuid not null,
    event_id    uuid not null,
    batch_id    bigint not null,
    received_at timestamptz not null,
    payload     bytea not null
);
create index ingestion_conflicts_event on analytics.ingestion_conflicts (org_id, event_id);
create index ingestion_conflicts_received_at on analytics.ingestion_conflicts (received_at);

-- What a committed batch touched, for the rollup worker: it refreshes the hours, moves freshness_status and deletes the row.
-- trace_parent is the W3C context of the batch's span, to which the rollup's span links; null while tracing is off.
create table analytics.rollup_outbox (
    batch_id       bigint primary key,
    correlation_id text not null,
    committed_at   timestamptz not null,
    hours          timestamptz[] not null,
    org_ids        uuid[] not null,
    model_ids      uuid[] not null,
    last_event_ats timestamptz[] not null,
    trace_parent   text
);

-- Truth of freshness by organisation and model; Redis only mirrors it.
create table analytics.freshness_status (
    org_id         uuid not null,
    model_id       uuid not null,
    last_event_at  timestamptz not null,
    last_rollup_at timestamptz not null,
    lag_seconds    integer not null default 0,
    status         text not null default 'fresh' check (status in ('fresh', 'delayed', 'stale', 'unknown')),
    updated_at     timestamptz not null,
    primary key (org_id, model_id)
);

-- Logarithmic latency bins (DDSketch: Masson, Rim, Lee, VLDB 2019) of base 1.04: bin b > 0 holds (1.04^(b-2), 1.04^(b-1)]
-- milliseconds and is reported as 2 * 1.04^(b-1) / 2.04, at most 1.97 % off. 0 ms has bin 0, as it has no logarithm.
create function analytics.latency_bin(milliseconds bigint) returns integer
    language sql immutable parallel safe
    as $$ select case when milliseconds <= 0 then 0
                      else ceil(ln(milliseconds::double precision) / ln(1.04::double precision))::integer + 1 end $$;

-- A histogram is a bag of entries (count << 12 | bin), 8 bytes each, most significant byte first; a bin may come several times. Appending
-- merges, compacting only saves room. Bytes and not bigint[], because PostgreSQL sends an array by a function call an element.
create function analytics.unpack_bins(bag bytea) returns table (bin integer, count bigint)
    language sql immutable parallel safe
    as $$ select (packed & 4095)::integer, packed >> 12
          from (select ('x' || encode(substring(bag from position for 8), 'hex'))::bit(64)::bigint as packed
                from generate_series(1, length(bag), 8) as position) as entries $$;

-- From 1,024 entries on each bin of a bag is counted together, so a row stays under 8 KiB whatever the traffic. Written as an expression and not
-- as text, because readers of the views have no right to look into this schema.
create function analytics.compact_bins(bag bytea) returns bytea
    language sql immutable parallel safe
    return case when length(bag) <= 8192 then bag
           else (select string_agg(int8send(total << 12 | bin), '') from
                    (select bin, sum(count)::bigint as total from analytics.unpack_bins(bag) group by bin) as merged)
           end;

-- Key of the advisory lock that lets one batch at a time, of all replicas, look for duplicates and insert (ADR 2).
create function analytics.ingest_lane() returns bigint
    language sql immutable parallel safe as $$ select 107126708764673 $$;
