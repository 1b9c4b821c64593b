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
