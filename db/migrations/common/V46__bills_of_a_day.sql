-- What a user's day costs is found by the user, and what its snapshot adds from the snapshots of its cycle.
create index cursor_spend_snapshot_by_cycle on analytics.cursor_spend_snapshot
    (organization_id, billing_cycle_start, coalesce(user_id, user_email, ''), activity_date);
create index cursor_spend_snapshot_by_user on analytics.cursor_spend_snapshot (organization_id, user_email, activity_date);
create index cursor_usage_event_by_user on analytics.cursor_usage_event (organization_id, user_email, activity_date);

-- As before, from the days asked for: a window over all snapshots read all of history for each of them. Where a day has events, its
-- snapshots add nothing; a join finds that, so that only the others are looked at one by one.
create or replace view analytics.cursor_daily_cost as
select activity_date, organization_id, user_email, model, sum(charged_usd) as amount_usd, 'events' as method,
       max(ingestion_timestamp) as ingestion_timestamp
from analytics.cursor_usage_event
where charged_usd <> 0
group by activity_date, organization_id, user_email, model
union all
select s.activity_date, s.organization_id, s.user_email, null, added.usd, 'snapshot_difference', s.ingestion_timestamp
from analytics.cursor_spend_snapshot s
left join analytics.provider_import_day same
  on same.provider = 'cursor' and same.dataset = 'events' and same.org_ref = s.organization_id and same.usage_date = s.activity_date
cross join lateral (
    select s.spend_usd - coalesce((select sum(e.charged_usd) from analytics.cursor_usage_event e
                                   where e.organization_id = s.organization_id and e.user_email = s.user_email
                                     and e.activity_date >= s.billing_cycle_start and e.activity_date < s.activity_date), 0)
         - greatest(0, (select max(b.spend_usd - coalesce((select sum(e.charged_usd) from analytics.cursor_usage_event e
                                                           where e.organization_id = b.organization_id and e.user_email = b.user_email
                                                             and e.activity_date >= b.billing_cycle_start and e.activity_date < b.activity_date), 0))
                        from analytics.cursor_spend_snapshot b
                        where b.organization_id = s.organization_id and b.billing_cycle_start = s.billing_cycle_start
                          and coalesce(b.user_id, b.user_email, '') = coalesce(s.user_id, s.user_email, '')
                          and b.activity_date <= s.activity_date and (b.activity_date, b.line_key) < (s.activity_date, s.line_key)
                          and coalesce((select d.revision from analytics.provider_import_day d
                                        where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = b.organization_id
                                          and d.usage_date <= b.activity_date
                                        order by d.usage_date desc limit 1), 0) = 0)) as usd
    offset 0) added
where case when same.revision > 0 then false
           else coalesce((select d.revision from analytics.provider_import_day d
                          where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = s.organization_id
                            and d.usage_date <= s.activity_date
                          order by d.usage_date desc limit 1), 0) = 0 end
  and added.usd > 0;

-- As before. Days asked for are read by their indexes: a full join would read the charges of all days first.
create or replace view analytics.cursor_usage_stats as
select u.activity_date, u.organization_id, u.line_key, u.user_id, u.user_email,
       u.is_active, u.total_lines_added, u.total_lines_deleted, u.accepted_lines_added, u.accepted_lines_deleted,
       u.total_applies, u.total_accepts, u.total_rejects, u.total_tabs_shown, u.total_tabs_accepted, u.composer_requests,
       u.chat_requests, u.agent_requests, u.cmdk_usages, u.subscription_included_reqs, u.api_key_reqs, u.usage_based_reqs,
       u.bugbot_usages, u.most_used_model, u.apply_most_used_extension, u.tab_most_used_extension, u.client_version,
       u.ingestion_timestamp, u.import_revision, u.run_id, coalesce(c.amount_usd, 0) as daily_spend_usd
from (select *, row_number() over (partition by activity_date, organization_id, user_email order by line_key) as place
      from analytics.cursor_daily_usage) u
cross join lateral (select sum(amount_usd) as amount_usd from analytics.cursor_daily_cost c
                    where u.place = 1 and c.activity_date = u.activity_date and c.organization_id = u.organization_id
                      and c.user_email = u.user_email) c
union all
select c.activity_date, c.organization_id, null, null, c.user_email,
       null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null, null, c.amount_usd
from (select activity_date, organization_id, user_email, sum(amount_usd) as amount_usd
      from analytics.cursor_daily_cost group by activity_date, organization_id, user_email) c
where not exists (select from analytics.cursor_daily_usage u
                  where u.activity_date = c.activity_date and u.organization_id = c.organization_id and u.user_email = c.user_email);

-- As before, but pages are compared with the bills of their own organisation: those of another may be deleted already.
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
     kept as (select d.provider, d.org_ref
              from analytics.provider_import_day d
              join analytics.provider_raw_page p on p.run_id = d.run_id and p.provider = d.provider and p.dataset = d.dataset
                   and p.usage_date = d.usage_date
              where d.dataset = 'cost' and d.usage_date = day and d.revision > 0),
     kept_bill as (select coalesce(sum(amount_usd), 0) as amount, count(*) as lines from analytics.claude_costs
                   where activity_date = day and organization_id in (select org_ref from kept where provider = 'anthropic')),
     kept_openai as (select coalesce(sum(amount_usd), 0) as amount, count(*) as lines from analytics.openai_costs
                     where activity_date = day and organization_id in (select org_ref from kept where provider = 'openai')),
     openai as (select coalesce(sum(amount_usd), 0) as amount from analytics.openai_costs where activity_date = day),
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
select 5, 'lines = items of the pages', pages.lines, kept_bill.lines from pages, kept_bill where pages.kept > 0
union all
select 5, 'bill = amounts of the pages', pages.amount, kept_bill.amount from pages, kept_bill where pages.kept > 0
union all
select 2, 'openai bill = expenses', openai.amount, (select coalesce(sum(cost_usd), 0) from analytics.openai_expenses where expense_date = day)
from openai
union all
select 5, 'openai lines = items of the pages', openai_pages.lines, kept_openai.lines from openai_pages, kept_openai where openai_pages.kept > 0
union all
select 5, 'openai bill = amounts of the pages', openai_pages.amount, kept_openai.amount from openai_pages, kept_openai where openai_pages.kept > 0
union all
select 6, 'combined = bills + seats',
       bill.amount + (select amount from openai) + (select coalesce(sum(amount_usd), 0) from analytics.cursor_daily_cost where activity_date = day)
                   + (select coalesce(sum(amount_usd), 0) from analytics.manual_cost_entry where month = day),
       (select coalesce(sum(amount_usd), 0) from analytics.vw_combined_daily_costs where cost_date = day) from bill
$$;
