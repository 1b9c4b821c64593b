-- Several organisations of Anthropic in one database. Ids of workspaces and keys are unique among all of them; the workspace without an
-- id, '(default)', is not. So what is said of it is said of one organisation; '' is said of each that has no entry of its own.

alter table analytics.workspace_platform add column organization_id text not null default '';
alter table analytics.workspace_platform drop constraint workspace_platform_pkey;
alter table analytics.workspace_platform add primary key (workspace_id, organization_id, valid_from);

alter table analytics.provider_org_mapping add column organization_id text not null default '';
alter table analytics.provider_org_mapping drop constraint provider_org_mapping_pkey;
alter table analytics.provider_org_mapping add primary key (kind, id, organization_id, valid_from);

alter table analytics.workspace_report add column organization_id text not null default '';
alter table analytics.workspace_report drop constraint workspace_report_pkey;
alter table analytics.workspace_report add primary key (workspace_id, organization_id);

-- What was said while there was one organisation was said of that one.
do $$
declare
    only_one text := (select min(org_ref) from analytics.provider_import_day where provider = 'anthropic' having count(distinct org_ref) = 1);
begin
    if only_one is not null then
        update analytics.workspace_platform set organization_id = only_one where workspace_id = '(default)';
        update analytics.provider_org_mapping set organization_id = only_one where kind = 'workspace' and id = '(default)';
        update analytics.workspace_report set organization_id = only_one where workspace_id = '(default)';
    end if;
end $$;

-- Each organisation has its own slot of the daily schedule.
alter table analytics.provider_daily_slot add column org_ref text not null default '';
alter table analytics.provider_daily_slot drop constraint provider_daily_slot_pkey;
alter table analytics.provider_daily_slot add primary key (provider, org_ref, slot);

-- As claude_platform before it, with the organisation whose workspace it is.
create function analytics.claude_platform(org text, day date, workspace text, api_key text) returns text[]
    language sql stable
    as $$
select case when workspace is not null and w.platform is not null then array[w.platform, 'workspace_id']
            when k.platform is not null then array[k.platform, 'api_key_mapping']
            when workspace is null and w.platform is not null then array[w.platform, 'workspace_id']
            when api_key is not null or workspace is null then array['claude_api', 'default']
            else array['unknown', 'none'] end
from (select (select p.platform from analytics.workspace_platform p
              where p.workspace_id = coalesce(workspace, '(default)') and p.organization_id in ('', org)
                and p.valid_from <= day and (p.valid_to is null or day < p.valid_to)
              order by p.organization_id = '', p.valid_from desc limit 1) as platform) w,
     (select (select m.platform from analytics.api_key_mapping m
              where api_key is not null and m.platform is not null and m.valid_from <= day and (m.valid_to is null or day < m.valid_to)
                and (m.api_key_id = api_key
                     or m.api_key_name = coalesce((select name from analytics.dim_api_keys where api_key_id = api_key), api_key))
              order by m.api_key_id is null, m.valid_from desc limit 1) as platform) k
$$;
-- The rest of the function stays as it is.
do $$
begin
    execute replace(pg_get_functiondef('analytics.rebuild_claude_day(text, date)'::regprocedure),
                    'analytics.claude_platform(day,', 'analytics.claude_platform(org, day,');
end $$;
drop function analytics.claude_platform(date, text, text);

create function analytics.provider_org(org text, day date, workspace text, api_key text)
    returns table (org_id uuid, mapped_by text)
    language sql stable
    as $$
select m.org_id, m.kind
from analytics.provider_org_mapping m
where m.valid_from <= day
  and (m.kind = 'key' and m.id = api_key
       or m.kind = 'workspace' and m.id = coalesce(workspace, '(default)') and m.organization_id in ('', org))
order by m.kind, m.organization_id = '', m.valid_from desc
limit 1
$$;
create or replace view analytics.provider_org_costs as
select a.activity_date, a.organization_id, o.org_id, o.mapped_by, a.workspace_id, a.api_key_id, a.model, a.token_type, a.cost_type,
       a.description, a.allocation_method, a.amount_usd
from analytics.claude_cost_allocated a
left join lateral analytics.provider_org(a.organization_id, a.activity_date, a.workspace_id, a.api_key_id) o on true;
drop function analytics.provider_org(date, text, text);

-- The provider's organisation as the last column: null where a cost is of none.
create or replace view analytics.api_usage_expenses as
select e.expense_date, e.api_key_id, e.model, e.cost_usd, coalesce(t.input_tokens, 0) as input_tokens,
       coalesce(t.output_tokens, 0) as output_tokens, coalesce(t.cache_tokens, 0) as cache_tokens,
       case e.service_tier when 'batch' then 'batch' else 'messages' end as endpoint, e.service_tier, e.ingestion_timestamp, e.organization_id
from (select expense_date, organization_id, api_key_id, model, service_tier, sum(cost_usd) as cost_usd,
             max(ingestion_timestamp) as ingestion_timestamp
      from analytics.claude_expenses where platform = 'claude_api' and cost_type <> 'subscription'
      group by expense_date, organization_id, api_key_id, model, service_tier) e
left join (select usage_date, organization_id, api_key_id, model, service_tier, sum(uncached_input_tokens) as input_tokens,
                  sum(output_tokens) as output_tokens,
                  sum(cache_read_input_tokens + cache_creation_5m_tokens + cache_creation_1h_tokens) as cache_tokens
           from analytics.fact_claude_daily_usage where data_source = 'usage_report' and platform = 'claude_api'
           group by usage_date, organization_id, api_key_id, model, service_tier) t
  on t.usage_date = e.expense_date and t.organization_id = e.organization_id and t.api_key_id is not distinct from e.api_key_id
 and t.model is not distinct from e.model and t.service_tier is not distinct from e.service_tier;

create or replace view analytics.vw_combined_daily_costs as
select expense_date as cost_date, replace(platform, 'claude.ai', 'claude_ai') as provider, cost_type as cost_category, workspace_id,
       user_email, api_key_id, model, description, cost_usd as amount_usd, ingestion_timestamp,
       case cost_type when 'subscription' then 'manual_cost_entry' else 'claude_costs' end as source_table, token_type, team,
       case when cost_type <> 'subscription' then organization_id end as organization_id
from analytics.claude_expenses
union all
select activity_date, 'cursor', 'usage_based', null, user_email, null, model, method, amount_usd, ingestion_timestamp,
       case method when 'events' then 'cursor_usage_event' else 'cursor_spend_snapshot' end, null, null, organization_id
from analytics.cursor_daily_cost
union all
select month, 'cursor', 'subscription', null, null, null, null, 'Seats entered by hand', amount_usd, entered_at, 'manual_cost_entry', null, null,
       null
from analytics.manual_cost_entry where platform = 'cursor';

create or replace view analytics.vw_reported_daily_costs as
select c.* from analytics.vw_combined_daily_costs c
where c.source_table <> 'claude_costs'
   or coalesce((select w.included from analytics.workspace_report w
                where w.workspace_id = coalesce(c.workspace_id, '(default)') and w.organization_id in ('', c.organization_id)
                order by w.organization_id = '' limit 1), true);
