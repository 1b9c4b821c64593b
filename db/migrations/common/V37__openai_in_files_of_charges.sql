-- OpenAI in files of charges and in the reconciliation: what a line item names, and which organisation it belongs to (ADR 24).

-- A quantity that the bill does not state is null, never 0.
alter table analytics.openai_costs alter column quantity drop not null, alter column quantity drop default;
update analytics.openai_costs set quantity = null where quantity = 0;
comment on column analytics.openai_costs.quantity is 'As reported, in quantity_unit; null where the report names none';

-- Line items of tokens have the form '[TIER | ]MODEL[ MODALITY], KIND[, long context]'. All others name nothing and give one row of nulls.
create function analytics.openai_line_item(line_item text)
    returns table (model text, token_type text, service_tier text, context_window text)
    language sql immutable
    as $$
select parts[2],
       nullif(concat_ws(' ', coalesce(parts[3], parts[5]),
                        case when parts[4] is null and parts[6] = 'cache writes' then 'cache_write'
                             when parts[4] is not null and parts[6] = 'input' then 'cache_read'
                             else coalesce(parts[4], '') || parts[6] end), ''),
       parts[1], parts[7]
from (select regexp_match(line_item,
          '^(?:([a-z][a-z ]*) \| )?([^ ,|]+)(?: ([a-z]+))?, (cached )?(?:([a-z]+) )?(input|output|cache writes)(?:, (long context))?$')
      as parts) item
$$;

create or replace view analytics.openai_expenses as
select c.activity_date as expense_date, c.organization_id, 'openai_api' as platform, c.project_id, c.api_key_id, item.model,
       c.amount_usd as cost_usd, case when item.token_type is null then 'other' else 'tokens' end as cost_type, item.token_type, c.line_item,
       c.currency, c.ingestion_timestamp, a.user_email, a.team, a.method as attribution_method, a.confidence as attribution_confidence,
       item.service_tier, item.context_window
from analytics.openai_costs c
cross join lateral analytics.openai_line_item(c.line_item) item
cross join lateral analytics.openai_attribution(c.activity_date, c.project_id, c.api_key_id) a;

-- Both sides without the priority tier, also where a line item names it.
create or replace view analytics.provider_token_bills as
select activity_date, organization_id, 'anthropic' as provider, model, sum(input)::bigint as input_tokens, sum(output)::bigint as output_tokens,
       sum(cache_read)::bigint as cache_read_tokens, sum(write_5m)::bigint as cache_write_5m_tokens, sum(write_1h)::bigint as cache_write_1h_tokens,
       coalesce(sum(usd), 0) as billed_usd
from (select activity_date, organization_id, model, uncached_input_tokens as input, output_tokens as output,
             cache_read_input_tokens as cache_read, cache_creation_5m_tokens as write_5m, cache_creation_1h_tokens as write_1h,
             null::numeric as usd
      from analytics.claude_usage_report where coalesce(service_tier, '') not like 'priority%'
      union all
      select activity_date, organization_id, model, null, null, null, null, null, amount_usd
      from analytics.claude_costs where cost_type = 'tokens' and amount_usd > 0) reports
group by activity_date, organization_id, model
having count(input) > 0
union all
select activity_date, organization_id, 'openai', model, sum(input)::bigint, sum(output)::bigint, sum(cache_read)::bigint,
       sum(cache_write)::bigint, 0::bigint, coalesce(sum(usd), 0)
from (select activity_date, organization_id, model, uncached_input_tokens as input, output_tokens as output,
             cache_read_input_tokens as cache_read, cache_write_input_tokens as cache_write,
             input_audio_tokens + cached_audio_tokens + output_audio_tokens as audio, null::numeric as usd
      from analytics.openai_usage_report where coalesce(service_tier, '') not like 'priority%'
      union all
      select expense_date, organization_id, model, null, null, null, null, null, cost_usd
      from analytics.openai_expenses
      where cost_type = 'tokens' and cost_usd > 0 and coalesce(service_tier, '') not like 'priority%') reports
group by activity_date, organization_id, model
having sum(input + output + cache_read + cache_write) > 0 and sum(audio) = 0;

-- An empty workspace is that of a provider other than Anthropic: only an entry that names its organisation counts.
create or replace function analytics.provider_org(org text, day date, workspace text, api_key text)
    returns table (org_id uuid, mapped_by text)
    language sql stable
    as $$
select m.org_id, m.kind
from analytics.provider_org_mapping m
where m.valid_from <= day
  and (m.kind = 'key' and m.id = api_key
       or m.kind = 'workspace' and m.id = coalesce(workspace, '(default)') and m.organization_id in ('', org)
       or m.kind = 'workspace' and workspace = '' and m.id = '(default)' and m.organization_id = org)
order by m.kind, m.organization_id = '', m.valid_from desc
limit 1
$$;

create or replace view analytics.provider_org_costs as
select a.activity_date, a.organization_id, o.org_id, o.mapped_by, a.workspace_id, a.api_key_id, a.model, a.token_type, a.cost_type,
       a.description, a.allocation_method, a.amount_usd, 'anthropic' as provider
from analytics.claude_cost_allocated a
left join lateral analytics.provider_org(a.organization_id, a.activity_date, a.workspace_id, a.api_key_id) o on true
union all
select c.activity_date, c.organization_id, o.org_id, o.mapped_by, c.project_id, c.api_key_id, item.model, item.token_type,
       case when item.token_type is null then 'other' else 'tokens' end, c.line_item, 'billed_by_key', c.amount_usd, 'openai'
from analytics.openai_costs c
cross join lateral analytics.openai_line_item(c.line_item) item
left join lateral analytics.provider_org(c.organization_id, c.activity_date, coalesce(c.project_id, ''), c.api_key_id) o on true;
comment on view analytics.provider_org_costs is
    'Every share of the bills of Anthropic and OpenAI once, with the organisation that owns it, if any; a project is a workspace_id';
