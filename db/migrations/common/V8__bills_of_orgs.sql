-- Which of our organisations a provider's workspace or key works for, from a day on, until the next entry of the same workspace or
-- key. A null org_id says: for none of them alone. An entry of a key goes before that of its workspace.
create table analytics.provider_org_mapping (
    kind       text not null check (kind in ('workspace', 'key')),
    id         text not null,
    valid_from date not null,
    org_id     uuid,
    entered_by text not null,
    entered_at timestamptz not null,
    organization_id text not null default '',
    primary key (kind, id, organization_id, valid_from)
);
comment on column analytics.provider_org_mapping.id is '(default) is the workspace without an id';

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

-- Every share of the bill once, with the organisation that owns it, or none: so the sum over all organisations and none is the bill.
create view analytics.provider_org_costs as
select a.activity_date, a.organization_id, o.org_id, o.mapped_by, a.workspace_id, a.api_key_id, a.model, a.token_type, a.cost_type,
       a.description, a.allocation_method, a.amount_usd
from analytics.claude_cost_allocated a
left join lateral analytics.provider_org(a.organization_id, a.activity_date, a.workspace_id, a.api_key_id) o on true;
