-- The price book, append-only. Prices are US dollars per million tokens; a class without a price is null, never 0.

create table analytics.model_prices (
    price_id           bigint generated always as identity primary key,
    model_id           uuid not null,
    version            integer not null check (version >= 1),
    valid_from         timestamptz not null,
    input_usd          numeric not null check (input_usd >= 0),
    output_usd         numeric not null check (output_usd >= 0),
    cache_read_usd     numeric check (cache_read_usd >= 0),
    cache_write_5m_usd numeric check (cache_write_5m_usd >= 0),
    cache_write_1h_usd numeric check (cache_write_1h_usd >= 0),
    author             text not null,
    reason             text not null,
    created_at         timestamptz not null,
    unique (model_id, version)
);
create index model_prices_valid on analytics.model_prices (model_id, valid_from desc, version desc);

create function analytics.refuse_change() returns trigger
    language plpgsql
    as $$ begin raise exception 'append-only: % of %', tg_op, tg_table_name using errcode = 'restrict_violation'; end $$;
create trigger model_prices_append_only before update or delete or truncate on analytics.model_prices
    for each statement execute function analytics.refuse_change();

-- Which of our models is which at a provider; without an entry a model's own name is taken for it.
create table analytics.provider_model (
    model_id       uuid not null,
    provider       text not null,
    provider_model text not null,
    updated_at     timestamptz not null,
    primary key (model_id, provider)
);

-- The price by which the service has priced an event; null where the event brought its cost, or has none.
alter table analytics.usage_events add column priced_by bigint;

-- US cents of an event by a price; null when it used a class of tokens that has none. Plain input is input less cache reads and writes.
create function analytics.event_cost(price analytics.model_prices, input bigint, output bigint, cache_read bigint, cache_write bigint,
                                     cache_write_1h bigint) returns numeric
    language sql immutable
    as $$
select case when (cache_read > 0 and price.cache_read_usd is null)
              or (cache_write > cache_write_1h and price.cache_write_5m_usd is null)
              or (cache_write_1h > 0 and price.cache_write_1h_usd is null) then null
       else round(((input - cache_read - cache_write) * price.input_usd + output * price.output_usd
                   + cache_read * coalesce(price.cache_read_usd, 0)
                   + (cache_write - cache_write_1h) * coalesce(price.cache_write_5m_usd, 0)
                   + cache_write_1h * coalesce(price.cache_write_1h_usd, 0)) * 0.0001, 8) end
$$;

-- The price that holds at a time: the one that began last; of those that began together the newest version.
create function analytics.price_at(model uuid, at timestamptz) returns setof analytics.model_prices
    language sql stable
    as $$ select * from analytics.model_prices where model_id = model and valid_from <= at order by valid_from desc, version desc limit 1 $$;

-- Prices the events of the session's batch_stage that brought no cost.
create function analytics.price_stage() returns void
    language plpgsql
    as $$
begin
    if not exists (select from analytics.model_prices) then
        return;
    end if;
    update batch_stage staged set cost_estimate_cents = rated.cents, priced_by = rated.price_id
    from (select b.seq, p.price_id,
                 analytics.event_cost(p, b.input_tokens, b.output_tokens, b.cache_read_input_tokens, b.cache_write_input_tokens,
                                      b.cache_write_1h_input_tokens) as cents
          from batch_stage b cross join lateral analytics.price_at(b.model_id, b.occurred_at) p
          where b.cost_estimate_cents is null) rated
    where rated.seq = staged.seq and rated.cents is not null;
end $$;

-- What a repricing was, by organisation; cents.
create table analytics.price_repricing (
    run_id          uuid not null,
    org_id          uuid not null,
    range_start     timestamptz not null,
    range_end       timestamptz not null,
    events          bigint not null,
    old_cents       numeric not null,
    new_cents       numeric not null,
    unpriced_before bigint not null,
    unpriced_after  bigint not null,
    applied_by      text not null,
    applied_at      timestamptz not null,
    primary key (run_id, org_id)
);
