-- What an inference was sold as, where the producer says so, and prices that hold for such inferences only.

alter table analytics.usage_events add column service_tier text;
alter table analytics.usage_events add column context_window text;

comment on column analytics.usage_events.service_tier is
    'The tier that the provider served it in, such as batch or priority; null where the producer did not say.';
comment on column analytics.usage_events.context_window is
    'The class of context length that the provider bills it by, such as above-200k; null where the producer did not say.';

alter table analytics.model_prices add column service_tier text check (char_length(service_tier) between 1 and 50);
alter table analytics.model_prices add column context_window text check (char_length(context_window) between 1 and 50);

comment on column analytics.model_prices.service_tier is 'Holds for events of this tier only; null for any.';
comment on column analytics.model_prices.context_window is 'Holds for events of this context window only; null for any.';

-- The price of an event: of those that fit its tier and context window the most specific one; a tier counts for more than a
-- context window. Of those, the one that began last; of those that began together, the newest version.
create function analytics.price_of(model uuid, at timestamptz, tier text, context text) returns setof analytics.model_prices
    language sql stable
    as $$
select * from analytics.model_prices
where model_id = model and valid_from <= at and (service_tier is null or service_tier = tier)
  and (context_window is null or context_window = context)
order by service_tier is null, context_window is null, valid_from desc, version desc
limit 1
$$;

-- The general price, which holds where neither is known.
create or replace function analytics.price_at(model uuid, at timestamptz) returns setof analytics.model_prices
    language sql stable
    as $$ select * from analytics.price_of(model, at, null, null) $$;

-- Prices the events of the session's batch_stage that brought no cost. Its predecessor price_stage() stays for replicas of the
-- version before, whose batch_stage may not have the columns.
create function analytics.price_stage_by_tier() returns void
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
          from batch_stage b
          cross join lateral analytics.price_of(b.model_id, b.occurred_at, b.service_tier, b.context_window) p
          where b.cost_estimate_cents is null) rated
    where rated.seq = staged.seq and rated.cents is not null;
end $$;
