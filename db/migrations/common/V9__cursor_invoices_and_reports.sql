-- Cursor's monthly invoices, typed in by a person: what the imported charges are compared with. Never added to them.
create table analytics.cursor_monthly_invoice (
    billing_month            date primary key check (billing_month = date_trunc('month', billing_month)),
    total_invoice_amount_usd numeric not null check (total_invoice_amount_usd >= 0),
    subscription_base        numeric check (subscription_base >= 0),
    overage_charges          numeric check (overage_charges >= 0),
    total_requests           bigint check (total_requests >= 0),
    usage_based_requests     bigint check (usage_based_requests >= 0),
    invoice_id               text,
    invoice_date             date,
    payment_status           text,
    notes                    text,
    entered_by               text not null,
    entered_at               timestamptz not null
);

-- The invoices beside what was imported for the month, seats included. Bands: less than 1 % matched, up to 5 % acceptable, up to 10 %
-- warning, beyond critical; one side without the other is missing or duplicate data.
create view analytics.cursor_monthly_invoices as
select i.*, i.billing_month as period_start, (i.billing_month + interval '1 month - 1 day')::date as period_end,
       i.overage_charges / nullif(i.usage_based_requests, 0) as effective_overage_rate, c.imported_usd,
       c.imported_usd - i.total_invoice_amount_usd as variance_usd,
       case when i.total_invoice_amount_usd = 0 and c.imported_usd = 0 then 'matched'
            when c.imported_usd = 0 then 'missing_data'
            when i.total_invoice_amount_usd = 0 then 'duplicate_data'
            when v.share < 0.01 then 'matched'
            when v.share <= 0.05 then 'acceptable'
            when v.share <= 0.10 then 'warning'
            else 'critical' end as variance_status
from analytics.cursor_monthly_invoice i
cross join lateral (
    select coalesce(sum(amount_usd), 0) as imported_usd from analytics.vw_combined_daily_costs
    where provider = 'cursor' and cost_date >= i.billing_month and cost_date < i.billing_month + interval '1 month') c
cross join lateral (
    select abs(c.imported_usd - i.total_invoice_amount_usd) / nullif(i.total_invoice_amount_usd, 0) as share) v;

-- Each user's spend of the running cycle, as Cursor says, beside the sum of the charges up to the moment of the snapshot. Only
-- snapshots whose whole cycle so far is imported. What differs by more than a cent and what was charged in the hour before (Cursor
-- adds up by the hour) is unexplained.
create view analytics.cursor_spend_check as
select s.activity_date as snapshot_date, s.organization_id, s.billing_cycle_start, s.user_email, s.spend_usd, e.charged_usd,
       s.spend_usd - e.charged_usd as difference_usd,
       greatest(abs(s.spend_usd - e.charged_usd) - e.last_hour_usd - 0.01, 0) as unexplained_usd
from analytics.cursor_spend_snapshot s
cross join lateral (
    select coalesce(sum(charged_usd), 0) as charged_usd,
           coalesce(sum(charged_usd) filter (where occurred_at >= s.ingestion_timestamp - interval '1 hour'), 0) as last_hour_usd
    from analytics.cursor_usage_event
    where organization_id = s.organization_id and activity_date between s.billing_cycle_start and s.activity_date
      and occurred_at < s.ingestion_timestamp and user_email is not distinct from s.user_email) e
where (select count(*) from analytics.provider_import_day d
       where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = s.organization_id and d.status in ('ok', 'ok_empty')
         and d.usage_date between s.billing_cycle_start and s.activity_date
         and d.last_checked_at >= (d.usage_date + 1)::timestamp at time zone 'UTC')
      = s.activity_date - s.billing_cycle_start + 1;

-- Each user's day: counters, and what was charged.
create view analytics.cursor_usage_stats as
select u.*, coalesce(c.amount_usd, 0) as daily_spend_usd
from analytics.cursor_daily_usage u
left join (select activity_date, organization_id, user_email, sum(amount_usd) as amount_usd from analytics.cursor_daily_cost
           group by activity_date, organization_id, user_email) c
  on c.activity_date = u.activity_date and c.organization_id = u.organization_id and c.user_email = u.user_email;

create view analytics.cursor_daily_metrics as
select activity_date, organization_id, user_id, user_email, is_active, total_lines_added, total_lines_deleted, accepted_lines_added,
       accepted_lines_deleted, total_applies, total_accepts, total_rejects, total_tabs_shown, total_tabs_accepted, composer_requests,
       chat_requests, agent_requests, cmdk_usages, subscription_included_reqs, api_key_reqs, usage_based_reqs, bugbot_usages,
       most_used_model, apply_most_used_extension, tab_most_used_extension, client_version, daily_spend_usd
from analytics.cursor_usage_stats;

-- Cumulative snapshots beside what each adds to the one before in its cycle. A sum that falls adds nothing; by more than a cent it is
-- shown as fallen. The first snapshot of a cycle holds all of the cycle so far. daily_spend_usd checks the charges, it never adds to them.
create view analytics.cursor_spending as
select s.activity_date as snapshot_date, s.organization_id, s.billing_cycle_start, s.user_email, s.user_id, s.user_name, s.user_role,
       s.spend_usd * 100 as spend_cents, s.included_spend_usd * 100 as included_spend_cents,
       (s.spend_usd + s.included_spend_usd) * 100 as total_spend_cents, s.fast_premium_requests, s.monthly_limit_dollars,
       s.hard_limit_override_dollars, greatest(s.change_usd, 0) as daily_spend_usd, s.change_usd, s.change_usd < -0.01 as fell,
       s.ingestion_timestamp
from (select *, spend_usd - coalesce(lag(spend_usd) over (partition by organization_id, billing_cycle_start, coalesce(user_id, user_email)
                                                          order by activity_date), 0) as change_usd
      from analytics.cursor_spend_snapshot) s;

-- Cursor's part of vw_combined_daily_costs by kind; adds up to it. Events say by their kind whether the user's own key was used.
create view analytics.cursor_expenses as
select activity_date as expense_date, organization_id, user_email, model,
       case when kind ~* 'api[ _-]?key' then 'api_key' else 'usage_based' end as expense_type, sum(charged_usd) as amount_usd,
       'cursor_usage_event' as source_table
from analytics.cursor_usage_event
where charged_usd <> 0
group by 1, 2, 3, 4, 5
union all
select activity_date, organization_id, user_email, model, 'usage_based', amount_usd, 'cursor_spend_snapshot'
from analytics.cursor_daily_cost where method = 'snapshot_difference'
union all
select month, null, null, null, 'subscription', amount_usd, 'manual_cost_entry'
from analytics.manual_cost_entry where platform = 'cursor';

-- Workspaces that reports leave out. Imports and totals never do: otherwise they could not match the provider's own.
create table analytics.workspace_report (
    workspace_id text not null,
    included     boolean not null,
    entered_by   text not null,
    entered_at   timestamptz not null,
    organization_id text not null default '',
    primary key (workspace_id, organization_id)
);
comment on column analytics.workspace_report.workspace_id is '(default) is the workspace without an id';

create view analytics.vw_reported_daily_costs as
select c.* from analytics.vw_combined_daily_costs c
where c.source_table <> 'claude_costs'
   or coalesce((select w.included from analytics.workspace_report w
                where w.workspace_id = coalesce(c.workspace_id, '(default)') and w.organization_id in ('', c.organization_id)
                order by w.organization_id = '' limit 1), true);

-- Whether bills are as usual; what the alerts read. Days are UTC; the last day is the newest before today with a good import of bills.
-- The mean of the week and the month before are 0 where imports do not reach back that far.
create function analytics.provider_cost_watch(today date)
    returns table (provider text, last_day_usd numeric, week_mean_usd numeric, month_usd numeric, month_before_usd numeric,
                   attributed_usd numeric, attributable_usd numeric)
    language sql stable
    as $$
with days as (
    select d.provider, max(d.usage_date) as last_day, min(d.usage_date) as first_day
    from analytics.provider_import_day d
    where d.usage_date < today and d.status in ('ok', 'ok_empty')
      and (d.provider = 'anthropic' and d.dataset = 'cost' or d.provider = 'cursor' and d.dataset in ('events', 'spend'))
    group by d.provider
), costs as (
    select case c.provider when 'cursor' then 'cursor' else 'anthropic' end as provider, c.cost_date, c.amount_usd, c.cost_category,
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

-- What is odd about mappings and people, as of today: a key that the provider does not list; a name that several keys bear; a key whose
-- usage of the last 31 days was another platform's than its mapping says; users of more than three keys; addresses of domains
-- that are not the company's (none are foreign where domains is null).
create function analytics.provider_mapping_warnings(today date, domains text[])
    returns table (kind text, subject text, detail text)
    language sql stable
    as $$
with valid as (
    select * from analytics.api_key_mapping m where m.valid_from <= today and (m.valid_to is null or today < m.valid_to)
)
select 'unknown_key', coalesce(v.api_key_id, v.api_key_name), 'mapped, but not among the provider''s keys'
from valid v
where exists (select from analytics.provider_api_key)
  and not exists (select from analytics.provider_api_key k where k.api_key_id = v.api_key_id or k.name = v.api_key_name)
  and not exists (select from analytics.claude_code_productivity c where c.api_key_name = v.api_key_name)
union all
select 'ambiguous_name', v.api_key_name, count(*) || ' keys bear this name (expected: 1, or mappings by id)'
from valid v join analytics.provider_api_key k on k.name = v.api_key_name
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
cross join lateral analytics.claude_attribution(today, k.workspace_id, k.api_key_id) a
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

-- How good the mappings are. Used are keys with tokens in the 31 days up to today; mapped is one whose entry, on the last of those days,
-- names a user or a team. Invalid is an entry valid today of a key that the provider does not list. The confidence is that of the
-- costs of those days, by amount.
create function analytics.provider_mapping_quality(today date)
    returns table (keys_used bigint, keys_mapped bigint, coverage numeric, invalid_mappings bigint, grade text, mean_confidence numeric,
                   low_confidence_usd numeric)
    language sql stable
    as $$
with used as (
    select u.api_key_id, max(u.activity_date) as last_day from analytics.claude_usage_report u
    where u.api_key_id is not null and u.activity_date between today - 30 and today
    group by u.api_key_id
), counted as (
    select count(*) as used,
           count(*) filter (where exists (
               select from analytics.api_key_mapping m
               where (m.user_email is not null or m.team is not null) and m.valid_from <= used.last_day
                 and (m.valid_to is null or used.last_day < m.valid_to)
                 and (m.api_key_id = used.api_key_id
                      or m.api_key_name = (select k.name from analytics.provider_api_key k where k.api_key_id = used.api_key_id)))) as mapped,
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
            from analytics.claude_cost_allocated a where a.activity_date between today - 30 and today) costs
$$;

-- What is unusual about a day's bill and yet may be right: more than half of the rows without cost; a total more than three standard
-- deviations from the mean of the 30 days before it (of which at least seven must be there); costs of workspaces that nobody has mapped.
create function analytics.provider_day_warnings(wanted text, org text, day date)
    returns table (name text, expected text, found text)
    language sql stable
    as $$
with lines as (
    select activity_date, amount_usd from analytics.claude_costs
    where wanted = 'anthropic' and organization_id = org and activity_date between day - 30 and day
    union all
    select activity_date, charged_usd from analytics.cursor_usage_event
    where wanted = 'cursor' and organization_id = org and is_chargeable and activity_date between day - 30 and day
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

-- How far data of a provider can be trusted, 0 to 100 each. Complete: days of the last 30 with a good import of each report, since the
-- first. Accurate: days on which the laws hold. Fresh: hours since a report was last found good (up to 2 is 100, 12 is 90, 24 is 75, 48 is 50).
-- Consistent: days that no restatement changed by over a dollar or a percent. Valid: days that the checks before storing let in.
create function analytics.provider_data_quality(at timestamptz)
    returns table (provider text, completeness numeric, accuracy numeric, freshness numeric, consistency numeric, validity numeric,
                   score numeric, status text)
    language sql stable
    as $$
with today as (select (at at time zone 'UTC')::date as day),
reports as (
    select d.*, min(d.usage_date) over (partition by d.provider, d.dataset, d.org_ref) as first_day
    from analytics.provider_import_day d
    where d.provider in ('anthropic', 'cursor') and d.dataset <> 'spend'
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

create view analytics.vw_data_quality as select * from analytics.provider_data_quality(now());

-- What Claude Code says of itself beside what the bill and the usage report say of its workspaces: two answers of the provider about
-- one thing. Differences are shares of the latter; tokens may differ by 2 %, costs by 1 %. A check, never money.
create view nonfinancial.claude_code_cross_check as
select f.usage_date, f.organization_id, f.tokens, e.tokens as reported_tokens, abs(e.tokens - f.tokens) / nullif(f.tokens, 0) as token_difference,
       f.cost_usd, e.cost_usd as estimated_cost_usd, abs(e.cost_usd - f.cost_usd) / nullif(f.cost_usd, 0) as cost_difference,
       abs(e.tokens - f.tokens) <= 0.02 * f.tokens and abs(e.cost_usd - f.cost_usd) <= 0.01 * f.cost_usd as fine
from (select usage_date, organization_id, coalesce(sum(total_tokens), 0) as tokens, coalesce(sum(total_cost_usd), 0) as cost_usd
      from analytics.fact_claude_daily_usage where platform = 'claude_code' and data_source in ('usage_report', 'cost_report')
      group by usage_date, organization_id) f
join (select activity_date, organization_id,
             sum(input_tokens::numeric + output_tokens + cache_read_tokens + cache_creation_tokens) as tokens,
             sum(estimated_cost_usd) as cost_usd
      from nonfinancial.claude_code_estimate group by activity_date, organization_id) e
  on e.activity_date = f.usage_date and e.organization_id = f.organization_id;

-- Reports. Coding agents are measured in lines, the interface in tokens, assistants in conversations; only money is added up over all.

create view analytics.vw_monthly_finance as
with sums as (
    select date_trunc('month', cost_date)::date as month, provider, sum(amount_usd) as amount_usd,
           coalesce(sum(amount_usd) filter (where user_email is not null or team is not null), 0) as attributed_usd
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
from (select s.*, b.amount_usd as before_usd
      from sums s left join sums b on b.provider = s.provider and b.month = (s.month - interval '1 month')::date) months;

create view analytics.vw_executive_total_investment as
select month, provider, amount_usd, sum(amount_usd) over (partition by provider, date_trunc('quarter', month) order by month) as quarter_to_date_usd,
       sum(amount_usd) over (partition by provider, date_trunc('year', month) order by month) as year_to_date_usd,
       amount_usd / nullif(sum(amount_usd) over (partition by month), 0) as share_of_month
from (select date_trunc('month', cost_date)::date as month, provider, sum(amount_usd) as amount_usd
      from analytics.vw_combined_daily_costs group by 1, 2) months;

create view analytics.vw_claude_per_key_costs as
select a.activity_date, a.organization_id, a.workspace_id, a.api_key_id, k.name as api_key_name, a.platform, a.user_email, a.team,
       sum(a.amount_usd) as amount_usd, min(a.attribution_confidence) as attribution_confidence
from analytics.claude_cost_allocated a left join analytics.provider_api_key k using (api_key_id)
group by a.activity_date, a.organization_id, a.workspace_id, a.api_key_id, k.name, a.platform, a.user_email, a.team;

create view analytics.claude_daily_summary as
select usage_date, platform, count(distinct user_email) as users, coalesce(sum(total_cost_usd), 0) as total_cost_usd,
       coalesce(sum(total_tokens), 0) as total_tokens, sum(claude_code_sessions) as claude_code_sessions,
       sum(claude_code_net_lines) as claude_code_net_lines, sum(claude_code_commits) as claude_code_commits,
       sum(claude_code_prs) as claude_code_prs, sum(claude_ai_conversations) as claude_ai_conversations
from analytics.fact_claude_daily_usage
group by usage_date, platform;

create view analytics.vw_ai_coding_productivity as
select usage_date, 'claude_code' as tool, user_email, sum(claude_code_lines_added) as lines_added, sum(claude_code_lines_removed) as lines_removed,
       sum(claude_code_net_lines) as net_lines, sum(tools_accepted)::numeric / nullif(sum(tool_suggestions), 0) as acceptance_rate,
       sum(claude_code_sessions) as sessions, null::numeric as requests, sum(claude_code_commits) as commits
from analytics.fact_claude_daily_usage where data_source = 'claude_code_analytics'
group by usage_date, user_email
union all
select usage_date, 'cursor', user_email, sum(accepted_lines_added), sum(accepted_lines_deleted), sum(net_lines_accepted),
       sum(total_accepts + total_tabs_accepted)::numeric / nullif(sum(total_accepts + total_rejects + total_tabs_shown), 0), null,
       sum(composer_requests + chat_requests + agent_requests + cmdk_usages), null
from analytics.fact_cursor_daily_usage
group by usage_date, user_email;

create view analytics.vw_api_consumption as
select expense_date as usage_date, organization_id, api_key_id, model, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
       sum(cache_tokens) as cache_tokens, sum(cost_usd) as cost_usd
from analytics.api_usage_expenses
group by expense_date, organization_id, api_key_id, model;

create view analytics.vw_claude_ai_daily_summary as
select usage_date, user_email, team, sum(claude_ai_conversations) as conversations, sum(claude_ai_projects) as projects,
       sum(claude_ai_files_uploaded) as files_uploaded, sum(claude_ai_messages_sent) as messages_sent,
       sum(claude_ai_active_time_minutes) as active_time_minutes, sum(claude_ai_engagement_score) as engagement_score,
       case when sum(claude_ai_files_uploaded) >= 3 * sum(claude_ai_conversations) and sum(claude_ai_files_uploaded) > 0 then 'research_heavy'
            when sum(claude_ai_files_uploaded) >= sum(claude_ai_conversations) and sum(claude_ai_files_uploaded) > 0 then 'balanced'
            else 'conversation_focused' end as user_kind
from analytics.fact_claude_daily_usage where data_source = 'audit_logs'
group by usage_date, user_email, team;

create view analytics.vw_ai_assistant_productivity as select * from analytics.vw_claude_ai_daily_summary;
