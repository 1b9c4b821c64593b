-- What is to be mapped is looked for in 400 days only. All of history would cost more each year, and old bills ask for no entry.
-- The days count from the newest imported one, so that a list does not empty itself while imports stand still.
create function analytics.mapping_todo_from() returns date
    language sql stable
    as $$ select max(usage_date) - 400 from analytics.provider_import_day where revision > 0 $$;
comment on function analytics.mapping_todo_from() is 'The first day of which costs without a mapping are listed; null before the first import';

-- As before, of those days.
create or replace view analytics.provider_unmapped as
select 'workspace' as kind, c.workspace_id as id, w.name, min(c.activity_date) as first_date, max(c.activity_date) as last_date,
       sum(c.amount_usd) as amount_usd
from analytics.claude_costs c left join analytics.provider_workspace w using (workspace_id)
where c.workspace_id is not null and c.activity_date >= (select analytics.mapping_todo_from())
  and not exists (select from analytics.workspace_platform p where p.workspace_id = c.workspace_id and p.valid_from <= c.activity_date
                  and (p.valid_to is null or c.activity_date < p.valid_to))
group by c.workspace_id, w.name
union all
select 'key', a.api_key_id, k.name, min(a.activity_date), max(a.activity_date), sum(a.amount_usd)
from analytics.claude_cost_allocated a left join analytics.provider_api_key k using (api_key_id)
where a.api_key_id is not null and a.activity_date >= (select analytics.mapping_todo_from())
  and a.attribution_method not in ('api_key_mapping', 'api_key_owner')
group by a.api_key_id, k.name
union all
select 'key', e.api_key_id, k.name, min(e.expense_date), max(e.expense_date), sum(e.cost_usd)
from analytics.openai_expenses e left join analytics.provider_api_key k using (api_key_id)
where e.api_key_id is not null and e.expense_date >= (select analytics.mapping_todo_from())
  and e.attribution_method not in ('api_key_mapping', 'api_key_owner')
group by e.api_key_id, k.name;
comment on view analytics.provider_unmapped is
    'Workspaces and keys that cost something within 400 days of the newest import, and have no mapping';

-- As before, without users that Cursor reports as inactive.
create or replace view analytics.vw_ai_coding_productivity as
select usage_date, 'claude_code' as tool, user_email, sum(claude_code_lines_added) as lines_added, sum(claude_code_lines_removed) as lines_removed,
       sum(claude_code_net_lines) as net_lines, sum(tools_accepted)::numeric / nullif(sum(tool_suggestions), 0) as acceptance_rate,
       sum(claude_code_sessions) as sessions, null::numeric as requests, sum(claude_code_commits) as commits
from analytics.fact_claude_daily_usage where data_source = 'claude_code_analytics'
group by usage_date, user_email
union all
select usage_date, 'cursor', user_email, sum(accepted_lines_added), sum(accepted_lines_deleted), sum(net_lines_accepted),
       sum(total_accepts + total_tabs_accepted)::numeric / nullif(sum(total_accepts + total_rejects + total_tabs_shown), 0), null,
       sum(composer_requests + chat_requests + agent_requests + cmdk_usages), null
from analytics.fact_cursor_daily_usage where is_active
group by usage_date, user_email;

create or replace view analytics.vw_cost_allocation as
select month, platform, user_email, team, amount_usd, lines, sessions, amount_usd / nullif(lines, 0) as cost_per_line,
       case when lines > 0 then
           case when amount_usd / lines <= 0.10 then 'excellent' when amount_usd / lines <= 0.25 then 'good'
                when amount_usd / lines <= 0.50 then 'acceptable' else 'expensive' end end as cost_rating,
       case when sessions >= 50 then 'power' when sessions >= 20 then 'regular' when sessions >= 5 then 'occasional'
            when sessions is not null then 'rare' end as user_kind
from (select date_trunc('month', day)::date as month, platform, user_email, team, sum(usd) as amount_usd, sum(lines) as lines,
             sum(sessions) as sessions
      from (select cost_date as day, provider as platform, user_email, team, amount_usd as usd, null::bigint as lines, null::bigint as sessions
            from analytics.vw_combined_daily_costs
            union all
            select usage_date, 'claude_code', user_email, team, null, claude_code_lines_added, claude_code_sessions
            from analytics.fact_claude_daily_usage where data_source = 'claude_code_analytics'
            union all
            select c.usage_date, 'cursor', c.user_email, p.team, null, c.accepted_lines_added,
                   c.composer_requests + c.chat_requests + c.agent_requests + c.cmdk_usages
            from analytics.fact_cursor_daily_usage c left join analytics.provider_person p on p.email = c.user_email
            where c.is_active) days
      group by 1, 2, 3, 4) months;

-- As before, and an event that names its key instead of the id, as those of Claude Code do, belongs to whom that key does. A name that
-- several keys have says nothing.
create or replace function analytics.claude_attribution(day date, workspace text, api_key text)
    returns table (user_email text, team text, method text, confidence numeric(4, 3))
    language sql stable
    as $$
with key as (
    select coalesce(k.api_key_id, (select min(n.api_key_id) from analytics.provider_api_key n
                                   where n.provider = 'anthropic' and n.name = api_key having count(*) = 1), api_key) as id,
           coalesce(k.name, api_key) as name
    from (values (api_key)) asked (key) left join analytics.provider_api_key k on k.api_key_id = asked.key
)
select c.user_email, coalesce(c.team, (select p.team from analytics.provider_person p where p.email = c.user_email)), c.method, c.confidence
from (select m.user_email, m.team, 'api_key_mapping' as method, m.confidence, m.valid_from
      from analytics.api_key_mapping m, key
      where api_key is not null and (m.user_email is not null or m.team is not null)
        and m.valid_from <= day and (m.valid_to is null or day < m.valid_to)
        and (m.api_key_id = key.id or m.api_key_name = key.name)
      union all
      select u.email, null, 'api_key_owner', 0.850, null
      from key join analytics.provider_api_key k on k.api_key_id = key.id
      join analytics.provider_user u on u.provider = 'anthropic' and u.user_id = k.created_by_user_id
      where u.email is not null
      union all
      select min(u.email), null, 'name_pattern', 0.700, null
      from key join analytics.provider_user u
        on u.provider = 'anthropic' and split_part(u.email, '@', 1) = lower(substring(key.name from '^claude_code_key_(.+)_[^_]+$'))
      having count(distinct u.email) = 1
      union all
      select null, null, 'workspace_only', 0.500, null where workspace is not null
      union all
      select null, null, 'fallback_unknown', 0.000, null) c
order by c.confidence desc, c.valid_from desc nulls last
limit 1
$$;

-- As before. The running month is compared with as many days of the month before, and a provider is new only in its first month.
create or replace view analytics.vw_monthly_finance as
with sums as (
    select date_trunc('month', cost_date)::date as month, provider, sum(amount_usd) as amount_usd,
           coalesce(sum(amount_usd) filter (where user_email is not null or team is not null), 0) as attributed_usd,
           sum(amount_usd) filter (where extract(day from cost_date) <= greatest(extract(day from now() at time zone 'UTC') - 1, 1)) as so_far_usd
    from analytics.vw_combined_daily_costs group by 1, 2
)
select month, provider, amount_usd, before_usd, amount_usd / nullif(before_usd, 0) - 1 as change,
       case when before_usd is null then 'new'
            when abs(amount_usd - before_usd) <= 0.05 * before_usd then 'stable'
            when abs(amount_usd - before_usd) <= 0.20 * before_usd then 'changed'
            else 'much_changed' end as change_band,
       attributed_usd / nullif(amount_usd, 0) as attributed,
       case when attributed_usd >= 0.95 * amount_usd then 'excellent'
            when attributed_usd >= 0.85 * amount_usd then 'good'
            when attributed_usd >= 0.70 * amount_usd then 'acceptable'
            else 'needs_attention' end as attribution_band
from (select s.*, case when s.month > min(s.month) over (partition by s.provider)
                       then coalesce(case when s.month = date_trunc('month', now() at time zone 'UTC')::date then b.so_far_usd
                                          else b.amount_usd end, 0) end as before_usd
      from sums s left join sums b on b.provider = s.provider and b.month = (s.month - interval '1 month')::date) months;

-- Whether a day of the ledger decides what a day costs. A snapshot of Cursor's spend does only where no events can be read.
create function analytics.is_billed_day(day analytics.provider_import_day) returns boolean
    language sql stable
    as $$
select day.provider in ('anthropic', 'openai') and day.dataset = 'cost' or day.provider = 'cursor' and day.dataset = 'events'
    or day.provider = 'cursor' and day.dataset = 'spend'
       and not exists (select from analytics.provider_import_day e
                       where e.provider = 'cursor' and e.dataset = 'events' and e.org_ref = day.org_ref and e.revision > 0)
$$;

-- As before, but the mean of a week is that of its imported days, and 31 days are looked at on each day of the year.
create or replace function analytics.provider_cost_watch(today date)
    returns table (provider text, last_day_usd numeric, week_mean_usd numeric, month_usd numeric, month_before_usd numeric,
                   attributed_usd numeric, attributable_usd numeric)
    language sql stable
    as $$
with days as (
    select d.provider, max(d.usage_date) as last_day, min(d.usage_date) as first_day
    from analytics.provider_import_day d
    where d.usage_date < today and d.status in ('ok', 'ok_empty')
      and analytics.is_billed_day(d)
    group by d.provider
), good as (
    select days.provider, count(distinct d.usage_date) as week_days
    from days join analytics.provider_import_day d on d.provider = days.provider and d.usage_date between last_day - 7 and last_day - 1
    where d.status in ('ok', 'ok_empty') and analytics.is_billed_day(d)
    group by days.provider
), costs as (
    select analytics.provider_of(c.provider) as provider, c.cost_date, c.amount_usd, c.cost_category,
           c.user_email is not null or c.team is not null as attributed
    from analytics.vw_combined_daily_costs c
    where c.cost_date >= least((date_trunc('month', today) - interval '1 month')::date, today - 30)
), month as (select date_trunc('month', today)::date as first, (date_trunc('month', today) - interval '1 month')::date as before)
select days.provider,
       coalesce(sum(amount_usd) filter (where cost_date = last_day and cost_category <> 'subscription'), 0),
       case when first_day <= last_day - 7 then
           coalesce(sum(amount_usd) filter (where cost_date between last_day - 7 and last_day - 1 and cost_category <> 'subscription'), 0)
           / coalesce(max(week_days), 1)
           else 0 end,
       coalesce(sum(amount_usd) filter (where cost_date >= first and cost_date <= last_day), 0),
       case when first_day <= before then
           coalesce(sum(amount_usd) filter (where cost_date >= before and cost_date < first
                                              and cost_date <= before + (last_day - first)), 0)
           else 0 end,
       coalesce(sum(amount_usd) filter (where attributed and cost_date > today - 31 and cost_category <> 'subscription'), 0),
       coalesce(sum(amount_usd) filter (where cost_date > today - 31 and cost_category <> 'subscription'), 0)
from days cross join month left join good using (provider) left join costs using (provider)
group by days.provider, days.first_day, days.last_day, month.before
$$;

-- As before, but a user with charges and without counters has a row, and charges stand in one row of an address.
create or replace view analytics.cursor_usage_stats as
select coalesce(u.activity_date, c.activity_date) as activity_date, coalesce(u.organization_id, c.organization_id) as organization_id,
       u.line_key, u.user_id, coalesce(u.user_email, c.user_email) as user_email,
       u.is_active, u.total_lines_added, u.total_lines_deleted, u.accepted_lines_added, u.accepted_lines_deleted,
       u.total_applies, u.total_accepts, u.total_rejects, u.total_tabs_shown, u.total_tabs_accepted, u.composer_requests,
       u.chat_requests, u.agent_requests, u.cmdk_usages, u.subscription_included_reqs, u.api_key_reqs, u.usage_based_reqs,
       u.bugbot_usages, u.most_used_model, u.apply_most_used_extension, u.tab_most_used_extension, u.client_version,
       u.ingestion_timestamp, u.import_revision, u.run_id, coalesce(c.amount_usd, 0) as daily_spend_usd
from (select *, row_number() over (partition by activity_date, organization_id, user_email order by line_key) as place
      from analytics.cursor_daily_usage) u
full join (select activity_date, organization_id, user_email, sum(amount_usd) as amount_usd, 1 as place
           from analytics.cursor_daily_cost group by activity_date, organization_id, user_email) c
  on c.activity_date = u.activity_date and c.organization_id = u.organization_id and c.user_email = u.user_email and c.place = u.place;
