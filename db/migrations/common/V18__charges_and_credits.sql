-- What Cursor bills on demand by day and user. Events count where they are stored, whatever the last attempt to read them again said.
-- A snapshot counts while the last events day that was tried is not stored: then the team's events cannot be read. It adds what its cycle
-- is beyond the stored events and beyond the highest snapshot before it, so no amount counts twice (ADR 15).
create or replace view analytics.cursor_daily_cost as
select activity_date, organization_id, user_email, model, sum(charged_usd) as amount_usd, 'events' as method,
       max(ingestion_timestamp) as ingestion_timestamp
from analytics.cursor_usage_event
where charged_usd <> 0
group by activity_date, organization_id, user_email, model
union all
select activity_date, organization_id, user_email, null, added_usd, 'snapshot_difference', ingestion_timestamp
from (select *, beyond_usd - greatest(0, max(beyond_usd) over (partition by organization_id, billing_cycle_start, coalesce(user_id, user_email)
                                                               order by activity_date rows between unbounded preceding and 1 preceding))
                as added_usd
      from (select s.*, s.spend_usd - coalesce((select sum(e.charged_usd) from analytics.cursor_usage_event e
                                                where e.organization_id = s.organization_id and e.user_email = s.user_email
                                                  and e.activity_date >= s.billing_cycle_start and e.activity_date < s.activity_date), 0)
                        as beyond_usd
            from analytics.cursor_spend_snapshot s
            where coalesce((select d.revision from analytics.provider_import_day d
                            where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = s.organization_id
                              and d.usage_date <= s.activity_date
                            order by d.usage_date desc limit 1), 0) = 0) counted) added
where added_usd > 0;

-- A credit is a line below zero; how large one may be is a limit of the import, which a person can release.
alter table analytics.claude_costs drop constraint claude_costs_amount_usd_check;
alter table analytics.cursor_usage_event drop constraint cursor_usage_event_charged_usd_check;
