-- OpenAI's bills and usage: the same ledger, one base table for each data set, and the views of all providers.

create table analytics.openai_costs (
    activity_date       date not null,
    organization_id     text not null,
    line_key            text not null,
    project_id          text,
    api_key_id          text,
    line_item           text,
    quantity_unit       text,
    amount_usd          numeric not null,
    currency            text not null check (currency = 'USD'),
    quantity            numeric not null default 0,
    ingestion_timestamp timestamptz not null,
    import_revision     integer not null,
    run_id              uuid not null,
    primary key (activity_date, organization_id, line_key)
);
comment on table analytics.openai_costs is 'OpenAI''s bill: a row per day, project, key and line item';
comment on column analytics.openai_costs.line_item is 'As reported, such as a model and a kind of token';
comment on column analytics.openai_costs.amount_usd is 'Below zero is a credit';
comment on column analytics.openai_costs.quantity is 'As reported, in quantity_unit; 0 where the report names none';

create table analytics.openai_usage_report (
    activity_date           date not null,
    organization_id         text not null,
    line_key                text not null,
    kind                    text not null,
    project_id              text,
    user_id                 text,
    api_key_id              text,
    model                   text,
    batch                   text,
    service_tier            text,
    image_size              text,
    image_source            text,
    requests                bigint not null default 0,
    uncached_input_tokens   bigint not null default 0,
    output_tokens           bigint not null default 0,
    cache_read_input_tokens bigint not null default 0,
    cache_write_input_tokens bigint not null default 0,
    input_audio_tokens      bigint not null default 0,
    cached_audio_tokens     bigint not null default 0,
    output_audio_tokens     bigint not null default 0,
    images                  bigint not null default 0,
    characters              bigint not null default 0,
    seconds                 bigint not null default 0,
    sessions                bigint not null default 0,
    usage_bytes             bigint not null default 0,
    ingestion_timestamp     timestamptz not null,
    import_revision         integer not null,
    run_id                  uuid not null,
    primary key (activity_date, organization_id, line_key)
);
comment on table analytics.openai_usage_report is 'OpenAI''s usage per day, report (kind), project, user, key and model; without costs';
comment on column analytics.openai_usage_report.kind is 'The report: completions, embeddings, images and so on';
comment on column analytics.openai_usage_report.uncached_input_tokens is
    'Input tokens without those from and into a cache, which OpenAI counts in its own sum';
comment on column analytics.openai_usage_report.input_audio_tokens is 'A part of the input tokens, never added to them';
comment on column analytics.openai_usage_report.cached_audio_tokens is 'A part of the cached input tokens, never added to them';
comment on column analytics.openai_usage_report.output_audio_tokens is 'A part of the output tokens, never added to them';

-- The provider that bills a platform.
create function analytics.provider_of(platform text) returns text
    language sql immutable
    as $$ select case platform when 'cursor' then 'cursor' when 'openai_api' then 'openai' else 'anthropic' end $$;

-- Entries of the directory say whose they are.
alter table analytics.provider_workspace add column provider text not null default 'anthropic';
alter table analytics.provider_api_key add column provider text not null default 'anthropic';
comment on column analytics.provider_workspace.provider is 'Who has it; a project of OpenAI is an entry, too';
comment on column analytics.provider_api_key.provider is 'Who has it';

-- Whom a key of OpenAI belongs to on a day: by a mapping of its id, else by its owner at OpenAI. Names of keys are not compared: a mapping
-- by name says nothing about a key of another provider with that name.
create function analytics.openai_attribution(day date, project text, api_key text)
    returns table (user_email text, team text, method text, confidence numeric(4, 3))
    language sql stable
    as $$
select c.user_email, coalesce(c.team, (select p.team from analytics.provider_person p where p.email = c.user_email)), c.method, c.confidence
from (select m.user_email, m.team, 'api_key_mapping' as method, m.confidence, m.valid_from
      from analytics.api_key_mapping m
      where api_key is not null and (m.user_email is not null or m.team is not null) and api_key in (m.api_key_id, m.api_key_name)
        and m.valid_from <= day and (m.valid_to is null or day < m.valid_to)
      union all
      select u.email, null, 'api_key_owner', 0.850, null
      from analytics.provider_api_key k join analytics.provider_user u on u.provider = k.provider and u.user_id = k.created_by_user_id
      where k.provider = 'openai' and k.api_key_id = api_key and u.email is not null
      union all
      select null, null, 'workspace_only', 0.500, null where project is not null
      union all
      select null, null, 'fallback_unknown', 0.000, null) c
order by c.confidence desc, c.valid_from desc nulls last
limit 1
$$;

create or replace view analytics.dim_api_keys as
select k.api_key_id, k.organization_id, k.name, k.partial_key_hint, k.workspace_id, k.created_at, k.status, k.created_by_user_id,
       m.user_email as mapped_user_email,
       coalesce(m.team, (select p.team from analytics.provider_person p where p.email = m.user_email)) as mapped_team_name, k.last_updated,
       k.provider
from analytics.provider_api_key k
left join lateral (
    select a.user_email, a.team
    from analytics.api_key_mapping a
    where (a.api_key_id = k.api_key_id or a.api_key_name = case k.provider when 'anthropic' then k.name else k.api_key_id end)
           and (a.user_email is not null or a.team is not null)
      and a.valid_from <= (now() at time zone 'UTC')::date and (a.valid_to is null or (now() at time zone 'UTC')::date < a.valid_to)
    order by a.confidence desc, a.valid_from desc limit 1) m on true;

-- The platform is today's; unknown where no mapping says it.
create or replace view analytics.dim_workspaces as
select w.workspace_id, w.organization_id, w.name, w.display_color, w.created_at, w.archived_at,
       case w.provider when 'openai' then 'openai_api'
            else (analytics.claude_platform(w.organization_id, (now() at time zone 'UTC')::date, w.workspace_id, null))[1] end as platform,
       w.last_updated, w.provider
from analytics.provider_workspace w;

-- OpenAI bills by key, so no amount is split. A line item of the form 'MODEL, KIND' with input or output in KIND has a model and a
-- type of token; every other one has neither. A key belongs to whom its mapping says on the day, at the moment of reading.
create view analytics.openai_expenses as
select c.activity_date as expense_date, c.organization_id, 'openai_api' as platform, c.project_id, c.api_key_id, item.parts[1] as model,
       c.amount_usd as cost_usd, case when item.parts is null then 'other' else 'tokens' end as cost_type,
       case item.parts[2] when 'cached input' then 'cache_read' else item.parts[2] end as token_type, c.line_item, c.currency,
       c.ingestion_timestamp, a.user_email, a.team, a.method as attribution_method, a.confidence as attribution_confidence
from analytics.openai_costs c
cross join lateral (select regexp_match(c.line_item, '^(.+), ([a-z ]*\m(?:input|output)\M[a-z ]*)$') as parts) item
cross join lateral analytics.openai_attribution(c.activity_date, c.project_id, c.api_key_id) a;
comment on view analytics.openai_expenses is 'OpenAI''s bill with model, kind of token, user and team; adds up to openai_costs';

create or replace view analytics.vw_combined_daily_costs as
select expense_date as cost_date, replace(platform, 'claude.ai', 'claude_ai') as provider, cost_type as cost_category, workspace_id,
       user_email, api_key_id, model, description, cost_usd as amount_usd, ingestion_timestamp,
       case cost_type when 'subscription' then 'manual_cost_entry' else 'claude_costs' end as source_table, token_type, team,
       case when cost_type <> 'subscription' then organization_id end as organization_id
from analytics.claude_expenses
union all
select c.activity_date, 'cursor', 'usage_based', null, c.user_email, null, c.model, c.method, c.amount_usd, c.ingestion_timestamp,
       case c.method when 'events' then 'cursor_usage_event' else 'cursor_spend_snapshot' end, null, p.team, c.organization_id
from analytics.cursor_daily_cost c left join analytics.provider_person p on p.email = c.user_email
union all
select month, 'cursor', 'subscription', null, null, null, null, 'Seats entered by hand', amount_usd, entered_at, 'manual_cost_entry', null, null,
       null
from analytics.manual_cost_entry where platform = 'cursor'
union all
select expense_date, platform, cost_type, project_id, user_email, api_key_id, model, line_item, cost_usd, ingestion_timestamp, 'openai_costs',
       token_type, team, organization_id
from analytics.openai_expenses;
comment on view analytics.vw_combined_daily_costs is 'Every cost of all providers once; a project of OpenAI is a workspace_id';

create or replace view analytics.vw_reported_daily_costs as
select c.* from analytics.vw_combined_daily_costs c
where c.source_table not in ('claude_costs', 'openai_costs')
   or coalesce((select w.included from analytics.workspace_report w
                where w.workspace_id = coalesce(c.workspace_id, case c.source_table when 'claude_costs' then '(default)' end)
                  and w.organization_id in ('', c.organization_id)
                order by w.organization_id = '' limit 1), true);

create or replace view analytics.provider_unmapped as
select 'workspace' as kind, c.workspace_id as id, w.name, min(c.activity_date) as first_date, max(c.activity_date) as last_date,
       sum(c.amount_usd) as amount_usd
from analytics.claude_costs c left join analytics.provider_workspace w using (workspace_id)
where c.workspace_id is not null
  and not exists (select from analytics.workspace_platform p where p.workspace_id = c.workspace_id and p.valid_from <= c.activity_date
                  and (p.valid_to is null or c.activity_date < p.valid_to))
group by c.workspace_id, w.name
union all
select 'key', a.api_key_id, k.name, min(a.activity_date), max(a.activity_date), sum(a.amount_usd)
from analytics.claude_cost_allocated a left join analytics.provider_api_key k using (api_key_id)
where a.api_key_id is not null and a.attribution_method not in ('api_key_mapping', 'api_key_owner')
group by a.api_key_id, k.name
union all
select 'key', e.api_key_id, k.name, min(e.expense_date), max(e.expense_date), sum(e.cost_usd)
from analytics.openai_expenses e left join analytics.provider_api_key k using (api_key_id)
where e.api_key_id is not null and e.attribution_method not in ('api_key_mapping', 'api_key_owner')
group by e.api_key_id, k.name;

-- The laws of these tables for one day; expected and found are equal when a law holds. A page that is no longer kept has none.
create or replace function analytics.provider_invariants(day date)
    returns table (law integer, name text, expected numeric, found numeric)
    language sql stable
    as $$
with bill as (select coalesce(sum(amount_usd), 0) as amount, count(*) as lines from analytics.claude_costs where activity_date = day),
     pages as (select count(*) as lines, coalesce(sum((item ->> 'amount')::numeric * 0.01), 0) as amount, count(distinct p.run_id) as kept
               from analytics.provider_import_day d
               join analytics.provider_raw_page p on p.run_id = d.run_id and p.provider = d.provider and p.dataset = d.dataset
                    and p.usage_date = d.usage_date
               cross join lateral jsonb_array_elements(p.body -> 'data') bucket
               cross join lateral jsonb_array_elements(bucket -> 'results') item
               where d.provider = 'anthropic' and d.dataset = 'cost' and d.usage_date = day and d.revision > 0),
     openai as (select coalesce(sum(amount_usd), 0) as amount, count(*) as lines from analytics.openai_costs where activity_date = day),
     openai_pages as (select count(*) as lines, coalesce(sum((item -> 'amount' ->> 'value')::numeric), 0) as amount,
                             count(distinct p.run_id) as kept
                      from analytics.provider_import_day d
                      join analytics.provider_raw_page p on p.run_id = d.run_id and p.provider = d.provider and p.dataset = d.dataset
                           and p.usage_date = d.usage_date
                      cross join lateral jsonb_array_elements(p.body -> 'data') bucket
                      cross join lateral jsonb_array_elements(bucket -> 'results') item
                      where d.provider = 'openai' and d.dataset = 'cost' and d.usage_date = day and d.revision > 0),
     tokens as (select coalesce(sum(uncached_input_tokens::numeric + output_tokens + cache_read_input_tokens + cache_creation_5m_tokens
                                    + cache_creation_1h_tokens), 0) as amount
                from analytics.claude_usage_report where activity_date = day)
select 1, 'bill = allocated', bill.amount, (select coalesce(sum(amount_usd), 0) from analytics.claude_cost_allocated where activity_date = day) from bill
union all
select 1, 'bill = fact', bill.amount, (select coalesce(sum(total_cost_usd), 0) from analytics.fact_claude_daily_usage
                                       where usage_date = day and data_source = 'cost_report') from bill
union all
select 2, 'bill = expenses', bill.amount, (select coalesce(sum(cost_usd), 0) from analytics.claude_expenses
                                           where expense_date = day and cost_type <> 'subscription') from bill
union all
select 3, 'api expenses = expenses of claude_api', (select coalesce(sum(cost_usd), 0) from analytics.claude_expenses
               where expense_date = day and platform = 'claude_api' and cost_type <> 'subscription'),
       (select coalesce(sum(cost_usd), 0) from analytics.api_usage_expenses where expense_date = day)
union all
select 4, 'tokens of keys = usage report', tokens.amount, (select coalesce(sum(uncached_input_tokens::numeric + output_tokens
               + cache_read_input_tokens + cache_creation_5m_tokens + cache_creation_1h_tokens), 0)
           from analytics.claude_usage_keys where activity_date = day) from tokens
union all
select 4, 'tokens of fact = usage report', tokens.amount, (select coalesce(sum(total_tokens), 0) from analytics.fact_claude_daily_usage
               where usage_date = day) from tokens
union all
select 5, 'lines = items of the pages', pages.lines, bill.lines from pages, bill where pages.kept > 0
union all
select 5, 'bill = amounts of the pages', pages.amount, bill.amount from pages, bill where pages.kept > 0
union all
select 2, 'openai bill = expenses', openai.amount, (select coalesce(sum(cost_usd), 0) from analytics.openai_expenses where expense_date = day)
from openai
union all
select 5, 'openai lines = items of the pages', openai_pages.lines, openai.lines from openai_pages, openai where openai_pages.kept > 0
union all
select 5, 'openai bill = amounts of the pages', openai_pages.amount, openai.amount from openai_pages, openai where openai_pages.kept > 0
union all
select 6, 'combined = bills + seats',
       bill.amount + (select amount from openai) + (select coalesce(sum(amount_usd), 0) from analytics.cursor_daily_cost where activity_date = day)
                   + (select coalesce(sum(amount_usd), 0) from analytics.manual_cost_entry where month = day),
       (select coalesce(sum(amount_usd), 0) from analytics.vw_combined_daily_costs where cost_date = day) from bill
$$;

create or replace function analytics.provider_cost_watch(today date)
    returns table (provider text, last_day_usd numeric, week_mean_usd numeric, month_usd numeric, month_before_usd numeric,
                   attributed_usd numeric, attributable_usd numeric)
    language sql stable
    as $$
with days as (
    select d.provider, max(d.usage_date) as last_day, min(d.usage_date) as first_day
    from analytics.provider_import_day d
    where d.usage_date < today and d.status in ('ok', 'ok_empty')
      and (d.provider in ('anthropic', 'openai') and d.dataset = 'cost' or d.provider = 'cursor' and d.dataset in ('events', 'spend'))
    group by d.provider
), costs as (
    select analytics.provider_of(c.provider) as provider, c.cost_date, c.amount_usd, c.cost_category,
           c.user_email is not null or c.team is not null as attributed
    from analytics.vw_combined_daily_costs c
    where c.cost_date >= (date_trunc('month', today) - interval '1 month')::date
), month as (select date_trunc('month', today)::date as first, (date_trunc('month', today) - interval '1 month')::date as before)
select days.provider,
       coalesce(sum(amount_usd) filter (where cost_date = last_day and cost_category <> 'subscription'), 0),
       case when first_day <= last_day - 7 then
           coalesce(sum(amount_usd) filter (where cost_date between last_day - 7 and last_day - 1 and cost_category <> 'subscription'), 0) / 7
           else 0 end,
       coalesce(sum(amount_usd) filter (where cost_date >= first and cost_date <= last_day), 0),
       case when first_day <= before then
           coalesce(sum(amount_usd) filter (where cost_date >= before and cost_date < first
                                              and cost_date <= before + (last_day - first)), 0)
           else 0 end,
       coalesce(sum(amount_usd) filter (where attributed and cost_date > today - 31 and cost_category <> 'subscription'), 0),
       coalesce(sum(amount_usd) filter (where cost_date > today - 31 and cost_category <> 'subscription'), 0)
from days cross join month left join costs using (provider)
group by days.provider, days.first_day, days.last_day, month.before
$$;

-- A key that OpenAI bills is known.
create or replace function analytics.provider_mapping_warnings(today date, domains text[])
    returns table (kind text, subject text, detail text)
    language sql stable
    as $$
with valid as (
    select * from analytics.api_key_mapping m where m.valid_from <= today and (m.valid_to is null or today < m.valid_to)
)
select 'unknown_key', coalesce(v.api_key_id, v.api_key_name), 'mapped, but not among the provider''s keys'
from valid v
where exists (select from analytics.provider_api_key where provider = 'anthropic')
  and not exists (select from analytics.provider_api_key k where k.api_key_id = v.api_key_id or k.name = v.api_key_name)
  and not exists (select from analytics.openai_costs c where c.api_key_id in (v.api_key_id, v.api_key_name))
  and not exists (select from analytics.claude_code_productivity c where c.api_key_name = v.api_key_name)
union all
select 'ambiguous_name', v.api_key_name, count(*) || ' keys bear this name (expected: 1, or mappings by id)'
from valid v join analytics.provider_api_key k on k.name = v.api_key_name and k.provider = 'anthropic'
group by v.api_key_name having count(*) > 1
union all
select 'platform', f.api_key_id, 'expected ' || m.platform || ', detected ' || f.platform || ' by ' || f.platform_detection_method
       || ' on ' || max(f.usage_date)
from analytics.fact_claude_daily_usage f
join lateral (
    select a.platform from analytics.api_key_mapping a
    where a.platform is not null and a.valid_from <= f.usage_date and (a.valid_to is null or f.usage_date < a.valid_to)
      and (a.api_key_id = f.api_key_id
           or a.api_key_name = (select k.name from analytics.provider_api_key k where k.api_key_id = f.api_key_id))
    order by a.api_key_id is null, a.valid_from desc limit 1) m on m.platform <> f.platform
where f.data_source = 'usage_report' and f.api_key_id is not null and f.usage_date between today - 30 and today
group by f.api_key_id, m.platform, f.platform, f.platform_detection_method
union all
select 'many_keys', a.user_email, count(*) || ' active keys (expected: at most 3)'
from analytics.provider_api_key k
cross join lateral (select c.user_email from analytics.claude_attribution(today, k.workspace_id, k.api_key_id) c where k.provider = 'anthropic'
                    union all
                    select o.user_email from analytics.openai_attribution(today, k.workspace_id, k.api_key_id) o where k.provider = 'openai') a
where a.user_email is not null and k.status is distinct from 'archived' and k.status is distinct from 'inactive'
  and k.status is distinct from 'expired'
group by a.user_email having count(*) > 3
union all
select 'foreign_domain', e.email, 'in ' || string_agg(distinct e.place, ' and ') || ' (expected: an address of ' || array_to_string(domains, ', ') || ')'
from (select v.user_email as email, 'mappings' as place from valid v
      union all select p.email, 'people' from analytics.provider_person p
      union all select lower(u.email), 'accounts' from analytics.provider_user u where u.is_active) e
where e.email is not null and lower(split_part(e.email, '@', 2)) <> all (domains)
group by e.email
order by 1, 2
$$;

create or replace function analytics.provider_mapping_quality(today date)
    returns table (keys_used bigint, keys_mapped bigint, coverage numeric, invalid_mappings bigint, grade text, mean_confidence numeric,
                   low_confidence_usd numeric)
    language sql stable
    as $$
with used as (
    select u.api_key_id, max(u.activity_date) as last_day
    from (select api_key_id, activity_date from analytics.claude_usage_report
          union all select api_key_id, activity_date from analytics.openai_usage_report) u
    where u.api_key_id is not null and u.activity_date between today - 30 and today
    group by u.api_key_id
), counted as (
    select count(*) as used,
           count(*) filter (where exists (
               select from analytics.api_key_mapping m
               where (m.user_email is not null or m.team is not null) and m.valid_from <= used.last_day
                 and (m.valid_to is null or used.last_day < m.valid_to)
                 and (m.api_key_id = used.api_key_id
                      or m.api_key_name = (select k.name from analytics.provider_api_key k
                                         where k.api_key_id = used.api_key_id and k.provider = 'anthropic')))) as mapped,
           (select count(*) from analytics.provider_mapping_warnings(today, null) w where w.kind = 'unknown_key') as invalid
    from used
), rated as (select *, coalesce(mapped::numeric / nullif(used, 0), 1) as share from counted)
select used, mapped, share, invalid,
       case when invalid = 0 and share >= 0.95 then 'excellent'
            when invalid = 0 and share >= 0.80 then 'good'
            when invalid < 10 and share >= 0.70 then 'acceptable'
            else 'needs_attention' end,
       coalesce(costs.confidence, 1), costs.low
from rated
cross join (select sum(a.amount_usd * a.attribution_confidence) / nullif(sum(a.amount_usd), 0) as confidence,
                   coalesce(sum(a.amount_usd) filter (where a.attribution_confidence < 0.8), 0) as low
            from (select activity_date, amount_usd, attribution_confidence from analytics.claude_cost_allocated
                  union all select expense_date, cost_usd, attribution_confidence from analytics.openai_expenses) a
            where a.amount_usd > 0 and a.activity_date between today - 30 and today) costs
$$;

create or replace function analytics.provider_day_warnings(wanted text, org text, day date)
    returns table (name text, expected text, found text)
    language sql stable
    as $$
with lines as (
    select activity_date, amount_usd from analytics.claude_costs
    where wanted = 'anthropic' and organization_id = org and activity_date between day - 30 and day
    union all
    select activity_date, charged_usd from analytics.cursor_usage_event
    where wanted = 'cursor' and organization_id = org and is_chargeable and activity_date between day - 30 and day
    union all
    select activity_date, amount_usd from analytics.openai_costs
    where wanted = 'openai' and organization_id = org and activity_date between day - 30 and day
), imported as (
    select d.usage_date, coalesce((select sum(l.amount_usd) from lines l where l.activity_date = d.usage_date), 0) as total
    from analytics.provider_import_day d
    where d.provider = wanted and d.dataset = case wanted when 'cursor' then 'events' else 'cost' end and d.org_ref = org
      and d.revision > 0 and d.usage_date between day - 30 and day
), past as (select avg(total) as mean, stddev_samp(total) as spread, count(*) as days from imported where usage_date < day)
select 'rows without cost', 'at most half', zero || ' of ' || lines
from (select count(*) as lines, count(*) filter (where amount_usd = 0) as zero from lines where activity_date = day) counted
where zero * 2 > lines
union all
select 'unusual total', 'within 3 standard deviations of the mean of ' || past.days || ' days, ' || round(past.mean, 2) || ' USD',
       round(today.total, 2) || ' USD, ' || round(abs(today.total - past.mean) / past.spread, 1) || ' of them'
from imported today cross join past
where today.usage_date = day and past.days >= 7 and past.spread > 0 and abs(today.total - past.mean) > 3 * past.spread
union all
select 'platform unknown', 'a mapping of each workspace', trim_scale(sum(amount_usd)) || ' USD'
from analytics.claude_cost_allocated
where wanted = 'anthropic' and organization_id = org and activity_date = day and platform = 'unknown'
having count(*) > 0
$$;

create or replace function analytics.provider_data_quality(at timestamptz)
    returns table (provider text, completeness numeric, accuracy numeric, freshness numeric, consistency numeric, validity numeric,
                   score numeric, status text)
    language sql stable
    as $$
with today as (select (at at time zone 'UTC')::date as day),
reports as (
    select d.*, min(d.usage_date) over (partition by d.provider, d.dataset, d.org_ref) as first_day
    from analytics.provider_import_day d
    where d.provider <> 'claude_ai' and d.dataset <> 'spend'
), recent as (
    select r.*, r.status in ('ok', 'ok_empty') as good,
           r.status = 'quarantined' or coalesce(r.last_error_code in ('broken_field', 'storage_rejected'), false) as refused,
           exists (select from analytics.provider_correction c join analytics.provider_day_revision v
                     using (provider, dataset, org_ref, usage_date)
                   where c.provider = r.provider and c.dataset = r.dataset and c.org_ref = r.org_ref and c.usage_date = r.usage_date
                     and v.revision = c.revision_from
                   group by c.revision_from, v.amount_total
                   having abs(sum(c.delta)) > 1 or abs(sum(c.delta)) > 0.01 * v.amount_total) as restated
    from reports r, today where r.usage_date between today.day - 30 and today.day - 1
), expected as (
    select r.provider, sum(today.day - greatest(r.first_day, today.day - 30)) as days
    from (select distinct provider, dataset, org_ref, first_day from reports) r, today group by r.provider
), parts as (
    select r.provider, 100.0 * count(*) filter (where r.good) / nullif((select days from expected e where e.provider = r.provider), 0) as complete,
           100.0 * avg((not exists (select from analytics.provider_invariants(r.usage_date) l where l.expected is distinct from l.found))::integer) as accurate,
           100.0 * avg((not r.restated)::integer) as consistent, 100.0 * avg((not r.refused)::integer) as valid
    from recent r group by r.provider
), fresh as (
    select provider, extract(epoch from at - max(last_checked_at)) / 3600 as hours from reports where status in ('ok', 'ok_empty') group by provider
), scored as (
    select p.provider, least(coalesce(p.complete, 0), 100) as complete, p.accurate,
           case when f.hours <= 2 then 100 when f.hours <= 12 then 90 when f.hours <= 24 then 75 when f.hours <= 48 then 50 else 0 end as fresh,
           p.consistent, p.valid
    from parts p left join fresh f using (provider)
)
select provider, round(complete, 1), round(accurate, 1), fresh, round(consistent, 1), round(valid, 1), round(total, 1),
       case when total >= 90 then 'excellent' when total >= 75 then 'good' when total >= 60 then 'fair' else 'critical' end
from (select *, 0.25 * complete + 0.30 * accurate + 0.20 * fresh + 0.15 * consistent + 0.10 * valid as total from scored) rated
order by provider
$$;

-- Tokens that a provider bills by the token, and what it bills for them, by day and model: what is compared with list prices. Tokens of
-- the priority tier are left out, because Anthropic's cost report does not bill them. So are credits, which have no tokens, and models
-- without tokens on the day. Audio tokens have prices of their own, so the models that have some are left out, too.
create view analytics.provider_token_bills as
select activity_date, organization_id, 'anthropic' as provider, model, sum(input)::bigint as input_tokens, sum(output)::bigint as output_tokens,
       sum(cache_read)::bigint as cache_read_tokens, sum(write_5m)::bigint as cache_write_5m_tokens, sum(write_1h)::bigint as cache_write_1h_tokens,
       coalesce(sum(usd), 0) as billed_usd
from (select activity_date, organization_id, model, uncached_input_tokens as input, output_tokens as output,
             cache_read_input_tokens as cache_read, cache_creation_5m_tokens as write_5m, cache_creation_1h_tokens as write_1h,
             null::numeric as usd
      from analytics.claude_usage_report where coalesce(service_tier, '') not like 'priority%'
      union all
      select activity_date, organization_id, model, null, null, null, null, null, amount_usd
      from analytics.claude_costs where cost_type = 'tokens' and amount_usd > 0) reports
group by activity_date, organization_id, model
having count(input) > 0
union all
select activity_date, organization_id, 'openai', model, sum(input)::bigint, sum(output)::bigint, sum(cache_read)::bigint, sum(cache_write)::bigint, 0::bigint, coalesce(sum(usd), 0)
from (select activity_date, organization_id, model, uncached_input_tokens as input, output_tokens as output,
             cache_read_input_tokens as cache_read, cache_write_input_tokens as cache_write,
             input_audio_tokens + cached_audio_tokens + output_audio_tokens as audio, null::numeric as usd
      from analytics.openai_usage_report where coalesce(service_tier, '') not like 'priority%'
      union all
      select expense_date, organization_id, model, null, null, null, null, null, cost_usd
      from analytics.openai_expenses where cost_type = 'tokens' and cost_usd > 0) reports
group by activity_date, organization_id, model
having sum(input + output + cache_read + cache_write) > 0 and sum(audio) = 0;
comment on view analytics.provider_token_bills is
    'What is billed for tokens by day and model, and the tokens; compared with list prices, never added to another view';
