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
select i.*, i.overage_charges / nullif(i.usage_based_requests, 0) as effective_overage_rate, c.imported_usd,
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
