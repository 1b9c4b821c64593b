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
