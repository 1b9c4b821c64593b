-- When bills close, day by day, and what changes afterwards.

-- The fifth of the following month, UTC: bills of a day that is read from then on are expected to stay.
create function analytics.bills_close_at(day date) returns timestamptz
    language sql immutable
    as $$ select (date_trunc('month', day::timestamp) + interval '1 month 4 days') at time zone 'UTC' $$;

alter table analytics.provider_import_day add column closed_at timestamptz;
comment on column analytics.provider_import_day.closed_at is
    'When the day was first found good after the fifth of the following month; null: its bills can still change';

-- Of earlier reads only the last is known. Days that were stored later are closed by that.
update analytics.provider_import_day
set closed_at = greatest(analytics.bills_close_at(usage_date), first_imported_at)
where last_checked_at >= analytics.bills_close_at(usage_date) and revision > 0;

-- A trigger closes a day, so that a process of the earlier version does it, too, while both run.
create function analytics.close_bills() returns trigger
    language plpgsql
    as $$
begin
    if new.closed_at is null and new.revision > 0 and new.status in ('ok', 'ok_empty')
       and new.last_checked_at >= analytics.bills_close_at(new.usage_date) then
        new.closed_at := new.last_checked_at;
    end if;
    return new;
end $$;
create trigger close_bills before insert or update on analytics.provider_import_day
    for each row execute function analytics.close_bills();

-- The metrics ask every minute what changed within a day.
create index provider_correction_corrected on analytics.provider_correction (corrected_at);

create view analytics.provider_restatement as
select c.provider, c.org_ref as organization_id, c.usage_date, c.revision_to as revision, old.amount_total as before_usd,
       new.amount_total as after_usd, new.amount_total - old.amount_total as change_usd, c.changed_usd, c.lines, d.closed_at, c.restated_at
from (select provider, dataset, org_ref, usage_date, revision_from, revision_to, count(*) as lines, sum(abs(delta)) as changed_usd,
             max(corrected_at) as restated_at
      from analytics.provider_correction
      where dataset in ('cost', 'events')
      group by provider, dataset, org_ref, usage_date, revision_from, revision_to) c
join analytics.provider_import_day d using (provider, dataset, org_ref, usage_date)
join analytics.provider_day_revision old on (old.provider, old.dataset, old.org_ref, old.usage_date, old.revision)
                                          = (c.provider, c.dataset, c.org_ref, c.usage_date, c.revision_from)
join analytics.provider_day_revision new on (new.provider, new.dataset, new.org_ref, new.usage_date, new.revision)
                                          = (c.provider, c.dataset, c.org_ref, c.usage_date, c.revision_to)
where c.restated_at > d.closed_at;
comment on view analytics.provider_restatement is
    'Days of bills that a provider changed after they were closed, a row for each change';
comment on column analytics.provider_restatement.change_usd is 'What the day costs more than before';
comment on column analytics.provider_restatement.changed_usd is 'Sum of the absolute changes of its lines';

-- Cursor bills by cycle, which seldom is a calendar month. Seats are booked for the month, so they are not cut to the cycle.
alter table analytics.cursor_monthly_invoice
    add column first_day date,
    add column last_day date check (last_day >= first_day),
    add check ((first_day is null) = (last_day is null));
comment on column analytics.cursor_monthly_invoice.first_day is 'First day of the billing cycle; null: the calendar month';
comment on column analytics.cursor_monthly_invoice.last_day is 'Last day of the billing cycle';

create or replace view analytics.cursor_monthly_invoices as
select i.billing_month, i.total_invoice_amount_usd, i.subscription_base, i.overage_charges, i.total_requests, i.usage_based_requests,
       i.invoice_id, i.invoice_date, i.payment_status, i.notes, i.entered_by, i.entered_at, p.period_start, p.period_end,
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
cross join lateral (select coalesce(i.first_day, i.billing_month) as period_start,
                           coalesce(i.last_day, (i.billing_month + interval '1 month - 1 day')::date) as period_end) p
cross join lateral (
    select coalesce(sum(amount_usd), 0) as imported_usd from analytics.vw_combined_daily_costs
    where provider = 'cursor'
      and case cost_category when 'subscription' then cost_date >= i.billing_month and cost_date < i.billing_month + interval '1 month'
                             else cost_date between p.period_start and p.period_end end) c
cross join lateral (
    select abs(c.imported_usd - i.total_invoice_amount_usd) / nullif(i.total_invoice_amount_usd, 0) as share) v;

alter table analytics.cursor_spend_snapshot add column billing_cycle_started_at timestamptz;
comment on column analytics.cursor_spend_snapshot.billing_cycle_started_at is
    'The moment at which the cycle began; null in rows of earlier versions, which knew only the day';

-- As before, but a charge of the cycle's first day counts only if the cycle had begun.
create or replace view analytics.cursor_spend_check as
select s.activity_date as snapshot_date, s.organization_id, s.billing_cycle_start, s.user_email, s.spend_usd, e.charged_usd,
       s.spend_usd - e.charged_usd as difference_usd,
       greatest(abs(s.spend_usd - e.charged_usd) - e.last_hour_usd - 0.01, 0) as unexplained_usd
from analytics.cursor_spend_snapshot s
cross join lateral (
    select coalesce(sum(charged_usd), 0) as charged_usd,
           coalesce(sum(charged_usd) filter (where occurred_at >= s.ingestion_timestamp - interval '1 hour'), 0) as last_hour_usd
    from analytics.cursor_usage_event
    where organization_id = s.organization_id and activity_date between s.billing_cycle_start and s.activity_date
      and occurred_at >= coalesce(s.billing_cycle_started_at, s.billing_cycle_start::timestamp at time zone 'UTC')
      and occurred_at < s.ingestion_timestamp and user_email is not distinct from s.user_email) e
where (select count(*) from analytics.provider_import_day d
       where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = s.organization_id and d.status in ('ok', 'ok_empty')
         and d.usage_date between s.billing_cycle_start and s.activity_date
         and d.last_checked_at >= (d.usage_date + 1)::timestamp at time zone 'UTC')
      = s.activity_date - s.billing_cycle_start + 1;
