-- Views of reports. Only money is added up over all tools; lines, sessions and conversations stay with their own tool.

-- What a person did with a coding tool on a day. The shares of accepted suggestions can only be formed from both counts.
create view analytics.vw_engineering_productivity as
select usage_date, team, count(distinct user_email) as active_developers, sum(lines) as accepted_lines, sum(commits) as commits,
       round(100.0 * sum(accepted) / nullif(sum(suggested), 0), 1) as acceptance_percent,
       case when sum(suggested) > 0 then
           case when 100.0 * sum(accepted) / sum(suggested) < 35 then 'red' when 100.0 * sum(accepted) / sum(suggested) <= 45 then 'yellow'
                else 'green' end end as acceptance_light
from (select usage_date, team, user_email, claude_code_lines_added as lines, claude_code_commits as commits, tools_accepted as accepted,
             tool_suggestions as suggested
      from analytics.fact_claude_daily_usage where data_source = 'claude_code_analytics'
      union all
      select c.usage_date, p.team, c.user_email, c.accepted_lines_added, null, c.total_accepts + c.total_tabs_accepted,
             c.total_accepts + c.total_rejects + c.total_tabs_shown
      from analytics.fact_cursor_daily_usage c left join analytics.provider_person p on p.email = c.user_email
      where c.is_active) days
group by usage_date, team;
comment on view analytics.vw_engineering_productivity is
    'Claude Code and Cursor by day and team; acceptance below 35 percent is red, up to 45 yellow, above green';

-- A user's month with a coding tool: on how many of its working days, and the quarter of the users by net lines (1 is the highest).
create view analytics.vw_productivity_metrics as
select *, case when engagement_percent >= 80 then 'high' when engagement_percent >= 50 then 'medium'
               when engagement_percent >= 20 then 'low' else 'minimal' end as engagement,
       ntile(4) over (partition by month, tool order by net_lines desc, user_email) as quartile
from (select month, tool, user_email, active_days, net_lines, sessions, requests,
             round(100.0 * working_days_used / nullif((
                 select count(*) from generate_series(month::timestamp, least((month + interval '1 month - 1 day'),
                                                                     (now() at time zone 'UTC')::date::timestamp), interval '1 day') as day
                 where extract(isodow from day) < 6), 0), 1) as engagement_percent
      from (select date_trunc('month', usage_date)::date as month, tool, user_email, count(distinct usage_date) as active_days,
                   count(distinct usage_date) filter (where extract(isodow from usage_date) < 6) as working_days_used,
                   sum(net_lines) as net_lines, sum(sessions) as sessions, sum(requests) as requests
            from analytics.vw_ai_coding_productivity where user_email is not null
            group by 1, 2, 3) months) shares;
comment on view analytics.vw_productivity_metrics is
    'A user''s month with a coding tool; engagement is the share of working days (Monday to Friday) with use: from 80, 50 and 20 percent';

-- What a user's lines cost with each coding tool.
create view analytics.vw_cost_allocation as
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
            from analytics.fact_cursor_daily_usage c left join analytics.provider_person p on p.email = c.user_email) days
      group by 1, 2, 3, 4) months;
comment on view analytics.vw_cost_allocation is
    'A month''s costs by platform, user and team; adds up to vw_combined_daily_costs';
comment on column analytics.vw_cost_allocation.sessions is 'Sessions of Claude Code, requests of Cursor: from 50, 20 and 5';

-- The company's month. Of the running month, the usage so far is taken to go on; seats are not, as they are booked on the first day.
create view analytics.vw_executive_summary as
select month, amount_usd, before_usd, amount_usd - before_usd as change_usd,
       sum(amount_usd) over (partition by date_trunc('quarter', month) order by month) as quarter_to_date_usd,
       sum(amount_usd) over (partition by date_trunc('year', month) order by month) as year_to_date_usd,
       round(12 * (seats_usd + (amount_usd - seats_usd) * days / nullif(least(days, (now() at time zone 'UTC')::date - month), 0)), 2)
           as run_rate_year_usd,
       users, amount_usd / nullif(users, 0) as cost_per_user_usd,
       case when largest_usd > 0.7 * amount_usd then largest else 'mixed' end as preferred_platform
from (select m.*, extract(day from m.month + interval '1 month - 1 day')::integer as days, b.amount_usd as before_usd
      from (select month, sum(usd) as amount_usd, sum(seats) as seats_usd, max(usd) as largest_usd,
                   (array_agg(platform order by usd desc))[1] as largest,
                   (select count(distinct c.user_email) from analytics.vw_combined_daily_costs c
                    where c.cost_date >= month and c.cost_date < month + interval '1 month') as users
            from (select date_trunc('month', cost_date)::date as month, provider as platform, sum(amount_usd) as usd,
                         coalesce(sum(amount_usd) filter (where cost_category = 'subscription'), 0) as seats
                  from analytics.vw_combined_daily_costs group by 1, 2) platforms
            group by month) m
      left join (select date_trunc('month', cost_date)::date as month, sum(amount_usd) as amount_usd
                 from analytics.vw_combined_daily_costs group by 1) b on b.month = (m.month - interval '1 month')::date) months;
comment on view analytics.vw_executive_summary is
    'The company''s costs by month; a platform with over 70 percent of them is preferred. No return, because no figure says what use is worth';
comment on column analytics.vw_executive_summary.run_rate_year_usd is 'Twelve months like this one';

-- A month of a platform in one row.
create view analytics.mb_monthly_summary as
select month, platform, sum(usd) as amount_usd, count(distinct user_email) as users, sum(tokens) as tokens, sum(lines) as lines_added,
       sum(sessions) as sessions, sum(conversations) as conversations
from (select date_trunc('month', cost_date)::date as month, provider as platform, user_email, amount_usd as usd, null::numeric as tokens,
             null::bigint as lines, null::bigint as sessions, null::bigint as conversations
      from analytics.vw_combined_daily_costs
      union all
      select date_trunc('month', usage_date)::date, platform, user_email, null, total_tokens, claude_code_lines_added, claude_code_sessions,
             claude_ai_conversations
      from analytics.fact_claude_daily_usage where data_source in ('usage_report', 'claude_code_analytics', 'audit_logs')
      union all
      select date_trunc('month', activity_date)::date, 'openai_api', null, null, uncached_input_tokens::numeric + output_tokens
             + cache_read_input_tokens + cache_write_input_tokens, null, null, null
      from analytics.openai_usage_report
      union all
      select date_trunc('month', usage_date)::date, 'cursor', user_email, null, null, accepted_lines_added, null, null
      from analytics.fact_cursor_daily_usage where is_active) figures
group by month, platform;
comment on view analytics.mb_monthly_summary is
    'A month of a platform: costs, users, and what its reports count; null where a platform reports no such figure';

-- The quality of imports next to what lowers it.
create view analytics.vw_data_quality_dashboard as
select d.provider, q.completeness, q.accuracy, q.freshness, q.consistency, q.validity, q.score, q.status, d.days, d.good_days, d.failed_days,
       d.quarantined_days, d.closed_days, d.restated_days, d.last_good_at
from (select i.provider, count(*) as days, count(*) filter (where i.status in ('ok', 'ok_empty')) as good_days,
             count(*) filter (where i.status in ('failed_retryable', 'failed_permanent')) as failed_days,
             count(*) filter (where i.status = 'quarantined') as quarantined_days, count(i.closed_at) as closed_days,
             count(*) filter (where i.revision > 1) as restated_days, max(i.last_checked_at) as last_good_at
      from analytics.provider_import_day i group by i.provider) d
left join analytics.vw_data_quality q using (provider);
comment on view analytics.vw_data_quality_dashboard is 'Scores of vw_data_quality, null without a day of the last 30, and the days of reports by state';

-- Whether imports run.
create view analytics.vw_system_health as
select p.provider, r.last_run_at, r.last_run_status, r.runs_7_days, r.failed_runs_7_days, l.last_good_at, l.waiting_days, l.newest_day,
       case when l.last_good_at is null then 'never'
            when l.last_good_at < now() - interval '2 days' then 'stale'
            when l.waiting_days > 0 or r.last_run_status = 'failed' then 'degraded' else 'healthy' end as health
from (select distinct provider from analytics.provider_import_day) p
left join (select provider, max(started_at) as last_run_at, (array_agg(status order by started_at desc))[1] as last_run_status,
                  count(*) filter (where started_at > now() - interval '7 days') as runs_7_days,
                  count(*) filter (where started_at > now() - interval '7 days' and status in ('failed', 'partial')) as failed_runs_7_days
           from analytics.provider_import_run group by provider) r using (provider)
left join (select provider, max(last_checked_at) as last_good_at,
                  count(*) filter (where status not in ('ok', 'ok_empty')) as waiting_days,
                  max(usage_date) filter (where status in ('ok', 'ok_empty')) as newest_day
           from analytics.provider_import_day group by provider) l using (provider);
comment on view analytics.vw_system_health is
    'Imports by provider: stale without a good day for two days, degraded with days that wait or after a failed run';

-- What an audit of the providers' keys asks. Keys are to be replaced each quarter.
create view analytics.vw_compliance_security as
select k.provider, k.organization_id, k.api_key_id, k.name, k.status, k.workspace_id, u.email as made_by,
       (now() at time zone 'UTC')::date - (k.created_at at time zone 'UTC')::date as age_days,
       case when k.status <> 'active' then 'not_active' when k.created_at is null then 'unknown' when k.created_at < now() - interval '90 days' then 'due' else 'fine' end as rotation,
       used.last_used, m.mapping_id is not null as mapped
from analytics.provider_api_key k
left join analytics.provider_user u on u.provider = k.provider and u.user_id = k.created_by_user_id
left join lateral (select max(activity_date) as last_used
                   from (select activity_date, api_key_id from analytics.claude_usage_report
                         union all select activity_date, api_key_id from analytics.openai_usage_report) reports
                   where reports.api_key_id = k.api_key_id) used on true
left join lateral (select a.mapping_id from analytics.api_key_mapping a
                   where (a.api_key_id = k.api_key_id or a.api_key_name = k.name) and (a.user_email is not null or a.team is not null)
                     and a.valid_from <= (now() at time zone 'UTC')::date
                     and (a.valid_to is null or (now() at time zone 'UTC')::date < a.valid_to)
                   limit 1) m on true;
comment on view analytics.vw_compliance_security is 'The providers'' keys: who made them, age, last use, and whether they are due to be replaced';

-- A provider may bill one model under several names, such as one with a date.
create table analytics.provider_model_alias (
    provider       text not null,
    alias          text not null,
    provider_model text not null check (provider_model <> alias),
    updated_at     timestamptz not null,
    primary key (provider, alias)
);
comment on table analytics.provider_model_alias is 'Further names under which a provider bills a model';
comment on column analytics.provider_model_alias.alias is 'As in some of its bills';
comment on column analytics.provider_model_alias.provider_model is 'The name that the reconciliation shows, as in provider_model';
