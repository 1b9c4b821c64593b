package io.inference.analytics.export;

/**
 * Anthropic's charges in SQL: the shares of the bill whose key or workspace belongs to the
 * organisation. A token is counted in one charge: that of the key's share with its tier and context.
 * Web searches are counted per workspace, because bills name no key for them.
 */
final class AnthropicCharges {

    /** The last table has the columns that {@link FocusCharges} reads. */
    static final String TABLES =
            """
            shares as (
                select a.activity_date as day, a.organization_id, a.workspace_id, a.api_key_id, a.model, a.cost_type,
                       case a.cost_type when 'tokens' then a.token_type end as token_type, a.service_tier, a.context_window,
                       a.description, a.allocation_method, a.amount_usd, a.amount_usd < 0 as credit
                from analytics.claude_cost_allocated a
                cross join lateral analytics.provider_org(a.organization_id, a.activity_date, a.workspace_id, a.api_key_id) owner
                where owner.org_id = :org and a.activity_date >= :first and a.activity_date < :end
                  and (:all or a.model in (select model from wanted where provider = 'anthropic'))
            ), keys as (
                select distinct day, organization_id, workspace_id, api_key_id, model, token_type, service_tier, context_window
                from shares where not credit and token_type is not null and allocation_method = 'proportional'
            ), counted as (
                select keys.*, analytics.tokens_of_kind(keys.token_type, u) as tokens,
                       row_number() over (partition by u.activity_date, u.organization_id, u.line_key, keys.token_type
                           order by (keys.service_tier is null)::integer + (keys.context_window is null)::integer,
                                    keys.service_tier, keys.context_window) as choice
                from keys
                join analytics.claude_usage_report u
                  on u.activity_date = keys.day and u.organization_id = keys.organization_id and u.model = keys.model
                 and u.workspace_id is not distinct from keys.workspace_id and u.api_key_id is not distinct from keys.api_key_id
                 and (keys.service_tier is null or u.service_tier is null or u.service_tier = keys.service_tier)
                 and (keys.context_window is null or u.context_window is null or u.context_window = keys.context_window)
            ), tokens as (
                select day, organization_id, workspace_id, model, token_type, service_tier, context_window, sum(tokens) as quantity
                from counted where choice = 1
                group by day, organization_id, workspace_id, model, token_type, service_tier, context_window
            ), searches as (
                select activity_date as day, organization_id, workspace_id, sum(web_search_requests) as quantity
                from analytics.claude_usage_report where activity_date >= :first and activity_date < :end
                group by activity_date, organization_id, workspace_id
            ), charges as (
                select day, organization_id, workspace_id, model, cost_type, token_type, service_tier, context_window, credit,
                       case when token_type is null or credit then description end as named,
                       string_agg(distinct description, '; ') as description, sum(amount_usd) as amount,
                       count(*) over (partition by day, organization_id, workspace_id, cost_type, credit) as of_its_type
                from shares
                group by day, organization_id, workspace_id, model, cost_type, token_type, service_tier, context_window, credit, named
            ), anthropic as (
                select 'anthropic' as provider, charges.day, charges.organization_id, charges.workspace_id, charges.model, charges.cost_type,
                       charges.token_type, charges.service_tier, charges.context_window, charges.description, charges.named,
                       charges.credit, charges.amount,
                       nullif(case when credit then null
                                   when cost_type = 'web_search' and of_its_type = 1 then searches.quantity
                                   else tokens.quantity end, 0) as quantity,
                       case when charges.token_type is null then 'Requests' else 'Tokens' end as unit, 'UsageReport' as basis
                from charges
                left join tokens on (tokens.day, tokens.organization_id, tokens.model, tokens.token_type)
                                  = (charges.day, charges.organization_id, charges.model, charges.token_type)
                  and tokens.workspace_id is not distinct from charges.workspace_id
                  and tokens.service_tier is not distinct from charges.service_tier
                  and tokens.context_window is not distinct from charges.context_window
                left join searches on (searches.day, searches.organization_id) = (charges.day, charges.organization_id)
                  and searches.workspace_id is not distinct from charges.workspace_id
            )
            """;

    private AnthropicCharges() {}
}
