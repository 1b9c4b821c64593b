-- Days of time zones other than UTC that are over, added up once (ADR 27). A span is such a day, or a part of an hour that a midnight
-- cuts. It is known by its instants and not by a zone's name, so zones with equal days share it.
--
-- kind: usage = sums of a day, users = sums of a day by user, histograms = latencies of a part of an hour.

create table analytics.wanted_zones (
    org_id    uuid not null,
    kind      text not null check (kind in ('usage', 'users', 'histograms')),
    zone      text not null,
    days_from timestamptz not null,
    asked_at  timestamptz not null,
    primary key (org_id, kind, zone)
);

-- One row per span. A transaction that changes an hour of it sets built to false, and so has the row locked until it commits; a build
-- has the row locked before it reads. So a build sees the change, or the change undoes the build.
-- known_since is a transaction that began after the row was committed: all later ones find the row, and a build waits for the earlier.
create table analytics.local_spans (
    org_id      uuid not null,
    kind        text not null check (kind in ('usage', 'users', 'histograms')),
    span_start  timestamptz not null,
    span_end    timestamptz not null,
    built       boolean not null default false,
    built_at    timestamptz,
    known_since xid8,
    primary key (org_id, span_start, span_end, kind),
    -- Bounds the search for the spans of an hour.
    check (span_start < span_end and span_end <= span_start + interval '26 hours')
);
create index local_spans_to_build on analytics.local_spans (span_end) where not built;
create index local_spans_start on analytics.local_spans (span_start);

create table analytics.usage_local_days (
    org_id                   uuid not null,
    span_start               timestamptz not null,
    span_end                 timestamptz not null,
    model_id                 uuid not null,
    client_id                text not null,
    status                   text not null,
    invocations              bigint not null,
    unpriced_invocations     bigint not null,
    input_tokens             numeric not null,
    output_tokens            numeric not null,
    cache_read_input_tokens  numeric not null,
    cache_write_input_tokens numeric not null,
    cost_estimate_cents      numeric
);
create index usage_local_days_span on analytics.usage_local_days (org_id, span_start, span_end);

create table analytics.usage_user_local_days (
    org_id                   uuid not null,
    span_start               timestamptz not null,
    span_end                 timestamptz not null,
    user_id                  uuid,
    model_id                 uuid not null,
    client_id                text not null,
    status                   text not null,
    invocations              bigint not null,
    unpriced_invocations     bigint not null,
    input_tokens             numeric not null,
    output_tokens            numeric not null,
    cache_read_input_tokens  numeric not null,
    cache_write_input_tokens numeric not null,
    cost_estimate_cents      numeric
);
create index usage_user_local_days_span on analytics.usage_user_local_days (org_id, span_start, span_end);

create table analytics.histograms_local_parts (
    org_id                   uuid not null,
    span_start               timestamptz not null,
    span_end                 timestamptz not null,
    model_id                 uuid not null,
    client_id                text not null,
    status                   text not null,
    latency_bins             bytea not null,
    time_to_first_token_bins bytea not null
);
create index histograms_local_parts_span on analytics.histograms_local_parts (org_id, span_start, span_end);

-- Says that figures of [low, high) have changed, of all organisations. The caller holds the ingest lane's lock.
create function analytics.unbuild_local_spans(low timestamptz, high timestamptz) returns void
    language sql
    as $$ update analytics.local_spans set built = false
          where span_start < high and span_start > low - interval '26 hours' and span_end > low $$;

-- Forgets the figures of a span.
create function analytics.clear_local_span(org uuid, of_kind text, low timestamptz, high timestamptz) returns void
    language plpgsql
    as $$
begin
    case of_kind
        when 'usage' then
            delete from analytics.usage_local_days where org_id = org and span_start = low and span_end = high;
        when 'users' then
            delete from analytics.usage_user_local_days where org_id = org and span_start = low and span_end = high;
        when 'histograms' then
            delete from analytics.histograms_local_parts where org_id = org and span_start = low and span_end = high;
    end case;
end $$;

-- Adds up a span, in a transaction of isolation read committed; returns whether it did. It does not while somebody changes the span, or
-- where the rollups do not show a late event yet.
create function analytics.build_local_span(org uuid, of_kind text, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
declare
    -- The whole hours, and where the parts before and after them begin and end.
    first_hour timestamptz := date_trunc('hour', low + interval '1 hour' - interval '1 microsecond', 'UTC');
    last_hour  timestamptz := date_trunc('hour', high, 'UTC');
    head_end   timestamptz := least(first_hour, high);
    tail_start timestamptz := greatest(first_hour, last_hour);
begin
    perform from analytics.local_spans
    where org_id = org and kind = of_kind and span_start = low and span_end = high and not built
    for update skip locked;
    if not found then
        return false;
    end if;
    if exists (select from analytics.rollup_outbox
               where org = any (org_ids)
                 and exists (select from unnest(hours) as hour where hour < high and hour > low - interval '1 hour')) then
        return false;
    end if;
    perform analytics.clear_local_span(org, of_kind, low, high);
    case of_kind
        when 'usage' then
            insert into analytics.usage_local_days
            select org, low, high, model_id, client_id, status, sum(invocations), sum(unpriced_invocations), sum(input_tokens),
                   sum(output_tokens), sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cost_estimate_cents)
            from (select model_id, client_id, status, invocations, unpriced_invocations, input_tokens, output_tokens,
                         cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_hourly
                  where org_id = org and bucket_start >= first_hour and bucket_start < last_hour
                  union all
                  select model_id, client_id, status, 1, (cost_estimate_cents is null)::integer, input_tokens, output_tokens,
                         cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_events where org_id = org and occurred_at >= low and occurred_at < head_end
                  union all
                  select model_id, client_id, status, 1, (cost_estimate_cents is null)::integer, input_tokens, output_tokens,
                         cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_events where org_id = org and occurred_at >= tail_start and occurred_at < high) as parts
            group by model_id, client_id, status;
        when 'users' then
            insert into analytics.usage_user_local_days
            select org, low, high, user_id, model_id, client_id, status, sum(invocations), sum(unpriced_invocations),
                   sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens), sum(cache_write_input_tokens),
                   sum(cost_estimate_cents)
            from (select user_id, model_id, client_id, status, invocations, unpriced_invocations, input_tokens, output_tokens,
                         cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_user_hourly
                  where org_id = org and bucket_start >= first_hour and bucket_start < last_hour
                  union all
                  select actor_id, model_id, client_id, status, 1, (cost_estimate_cents is null)::integer, input_tokens,
                         output_tokens, cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_events where org_id = org and occurred_at >= low and occurred_at < head_end
                  union all
                  select actor_id, model_id, client_id, status, 1, (cost_estimate_cents is null)::integer, input_tokens,
                         output_tokens, cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
                  from analytics.usage_events where org_id = org and occurred_at >= tail_start and occurred_at < high) as parts
            group by user_id, model_id, client_id, status;
        when 'histograms' then
            insert into analytics.histograms_local_parts
            select org, low, high, model_id, client_id, status,
                   analytics.compact_bins(string_agg(int8send(4096 | analytics.latency_bin(latency_ms)::bigint), '')),
                   analytics.compact_bins(coalesce(
                       string_agg(int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint), '')
                           filter (where time_to_first_token_ms is not null), ''))
            from analytics.usage_events
            where org_id = org and occurred_at >= low and occurred_at < high
            group by model_id, client_id, status;
    end case;
    update analytics.local_spans set built = true, built_at = now()
    where org_id = org and kind = of_kind and span_start = low and span_end = high;
    return true;
end $$;

-- Late events of the batch unbuild the days that contain them, in its transaction. For all groups of the batch at once: a trigger per
-- row of the rollups took three times as long as the rollups themselves. A span is not built within two hours of its end, so events of
-- the last hour are in none.
alter function analytics.roll_up_stage() rename to roll_up_stage_by_hour;
create function analytics.roll_up_stage() returns void
    language plpgsql
    as $$
begin
    perform analytics.roll_up_stage_by_hour();
    update analytics.local_spans as span set built = false
    from (select distinct org_id, date_trunc('hour', occurred_at, 'UTC') as hour
          from batch_stage
          where occurred_at < now() - interval '1 hour') as late
    where span.org_id = late.org_id and span_start < hour + interval '1 hour' and span_start > hour - interval '26 hours'
      and span_end > hour;
end $$;

-- What a replica of the version before calls keeps its name, too, so that its repairs and erasures unbuild days. It always recomputes
-- the rollups by user in the same transaction. In flavour timescale rollups are not recomputed by a function.
do $flavour$ begin
    if to_regprocedure('analytics.recompute_rollups(timestamptz, timestamptz)') is not null then
        alter function analytics.recompute_rollups(timestamptz, timestamptz) rename to recompute_rollups_from_events;
        create function analytics.recompute_rollups(low timestamptz, high timestamptz) returns void
            language plpgsql
            as $$
        begin
            perform analytics.recompute_rollups_from_events(low, high);
            perform analytics.unbuild_local_spans(low, high);
        end $$;
    end if;
end $flavour$;

alter function analytics.erase_user(uuid, timestamptz, timestamptz) rename to erase_user_from_rollups;
create function analytics.erase_user(erased uuid, low timestamptz, high timestamptz) returns boolean
    language plpgsql
    as $$
declare
    recompute boolean := analytics.erase_user_from_rollups(erased, low, high);
begin
    perform analytics.unbuild_local_spans(low, high);
    -- Behind that, no day is being built with the user in it.
    delete from analytics.usage_user_local_days where user_id = erased and span_start < high and span_end > low;
    return recompute;
end $$;

-- Where db/roles.sql has given the service its rights, ingest needs them here from the next batch on.
do $$ begin
    if to_regrole('analytics_service') is not null
       and has_table_privilege('analytics_service', 'analytics.ingestion_conflicts', 'insert') then
        grant select, insert, update, delete
        on analytics.wanted_zones, analytics.local_spans, analytics.usage_local_days, analytics.usage_user_local_days,
           analytics.histograms_local_parts
        to analytics_service;
    end if;
end $$;
