package io.inference.analytics.export;

/**
 * OpenAI's charges in SQL: the lines of the bill whose key or project belongs to the organisation.
 *
 * <p>A line has the quantity that the bill states with a unit. Without one, tokens are those of the
 * usage report of the same day, project, key and model. Each token is counted in one line. Tokens
 * of a tier that has a line of its own are in that line. No report separates audio from text, or a long
 * context from a short one, so such tokens stay unknown, and are in no other line either. A charge of several keys has a quantity only
 * if each of its lines has one in the same unit.
 */
final class OpenAiCharges {

    /** The last table has the columns that {@link FocusCharges} reads. */
    static final String TABLES =
            """
            openai_lines as (
                select c.activity_date as day, c.organization_id, c.project_id, c.api_key_id, item.model, item.token_type, item.service_tier,
                       item.context_window, c.amount_usd < 0 as credit,
                       case when item.token_type is null or c.amount_usd < 0 then c.line_item end as named,
                       string_agg(distinct c.line_item, '; ') as description, sum(c.amount_usd) as amount,
                       case when count(distinct c.quantity_unit) = 1 and bool_and(c.quantity > 0 and c.quantity_unit is not null)
                            then sum(c.quantity) end as stated, min(c.quantity_unit) as unit
                from analytics.openai_costs c
                cross join lateral analytics.openai_line_item(c.line_item) item
                cross join lateral analytics.provider_org(c.organization_id, c.activity_date, coalesce(c.project_id, ''), c.api_key_id) owner
                where owner.org_id = :org and c.activity_date >= :first and c.activity_date < :end
                  and (:all or item.model in (select model from wanted where provider = 'openai'))
                group by c.activity_date, c.organization_id, c.project_id, c.api_key_id, item.model, item.token_type, item.service_tier,
                         item.context_window, credit, named
            ), openai_kinds as (
                select day, organization_id, project_id, api_key_id, model, token_type, service_tier, count(*) as lines
                from openai_lines
                where not credit and token_type in ('input', 'output', 'cache_read', 'cache_write')
                group by day, organization_id, project_id, api_key_id, model, token_type, service_tier
            ), openai_counted as (
                select kinds.*, u.input_audio_tokens + u.cached_audio_tokens + u.output_audio_tokens as audio,
                       case kinds.token_type when 'input' then u.uncached_input_tokens when 'output' then u.output_tokens
                                             when 'cache_read' then u.cache_read_input_tokens else u.cache_write_input_tokens end as tokens,
                       row_number() over (partition by u.activity_date, u.organization_id, u.line_key, kinds.token_type
                                          order by kinds.service_tier is null, kinds.service_tier) as choice
                from openai_kinds kinds
                join analytics.openai_usage_report u
                  on u.activity_date = kinds.day and u.organization_id = kinds.organization_id and u.model = kinds.model
                 and u.project_id is not distinct from kinds.project_id and u.api_key_id is not distinct from kinds.api_key_id
                 and (kinds.service_tier is null or kinds.service_tier = u.service_tier or kinds.service_tier = 'batch' and u.batch = 'true')
                where u.activity_date >= :first and u.activity_date < :end
            ), openai_tokens as (
                select day, organization_id, project_id, api_key_id, model, token_type, service_tier, sum(tokens) as quantity
                from openai_counted where choice = 1 and lines = 1
                group by day, organization_id, project_id, api_key_id, model, token_type, service_tier
                having sum(tokens) > 0 and sum(audio) = 0
            ), openai_measured as (
                select lines.*, coalesce(lines.stated, tokens.quantity) as quantity,
                       case when lines.stated is null or lines.unit ~* '^tokens?$' then 'Tokens' else lines.unit end as counted_in,
                       case when lines.stated is null then 'UsageReport' else 'Bill' end as basis
                from openai_lines lines
                left join openai_tokens tokens
                  on (tokens.day, tokens.organization_id, tokens.model, tokens.token_type)
                   = (lines.day, lines.organization_id, lines.model, lines.token_type) and not lines.credit
                 and tokens.project_id is not distinct from lines.project_id and tokens.api_key_id is not distinct from lines.api_key_id
                 and tokens.service_tier is not distinct from lines.service_tier
            ), openai as (
                select 'openai' as provider, day, organization_id, project_id as workspace_id, model,
                       case when token_type is null then 'other' else 'tokens' end as cost_type, token_type, service_tier, context_window,
                       string_agg(distinct description, '; ') as description, named, credit, sum(amount) as amount,
                       case when not credit and bool_and(quantity is not null) and count(distinct (counted_in, basis)) = 1
                            then sum(quantity) end as quantity,
                       min(counted_in) as unit, min(basis) as basis
                from openai_measured
                group by day, organization_id, project_id, model, token_type, service_tier, context_window, named, credit
            )
            """;

    private OpenAiCharges() {}
}
