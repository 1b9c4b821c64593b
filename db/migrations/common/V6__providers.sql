-- Bills and usage as the AI providers report them. Money is US dollars (numeric, exact as reported), days are UTC, tokens are
-- single tokens. Each measure stands in exactly one base table; what is derived from them is rebuilt day by day.

-- What a provider estimates and nobody pays stands apart, so that no view of finance picks it up by mistake.
create schema if not exists nonfinancial;

-- A: bookkeeping -------------------------------------------------------------------------------------------------------

create table analytics.provider_import_run (
    run_id       uuid primary key,
    provider     text not null,
    kind         text not null check (kind in ('daily', 'backfill', 'retry', 'restate', 'manual', 'csv')),
    from_date    date not null,
    to_date      date not null,
    started_at   timestamptz not null,
    finished_at  timestamptz,
    status       text not null check (status in ('running', 'succeeded', 'partial', 'failed')),
    requested_by text not null,
    counters     jsonb not null default '{}'
);

-- One row a provider, data set, organisation and day: what the last try came to, and which revision is stored.
create table analytics.provider_import_day (
    provider          text not null,
    dataset           text not null,
    org_ref           text not null,
    usage_date        date not null,
    status            text not null check (status in ('pending', 'running', 'ok', 'ok_empty', 'failed_retryable', 'failed_permanent',
                                                      'quarantined', 'suspect_empty')),
    revision          integer not null default 0,
    row_count         integer not null default 0,
    amount_total      numeric,
    content_hash      bytea,
    attempts          integer not null default 0,
    suspect_count     integer not null default 0,
    next_attempt_at   timestamptz,
    first_imported_at timestamptz,
    last_imported_at  timestamptz,
    last_checked_at   timestamptz,
    last_error_code   text,
    last_error_text   text,
    run_id            uuid not null,
    -- Whatever came of it: what the rate of success is counted from.
    last_tried_at     timestamptz,
    primary key (provider, dataset, org_ref, usage_date)
);

create table analytics.provider_day_revision (
    provider     text not null,
    dataset      text not null,
    org_ref      text not null,
    usage_date   date not null,
    revision     integer not null,
    row_count    integer not null,
    amount_total numeric,
    content_hash bytea not null,
    imported_at  timestamptz not null,
    run_id       uuid not null,
    reason       text not null check (reason in ('first', 'restated', 'manual')),
    primary key (provider, dataset, org_ref, usage_date, revision)
);

-- What a restatement changed, line by line; an amount that is null was not there.
create table analytics.provider_correction (
    correction_id bigint generated always as identity primary key,
    provider      text not null,
    dataset       text not null,
    org_ref       text not null,
    usage_date    date not null,
    revision_from integer not null,
    revision_to   integer not null,
    dimensions    jsonb not null,
    old_amount    numeric,
    new_amount    numeric,
    delta         numeric not null,
    corrected_at  timestamptz not null
);
create index provider_correction_day on analytics.provider_correction (usage_date);

-- The answers as they came, cut by day; kept 90 days.
create table analytics.provider_raw_page (
    run_id     uuid not null,
    provider   text not null,
    dataset    text not null,
    usage_date date not null,
    page_no    integer not null,
    fetched_at timestamptz not null,
    body       jsonb not null,
    body_hash  bytea not null,
    primary key (run_id, provider, dataset, usage_date, page_no)
);
create index provider_raw_page_fetched_at on analytics.provider_raw_page (fetched_at);

-- Days that somebody validated; a backfill waits for the first that passed.
create table analytics.provider_validation (
    validation_id  bigint generated always as identity primary key,
    provider       text not null,
    org_ref        text not null,
    usage_date     date not null,
    expected_total numeric,
    passed         boolean not null,
    validated_at   timestamptz not null
);

-- Which slots of the daily schedule were claimed; a slot is the local date of its zone, so a doubled hour can not claim twice.
create table analytics.provider_daily_slot (
    provider    text not null,
    slot        date not null,
    claimed_by  text not null,
    claimed_at  timestamptz not null,
    leased_until timestamptz not null,
    finished_at timestamptz,
    org_ref     text not null default '',
    primary key (provider, org_ref, slot)
);

-- B: one base table a data set -----------------------------------------------------------------------------------------
-- line_key: SHA-256 of all dimensions of the row, nulls marked; two rows of one day never share it.

create table analytics.claude_costs (
    activity_date       date not null,
    organization_id     text not null,
    line_key            text not null,
    workspace_id        text,
    model               text,
    token_type          text,
    cost_type           text not null check (cost_type in ('tokens', 'web_search', 'code_execution', 'session_usage', 'other')),
    amount_usd          numeric not null check (amount_usd >= 0),
    currency            text not null check (currency = 'USD'),
    description         text,
    service_tier        text,
    context_window      text,
    inference_geo       text,
    ingestion_timestamp timestamptz not null,
    import_revision     integer not null,
    run_id              uuid not null,
    primary key (activity_date, organization_id, line_key)
);
comment on column analytics.claude_costs.workspace_id is 'Null is the default workspace';

create table analytics.claude_usage_report (
    activity_date            date not null,
    organization_id          text not null,
    line_key                 text not null,
    api_key_id               text,
    workspace_id             text,
    model                    text,
    service_tier             text,
    context_window           text,
    inference_geo            text,
    uncached_input_tokens    bigint not null default 0,
    output_tokens            bigint not null default 0,
    cache_read_input_tokens  bigint not null default 0,
    cache_creation_5m_tokens bigint not null default 0,
    cache_creation_1h_tokens bigint not null default 0,
    web_search_requests      bigint not null default 0,
    ingestion_timestamp      timestamptz not null,
    import_revision          integer not null,
    run_id                   uuid not null,
    primary key (activity_date, organization_id, line_key)
);

create table analytics.claude_code_productivity (
    activity_date               date not null,
    organization_id             text not null,
    line_key                    text not null,
    actor_type                  text not null,
    user_email                  text,
    api_key_name                text,
    terminal_type               text,
    customer_type               text,
    subscription_type           text,
    num_sessions                bigint not null default 0,
    lines_added                 bigint not null default 0,
    lines_removed               bigint not null default 0,
    commits_by_claude_code      bigint not null default 0,
    pull_requests_by_claude_code bigint not null default 0,
    edit_tool_accepted          bigint not null default 0,
    edit_tool_rejected          bigint not null default 0,
    multi_edit_tool_accepted    bigint not null default 0,
    multi_edit_tool_rejected    bigint not null default 0,
    write_tool_accepted         bigint not null default 0,
    write_tool_rejected         bigint not null default 0,
    notebook_edit_tool_accepted bigint not null default 0,
    notebook_edit_tool_rejected bigint not null default 0,
    ingestion_timestamp         timestamptz not null,
    import_revision             integer not null,
    run_id                      uuid not null,
    primary key (activity_date, organization_id, line_key)
);

-- The provider's own estimate of what already stands in claude_costs. Never to be added to it.
create table nonfinancial.claude_code_estimate (
    activity_date         date not null,
    organization_id       text not null,
    line_key              text not null,
    model                 text not null,
    input_tokens          bigint not null default 0,
    output_tokens         bigint not null default 0,
    cache_read_tokens     bigint not null default 0,
    cache_creation_tokens bigint not null default 0,
    estimated_cost_usd    numeric not null default 0,
    primary key (activity_date, organization_id, line_key, model)
);

create table analytics.claude_ai_event (
    activity_date       date not null,
    organization_id     text not null,
    line_key            text not null,
    occurred_at         timestamptz not null,
    user_email          text,
    user_name           text,
    user_uuid           text,
    event_type          text not null,
    entity_type         text,
    entity_id           text,
    conversation_id     text,
    project_id          text,
    client_platform     text,
    ordinal             integer not null,
    ingestion_timestamp timestamptz not null,
    import_revision     integer not null,
    run_id              uuid not null,
    primary key (activity_date, organization_id, line_key)
);

create table analytics.cursor_daily_usage (
    activity_date            date not null,
    organization_id          text not null,
    line_key                 text not null,
    user_id                  text,
    user_email               text,
    is_active                boolean not null default false,
    total_lines_added        bigint not null default 0,
    total_lines_deleted      bigint not null default 0,
    accepted_lines_added     bigint not null default 0,
    accepted_lines_deleted   bigint not null default 0,
    total_applies            bigint not null default 0,
    total_accepts            bigint not null default 0,
    total_rejects            bigint not null default 0,
    total_tabs_shown         bigint not null default 0,
    total_tabs_accepted      bigint not null default 0,
    composer_requests        bigint not null default 0,
    chat_requests            bigint not null default 0,
    agent_requests           bigint not null default 0,
    cmdk_usages              bigint not null default 0,
    subscription_included_reqs bigint not null default 0,
    api_key_reqs             bigint not null default 0,
    usage_based_reqs         bigint not null default 0,
    bugbot_usages            bigint not null default 0,
    most_used_model          text,
    apply_most_used_extension text,
    tab_most_used_extension  text,
    client_version           text,
    ingestion_timestamp      timestamptz not null,
    import_revision          integer not null,
    run_id                   uuid not null,
    primary key (activity_date, organization_id, line_key)
);

-- charged_usd is what is billed on demand; included_usd is the value of what the plan covers, for information only.
create table analytics.cursor_usage_event (
    activity_date        date not null,
    organization_id      text not null,
    line_key             text not null,
    occurred_at          timestamptz not null,
    user_email           text,
    model                text,
    kind                 text,
    is_chargeable        boolean not null default false,
    is_token_based       boolean not null default false,
    is_headless          boolean not null default false,
    max_mode             boolean not null default false,
    ordinal              integer not null,
    input_tokens         bigint not null default 0,
    output_tokens        bigint not null default 0,
    cache_write_tokens   bigint not null default 0,
    cache_read_tokens    bigint not null default 0,
    requests_costs       numeric not null default 0,
    charged_usd          numeric not null default 0 check (charged_usd >= 0),
    included_usd         numeric not null default 0,
    cursor_token_fee_usd numeric not null default 0,
    ingestion_timestamp  timestamptz not null,
    import_revision      integer not null,
    run_id               uuid not null,
    primary key (activity_date, organization_id, line_key)
);

-- Cumulative within a billing cycle, as it stood on the day of the snapshot: a check value.
create table analytics.cursor_spend_snapshot (
    activity_date         date not null,
    organization_id       text not null,
    line_key              text not null,
    billing_cycle_start   date not null,
    user_id               text,
    user_email            text,
    user_name             text,
    user_role             text,
    spend_usd             numeric not null default 0,
    included_spend_usd    numeric not null default 0,
    fast_premium_requests bigint not null default 0,
    monthly_limit_dollars numeric,
    hard_limit_override_dollars numeric,
    ingestion_timestamp   timestamptz not null,
    import_revision       integer not null,
    run_id                uuid not null,
    primary key (activity_date, organization_id, line_key)
);

-- Seats and other fixed amounts that no interface reports; booked on the first day of the month.
create table analytics.manual_cost_entry (
    month       date not null check (month = date_trunc('month', month)),
    platform    text not null check (platform in ('claude_ai', 'claude_code', 'claude_api', 'cursor')),
    kind        text not null default 'subscription',
    amount_usd  numeric not null check (amount_usd >= 0),
    entered_by  text not null,
    entered_at  timestamptz not null,
    primary key (month, platform, kind)
);

-- C: dimensions with validity ------------------------------------------------------------------------------------------
-- valid_to is the first day on which the row holds no more.

-- Ids of workspaces and keys are unique among all organisations of a provider; the workspace without an id, '(default)', is not. So what is
-- said of it is said of one organisation; organization_id '' is said of each that has no entry of its own (ADR 14).
create table analytics.workspace_platform (
    workspace_id text not null,
    platform     text not null check (platform in ('claude_code', 'claude_api', 'claude_ai')),
    valid_from   date not null,
    valid_to     date check (valid_to > valid_from),
    source       text not null,
    created_at   timestamptz not null,
    organization_id text not null default '',
    primary key (workspace_id, organization_id, valid_from)
);
comment on column analytics.workspace_platform.workspace_id is '(default) is the workspace without an id';

create table analytics.api_key_mapping (
    mapping_id   bigint generated always as identity primary key,
    api_key_id   text,
    api_key_name text,
    platform     text check (platform in ('claude_code', 'claude_api', 'claude_ai')),
    user_email   text,
    team         text,
    confidence   numeric(4, 3) not null default 0.900 check (confidence between 0 and 1),
    source       text not null check (source in ('manual_entry', 'csv', 'google_sheets', 'sso_sync')),
    environment  text,
    cost_center  text,
    description  text,
    valid_from   date not null,
    valid_to     date check (valid_to > valid_from),
    created_at   timestamptz not null,
    check ((api_key_id is null) <> (api_key_name is null))
);
create unique index api_key_mapping_id on analytics.api_key_mapping (api_key_id, valid_from) where api_key_id is not null;
create unique index api_key_mapping_name on analytics.api_key_mapping (api_key_name, valid_from) where api_key_name is not null;

-- Workspaces, keys and accounts as the providers last told them.
create table analytics.provider_workspace (
    workspace_id    text primary key,
    organization_id text not null,
    name            text not null,
    display_color   text,
    created_at      timestamptz,
    archived_at     timestamptz,
    last_updated    timestamptz not null
);
create table analytics.provider_api_key (
    api_key_id         text primary key,
    organization_id    text not null,
    name               text not null,
    partial_key_hint   text,
    workspace_id       text,
    created_at         timestamptz,
    status             text,
    created_by_user_id text,
    last_updated       timestamptz not null
);
create table analytics.provider_user (
    user_id         text not null,
    provider        text not null,
    email           text,
    name            text,
    role            text,
    is_active       boolean not null default true,
    last_updated    timestamptz not null,
    primary key (provider, user_id)
);

-- What the company itself says of its people. What is null is not said; is_active null: as the providers say.
create table analytics.provider_person (
    email                 text primary key check (email = lower(email)),
    department            text,
    sub_department        text,
    team                  text,
    job_level             text,
    manager_email         text,
    director_email        text,
    ai_user_type          text check (ai_user_type in ('engineering', 'knowledge_worker', 'hybrid')),
    ai_budget_monthly_usd numeric check (ai_budget_monthly_usd >= 0),
    is_active             boolean,
    entered_by            text not null,
    entered_at            timestamptz not null
);

-- Rules that settings choose. A process whose setting is empty leaves a rule as it is.
create table analytics.provider_rule (
    name       text primary key check (name in ('fiscal_year_start', 'key_names')),
    value      text not null,
    changed_at timestamptz not null
);

-- A fiscal year bears the number of the year in which it ends; it begins in January unless a rule says otherwise.
create view analytics.dim_date as
select to_char(day, 'YYYYMMDD')::integer as date_sk, day::date as date, extract(year from day)::integer as year,
       extract(quarter from day)::integer as quarter, extract(month from day)::integer as month, to_char(day, 'YYYY-MM') as month_label,
       'Q' || extract(quarter from day) || ' ' || extract(year from day) as quarter_label, extract(isodow from day)::integer as iso_weekday,
       f.year as fiscal_year, (f.month + 2) / 3 as fiscal_quarter, f.month as fiscal_month, 'FY' || f.year as fiscal_year_label,
       'FY' || f.year || ' Q' || (f.month + 2) / 3 as fiscal_quarter_label
from generate_series(timestamp '2024-01-01', timestamp '2035-12-31', interval '1 day') as day
cross join (select coalesce((select value::integer from analytics.provider_rule where name = 'fiscal_year_start'), 1) as start) rule
cross join lateral (
    select extract(year from day)::integer + case when rule.start > 1 and extract(month from day) >= rule.start then 1 else 0 end as year,
           (extract(month from day)::integer - rule.start + 12) % 12 + 1 as month) f;

-- The platform that the name of a key hints at, if the rule key_names says to look at names.
create function analytics.platform_of_name(name text) returns text
    language sql stable
    as $$
select case when not exists (select from analytics.provider_rule r where r.name = 'key_names' and r.value = 'true') then null
            when lower($1) ~ '(code|cursor)' then 'claude_code'
            when lower($1) ~ '(web|claude\.ai|browser)' then 'claude_ai'
            when lower($1) ~ '(api|direct|sdk)' then 'claude_api' end
$$;

-- Which platform a record belongs to, and by which rule. The first that holds: the workspace's mapping, the key's mapping, the
-- key's name (if names count), the default workspace's own mapping, a key or the default workspace without any (claude_api);
-- otherwise unknown.
create function analytics.claude_platform(org text, day date, workspace text, api_key text) returns text[]
    language sql stable
    as $$
select case when workspace is not null and w.platform is not null then array[w.platform, 'workspace_id']
            when k.platform is not null then array[k.platform, 'api_key_mapping']
            when n.platform is not null then array[n.platform, 'name_pattern']
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
                     or m.api_key_name = coalesce((select name from analytics.provider_api_key where api_key_id = api_key), api_key))
              order by m.api_key_id is null, m.valid_from desc limit 1) as platform) k,
     (select analytics.platform_of_name((select name from analytics.provider_api_key where api_key_id = api_key)) as platform) n
$$;

-- Whom a record belongs to: the candidate of the highest confidence; of equal ones the most recent mapping. A key that nobody has
-- mapped and whose maker is not known may still be named after its user, claude_code_key_USER_SUFFIX: attributed with little
-- confidence, and only where one address of the provider's users begins so. Where the mapping names no team, it is the user's own.
create function analytics.claude_attribution(day date, workspace text, api_key text)
    returns table (user_email text, team text, method text, confidence numeric(4, 3))
    language sql stable
    as $$
with key as (select coalesce((select name from analytics.provider_api_key where api_key_id = api_key), api_key) as name)
select c.user_email, coalesce(c.team, (select p.team from analytics.provider_person p where p.email = c.user_email)), c.method, c.confidence
from (select m.user_email, m.team, 'api_key_mapping' as method, m.confidence, m.valid_from
      from analytics.api_key_mapping m, key
      where api_key is not null and (m.user_email is not null or m.team is not null)
        and m.valid_from <= day and (m.valid_to is null or day < m.valid_to)
        and (m.api_key_id = api_key or m.api_key_name = key.name)
      union all
      select u.email, null, 'api_key_owner', 0.850, null
      from analytics.provider_api_key k join analytics.provider_user u on u.provider = 'anthropic' and u.user_id = k.created_by_user_id
      where k.api_key_id = api_key and u.email is not null
      union all
      select min(u.email), null, 'name_pattern', 0.700, null
      from key join analytics.provider_user u
        on u.provider = 'anthropic' and split_part(u.email, '@', 1) = lower(substring(key.name from '^claude_code_key_(.+)_[^_]+$'))
      having count(distinct u.email) = 1
      union all
      select null, null, 'workspace_only', 0.500, null where workspace is not null
      union all
      select null, null, 'fallback_unknown', 0.000, null) c
order by c.confidence desc, c.valid_from desc nulls last
limit 1
$$;

-- The mapping that holds on a day is the one that attribution takes.
create view analytics.api_key_mappings as
select mapping_id, api_key_id, api_key_name, user_email, team, platform, confidence as confidence_score, source as attribution_source,
       valid_from, valid_to, environment, cost_center, description, created_at
from analytics.api_key_mapping;

-- What a key is mapped to today (UTC).
create view analytics.dim_api_keys as
select k.api_key_id, k.organization_id, k.name, k.partial_key_hint, k.workspace_id, k.created_at, k.status, k.created_by_user_id,
       m.user_email as mapped_user_email,
       coalesce(m.team, (select p.team from analytics.provider_person p where p.email = m.user_email)) as mapped_team_name, k.last_updated
from analytics.provider_api_key k
left join lateral (
    select a.user_email, a.team
    from analytics.api_key_mapping a
    where (a.api_key_id = k.api_key_id or a.api_key_name = k.name) and (a.user_email is not null or a.team is not null)
      and a.valid_from <= (now() at time zone 'UTC')::date and (a.valid_to is null or (now() at time zone 'UTC')::date < a.valid_to)
    order by a.confidence desc, a.valid_from desc limit 1) m on true;

-- The platform is today's; unknown where nobody has said it.
create view analytics.dim_workspaces as
select w.workspace_id, w.organization_id, w.name, w.display_color, w.created_at, w.archived_at,
       (analytics.claude_platform(w.organization_id, (now() at time zone 'UTC')::date, w.workspace_id, null))[1] as platform, w.last_updated
from analytics.provider_workspace w;

-- One row an address, of the providers' accounts and of what the company says.
create view analytics.dim_users as
select coalesce(p.email, u.email) as email, u.name, p.department, p.sub_department, p.team, p.job_level, p.manager_email, p.director_email,
       p.ai_user_type, p.ai_budget_monthly_usd, coalesce(p.is_active, u.is_active, true) as is_active,
       coalesce(u.providers, '{}') as providers, greatest(p.entered_at, u.last_updated) as last_updated
from analytics.provider_person p
full join (select lower(email) as email, max(name) as name, bool_or(is_active) as is_active, array_agg(distinct provider) as providers,
                  max(last_updated) as last_updated
           from analytics.provider_user where email is not null group by lower(email)) u on u.email = p.email;

-- D: derived by day ----------------------------------------------------------------------------------------------------

-- Each row of claude_costs split over the keys that used those tokens. Adds up to it exactly.
create table analytics.claude_cost_allocated (
    activity_date             date not null,
    organization_id           text not null,
    line_key                  text not null,
    share_no                  integer not null,
    api_key_id                text,
    workspace_id              text,
    model                     text,
    token_type                text,
    cost_type                 text not null,
    service_tier              text,
    context_window            text,
    description               text,
    currency                  text not null,
    amount_usd                numeric not null,
    allocation_method         text not null check (allocation_method in ('proportional', 'unallocated')),
    platform                  text not null,
    platform_detection_method text not null,
    user_email                text,
    team                      text,
    attribution_method        text not null,
    attribution_confidence    numeric(4, 3) not null check (attribution_confidence between 0 and 1),
    ingestion_timestamp       timestamptz not null,
    primary key (activity_date, organization_id, line_key, share_no)
);

-- Money only in rows of cost_report and manual_subscription, tokens only in usage_report, lines and sessions only in
-- claude_code_analytics, conversations only in audit_logs: so any plain sum is right.
create table analytics.fact_claude_daily_usage (
    event_id                     text primary key,
    usage_date                   date not null,
    organization_id              text not null,
    platform                     text not null,
    user_email                   text,
    team                         text,
    api_key_id                   text,
    workspace_id                 text,
    claude_code_sessions         bigint,
    claude_code_lines_added      bigint,
    claude_code_lines_removed    bigint,
    claude_code_net_lines        bigint,
    claude_code_commits          bigint,
    claude_code_prs              bigint,
    edit_tool_accepted           bigint,
    edit_tool_rejected           bigint,
    multi_edit_tool_accepted     bigint,
    multi_edit_tool_rejected     bigint,
    write_tool_accepted          bigint,
    write_tool_rejected          bigint,
    notebook_edit_tool_accepted  bigint,
    notebook_edit_tool_rejected  bigint,
    uncached_input_tokens        bigint,
    cached_input_tokens          bigint,
    cache_read_input_tokens      bigint,
    cache_creation_1h_tokens     bigint,
    cache_creation_5m_tokens     bigint,
    output_tokens                bigint,
    web_search_requests          bigint,
    claude_ai_conversations      bigint,
    claude_ai_projects           bigint,
    claude_ai_files_uploaded     bigint,
    claude_ai_messages_sent      bigint,
    claude_ai_active_time_minutes bigint,
    claude_code_cost_usd         numeric,
    claude_api_cost_usd          numeric,
    claude_ai_cost_usd           numeric,
    total_cost_usd               numeric,
    input_token_cost_usd         numeric,
    output_token_cost_usd        numeric,
    cache_read_cost_usd          numeric,
    cache_write_cost_usd         numeric,
    web_search_cost_usd          numeric,
    subscription_cost_usd        numeric,
    other_cost_usd               numeric,
    tool_suggestions             bigint generated always as (edit_tool_accepted + edit_tool_rejected + multi_edit_tool_accepted
        + multi_edit_tool_rejected + write_tool_accepted + write_tool_rejected + notebook_edit_tool_accepted + notebook_edit_tool_rejected) stored,
    tools_accepted               bigint generated always as (edit_tool_accepted + multi_edit_tool_accepted + write_tool_accepted
        + notebook_edit_tool_accepted) stored,
    tools_rejected               bigint generated always as (edit_tool_rejected + multi_edit_tool_rejected + write_tool_rejected
        + notebook_edit_tool_rejected) stored,
    acceptance_rate              numeric generated always as ((edit_tool_accepted + multi_edit_tool_accepted + write_tool_accepted
        + notebook_edit_tool_accepted)::numeric / nullif(edit_tool_accepted + edit_tool_rejected + multi_edit_tool_accepted
        + multi_edit_tool_rejected + write_tool_accepted + write_tool_rejected + notebook_edit_tool_accepted + notebook_edit_tool_rejected, 0)) stored,
    lines_per_session            numeric generated always as (claude_code_lines_added::numeric / nullif(claude_code_sessions, 0)) stored,
    total_tokens                 bigint generated always as (uncached_input_tokens + cache_read_input_tokens + cache_creation_1h_tokens
        + cache_creation_5m_tokens + output_tokens) stored,
    -- Ours: lines added a session, times the share of suggestions that were accepted.
    productivity_score           numeric generated always as (claude_code_lines_added::numeric / nullif(claude_code_sessions, 0)
        * (edit_tool_accepted + multi_edit_tool_accepted + write_tool_accepted + notebook_edit_tool_accepted)
        / nullif(edit_tool_accepted + edit_tool_rejected + multi_edit_tool_accepted + multi_edit_tool_rejected + write_tool_accepted
        + write_tool_rejected + notebook_edit_tool_accepted + notebook_edit_tool_rejected, 0)) stored,
    -- Null in every row whose source has but one side of the ratio: vw_claude_daily_ratios joins the sources.
    tokens_per_session           numeric generated always as ((uncached_input_tokens + cache_read_input_tokens + cache_creation_1h_tokens
        + cache_creation_5m_tokens + output_tokens)::numeric / nullif(claude_code_sessions, 0)) stored,
    cost_per_token               numeric generated always as (total_cost_usd / nullif(uncached_input_tokens + cache_read_input_tokens
        + cache_creation_1h_tokens + cache_creation_5m_tokens + output_tokens, 0)) stored,
    cost_per_interaction         numeric generated always as (total_cost_usd
        / nullif(coalesce(claude_code_sessions, claude_ai_conversations), 0)) stored,
    claude_ai_engagement_score   bigint generated always as (2 * claude_ai_conversations + claude_ai_files_uploaded + 3 * claude_ai_projects) stored,
    claude_api_efficiency_ratio  numeric generated always as (output_tokens::numeric / nullif(uncached_input_tokens + cache_read_input_tokens
        + cache_creation_1h_tokens + cache_creation_5m_tokens, 0)) stored,
    model                        text,
    service_tier                 text,
    context_window               text,
    actor_type                   text,
    platform_detection_method    text not null,
    attribution_method           text not null,
    attribution_confidence       numeric(4, 3) not null check (attribution_confidence between 0 and 1),
    data_source                  text not null check (data_source in ('claude_code_analytics', 'usage_report', 'cost_report', 'audit_logs',
                                                                      'manual_subscription')),
    has_productivity_data        boolean not null default false,
    has_token_data               boolean not null default false,
    has_cost_data                boolean not null default false,
    data_completeness_score      numeric(4, 3) not null default 1 check (data_completeness_score between 0 and 1),
    ingest_date                  date not null,
    ingest_timestamp             timestamptz not null,
    pipeline_run_id              uuid,
    source_api_endpoint          text,
    raw_response                 jsonb
);
comment on column analytics.fact_claude_daily_usage.raw_response is
    'Where the answer is archived: the key of its pages in provider_raw_page. No copy, so that nothing personal outlives the archive';
create index fact_claude_daily_usage_date on analytics.fact_claude_daily_usage (usage_date);

-- The three estimated amounts come from list figures of a plan, not from a bill: never to be summed into finance.
create table analytics.fact_cursor_daily_usage (
    event_id                   text primary key,
    usage_date                 date not null,
    organization_id            text not null,
    user_email                 text not null,
    total_lines_added          bigint not null,
    total_lines_deleted        bigint not null,
    accepted_lines_added       bigint not null,
    accepted_lines_deleted     bigint not null,
    net_lines_accepted         bigint not null,
    total_applies              bigint not null,
    total_accepts              bigint not null,
    total_rejects              bigint not null,
    total_tabs_shown           bigint not null,
    total_tabs_accepted        bigint not null,
    composer_requests          bigint not null,
    chat_requests              bigint not null,
    agent_requests             bigint not null,
    cmdk_usages                bigint not null,
    subscription_included_reqs bigint not null,
    usage_based_reqs           bigint not null,
    api_key_reqs               bigint not null,
    most_used_model            text,
    client_version             text,
    is_active                  boolean not null,
    line_acceptance_rate       numeric,
    tab_acceptance_rate        numeric,
    overall_acceptance_rate    numeric,
    productivity_velocity      numeric,
    estimated_subscription_cost numeric not null,
    estimated_overage_cost     numeric not null,
    estimated_total_cost       numeric not null,
    attribution_confidence     numeric(4, 3) not null default 1.0,
    ingest_timestamp           timestamptz not null,
    pipeline_run_id            uuid not null,
    unique (usage_date, organization_id, user_email)
);

create function analytics.tokens_of_kind(token_type text, u analytics.claude_usage_report) returns bigint
    language sql immutable
    as $$ select case token_type when 'uncached_input_tokens' then u.uncached_input_tokens
                                 when 'output_tokens' then u.output_tokens
                                 when 'cache_read_input_tokens' then u.cache_read_input_tokens
                                 when 'cache_creation.ephemeral_5m_input_tokens' then u.cache_creation_5m_tokens
                                 when 'cache_creation.ephemeral_1h_input_tokens' then u.cache_creation_1h_tokens
                                 else 0 end $$;

-- Whose a key's costs of a day were and are: each change that a mapping, a person's team or another maker of a key brought.
create table analytics.provider_attribution_change (
    change_id       bigint generated always as identity primary key,
    usage_date      date not null,
    organization_id text not null,
    workspace_id    text,
    api_key_id      text,
    old_platform    text not null,
    new_platform    text not null,
    old_user_email  text,
    new_user_email  text,
    old_team        text,
    new_team        text,
    old_method      text not null,
    new_method      text not null,
    amount_usd      numeric not null,
    changed_by      text not null,
    changed_at      timestamptz not null default now()
);
create index provider_attribution_change_day on analytics.provider_attribution_change (usage_date);

-- The key of archived pages, for the rows made from them.
create function analytics.raw_page_key(dataset text, org text, day date, run uuid) returns jsonb
    language sql immutable
    as $$ select jsonb_build_object('provider', 'anthropic', 'dataset', dataset, 'orgRef', org, 'usageDate', day, 'runId', run) $$;

-- Builds what is derived for one day of one Anthropic organisation anew, in the caller's transaction; one transaction at a time.
create function analytics.rebuild_claude_day(org text, day date) returns void
    language plpgsql
    as $$
declare
    before    jsonb;
    cost_run  uuid := (select run_id from analytics.claude_costs where activity_date = day and organization_id = org limit 1);
    usage_run uuid := (select run_id from analytics.claude_usage_report where activity_date = day and organization_id = org limit 1);
begin
    perform pg_advisory_xact_lock(hashtextextended('analytics.rebuild_claude_day|' || org || '|' || day, 0));
    select jsonb_agg(distinct jsonb_build_object('workspace', workspace_id, 'key', api_key_id, 'platform', platform, 'email', user_email,
                                                 'team', team, 'method', attribution_method)) into before
    from analytics.claude_cost_allocated where activity_date = day and organization_id = org;
    delete from analytics.claude_cost_allocated where activity_date = day and organization_id = org;
    insert into analytics.claude_cost_allocated
    with matched as (
        select c.line_key, u.api_key_id, sum(analytics.tokens_of_kind(c.token_type, u)) as tokens
        from analytics.claude_costs c
        join analytics.claude_usage_report u
          on u.activity_date = c.activity_date and u.organization_id = c.organization_id
         and u.workspace_id is not distinct from c.workspace_id and u.model = c.model
         and (c.service_tier is null or u.service_tier is null or u.service_tier = c.service_tier)
         and (c.context_window is null or u.context_window is null or u.context_window = c.context_window)
        where c.activity_date = day and c.organization_id = org
        group by c.line_key, u.api_key_id
        having sum(analytics.tokens_of_kind(c.token_type, u)) > 0
    ), parts as (
        select m.line_key, m.api_key_id, c.amount_usd,
               trunc(c.amount_usd * m.tokens / sum(m.tokens) over (partition by m.line_key), 8) as part,
               row_number() over (partition by m.line_key order by m.tokens desc, m.api_key_id nulls last) as share_no
        from matched m join analytics.claude_costs c on c.activity_date = day and c.organization_id = org and c.line_key = m.line_key
    ), shares as (
        -- What rounding leaves goes to the largest share, so that the shares add up to the bill.
        select line_key, api_key_id, share_no, 'proportional' as method,
               part + case share_no when 1 then amount_usd - sum(part) over (partition by line_key) else 0 end as amount_usd
        from parts
        union all
        select c.line_key, null, 1, 'unallocated', c.amount_usd
        from analytics.claude_costs c
        where c.activity_date = day and c.organization_id = org and not exists (select from matched m where m.line_key = c.line_key)
    )
    select c.activity_date, c.organization_id, c.line_key, s.share_no, s.api_key_id, c.workspace_id, c.model, c.token_type, c.cost_type,
           c.service_tier, c.context_window, c.description, c.currency, s.amount_usd, s.method, p.platform[1], p.platform[2],
           a.user_email, a.team, a.method,
           least(a.confidence, case s.method when 'proportional' then 0.900 end, case p.platform[2] when 'name_pattern' then 0.700 end),
           c.ingestion_timestamp
    from shares s
    join analytics.claude_costs c on c.activity_date = day and c.organization_id = org and c.line_key = s.line_key
    cross join lateral (select analytics.claude_platform(org, day, c.workspace_id, s.api_key_id) as platform) p
    cross join lateral analytics.claude_attribution(day, c.workspace_id, s.api_key_id) a;

    insert into analytics.provider_attribution_change (usage_date, organization_id, workspace_id, api_key_id, old_platform, new_platform,
        old_user_email, new_user_email, old_team, new_team, old_method, new_method, amount_usd, changed_by)
    select day, org, n.workspace_id, n.api_key_id, o.platform, n.platform, o.email, n.user_email, o.team, n.team, o.method,
           n.attribution_method, n.amount_usd, coalesce(nullif(current_setting('analytics.changed_by', true), ''), 'import')
    from (select workspace_id, api_key_id, platform, user_email, team, attribution_method, sum(amount_usd) as amount_usd
          from analytics.claude_cost_allocated where activity_date = day and organization_id = org
          group by workspace_id, api_key_id, platform, user_email, team, attribution_method) n
    join jsonb_to_recordset(before) as o (workspace text, key text, platform text, email text, team text, method text)
      on o.workspace is not distinct from n.workspace_id and o.key is not distinct from n.api_key_id
    where (o.platform, o.email, o.team, o.method) is distinct from (n.platform, n.user_email, n.team, n.attribution_method);

    delete from analytics.fact_claude_daily_usage
    where usage_date = day and organization_id = org and data_source in ('cost_report', 'usage_report', 'claude_code_analytics');

    insert into analytics.fact_claude_daily_usage (event_id, usage_date, organization_id, platform, user_email, team, api_key_id,
        workspace_id, model, service_tier, context_window, platform_detection_method, attribution_method, attribution_confidence,
        data_source, has_cost_data, claude_code_cost_usd, claude_api_cost_usd, claude_ai_cost_usd, total_cost_usd, input_token_cost_usd,
        output_token_cost_usd, cache_read_cost_usd, cache_write_cost_usd, web_search_cost_usd, other_cost_usd, data_completeness_score,
        ingest_date, ingest_timestamp, pipeline_run_id, source_api_endpoint, raw_response)
    select md5(jsonb_build_array('cost_report', day, org, platform, user_email, team, api_key_id, workspace_id, model, service_tier,
                                 context_window, platform_detection_method, attribution_method, attribution_confidence)::text),
           day, org, platform, user_email, team, api_key_id, workspace_id, model, service_tier, context_window,
           platform_detection_method, attribution_method, attribution_confidence, 'cost_report', true,
           case platform when 'claude_code' then sum(amount_usd) end, case platform when 'claude_api' then sum(amount_usd) end,
           case platform when 'claude_ai' then sum(amount_usd) end, sum(amount_usd),
           coalesce(sum(amount_usd) filter (where token_type = 'uncached_input_tokens'), 0),
           coalesce(sum(amount_usd) filter (where token_type = 'output_tokens'), 0),
           coalesce(sum(amount_usd) filter (where token_type = 'cache_read_input_tokens'), 0),
           coalesce(sum(amount_usd) filter (where token_type like 'cache_creation.%'), 0),
           coalesce(sum(amount_usd) filter (where cost_type = 'web_search'), 0),
           coalesce(sum(amount_usd) filter (where cost_type <> 'web_search' and (token_type is null or token_type not in
               ('uncached_input_tokens', 'output_tokens', 'cache_read_input_tokens') and token_type not like 'cache_creation.%')), 0),
           case when bool_and(allocation_method = 'proportional') then 1 else 0.7 end, (now() at time zone 'UTC')::date, now(),
           cost_run, '/v1/organizations/cost_report', analytics.raw_page_key('cost', org, day, cost_run)
    from analytics.claude_cost_allocated
    where activity_date = day and organization_id = org
    group by platform, user_email, team, api_key_id, workspace_id, model, service_tier, context_window, platform_detection_method,
             attribution_method, attribution_confidence;

    insert into analytics.fact_claude_daily_usage (event_id, usage_date, organization_id, platform, user_email, team, api_key_id,
        workspace_id, model, service_tier, context_window, platform_detection_method, attribution_method, attribution_confidence,
        data_source, has_token_data, uncached_input_tokens, cached_input_tokens, cache_read_input_tokens, cache_creation_1h_tokens,
        cache_creation_5m_tokens, output_tokens, web_search_requests, ingest_date, ingest_timestamp, pipeline_run_id, source_api_endpoint,
        raw_response)
    select md5(jsonb_build_array('usage_report', day, org, u.api_key_id, u.workspace_id, u.model, u.service_tier, u.context_window)::text),
           day, org, p.platform[1], a.user_email, a.team, u.api_key_id, u.workspace_id, u.model, u.service_tier, u.context_window,
           p.platform[2], a.method, least(a.confidence, case p.platform[2] when 'name_pattern' then 0.700 end), 'usage_report', true,
           u.uncached, 0, u.cache_read, u.write_1h, u.write_5m, u.output, u.searches, (now() at time zone 'UTC')::date, now(),
           usage_run, '/v1/organizations/usage_report/messages', analytics.raw_page_key('usage', org, day, usage_run)
    from (select api_key_id, workspace_id, model, service_tier, context_window, sum(uncached_input_tokens)::bigint as uncached,
                 sum(cache_read_input_tokens)::bigint as cache_read, sum(cache_creation_1h_tokens)::bigint as write_1h,
                 sum(cache_creation_5m_tokens)::bigint as write_5m, sum(output_tokens)::bigint as output,
                 sum(web_search_requests)::bigint as searches
          from analytics.claude_usage_report where activity_date = day and organization_id = org
          group by api_key_id, workspace_id, model, service_tier, context_window) u
    cross join lateral (select analytics.claude_platform(org, day, u.workspace_id, u.api_key_id) as platform) p
    cross join lateral analytics.claude_attribution(day, u.workspace_id, u.api_key_id) a;

    insert into analytics.fact_claude_daily_usage (event_id, usage_date, organization_id, platform, user_email, team, actor_type,
        platform_detection_method, attribution_method, attribution_confidence, data_source, has_productivity_data, claude_code_sessions,
        claude_code_lines_added, claude_code_lines_removed, claude_code_net_lines, claude_code_commits, claude_code_prs,
        edit_tool_accepted, edit_tool_rejected, multi_edit_tool_accepted, multi_edit_tool_rejected, write_tool_accepted,
        write_tool_rejected, notebook_edit_tool_accepted, notebook_edit_tool_rejected, ingest_date, ingest_timestamp, pipeline_run_id,
        source_api_endpoint, raw_response)
    select md5(jsonb_build_array('claude_code_analytics', day, org, c.line_key)::text), day, org, 'claude_code',
           coalesce(c.user_email, a.user_email),
           case when c.user_email is null then a.team else (select p.team from analytics.provider_person p where p.email = c.user_email) end,
           c.actor_type, 'endpoint',
           case when c.user_email is not null then 'direct_email' else a.method end,
           case when c.user_email is not null then 0.950 else a.confidence end, 'claude_code_analytics', true, c.num_sessions,
           c.lines_added, c.lines_removed, c.lines_added - c.lines_removed, c.commits_by_claude_code, c.pull_requests_by_claude_code,
           c.edit_tool_accepted, c.edit_tool_rejected, c.multi_edit_tool_accepted, c.multi_edit_tool_rejected, c.write_tool_accepted,
           c.write_tool_rejected, c.notebook_edit_tool_accepted, c.notebook_edit_tool_rejected, (now() at time zone 'UTC')::date, now(),
           c.run_id, '/v1/organizations/usage_report/claude_code', analytics.raw_page_key('claude_code', org, day, c.run_id)
    from analytics.claude_code_productivity c
    cross join lateral analytics.claude_attribution(day, null, c.api_key_name) a
    where c.activity_date = day and c.organization_id = org;
end $$;

-- The same for what people bring: audit logs of claude.ai, and seats.
create function analytics.rebuild_claude_ai_day(day date) returns void
    language plpgsql
    as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('analytics.rebuild_claude_ai_day|' || day, 0));
    delete from analytics.fact_claude_daily_usage where usage_date = day and data_source in ('audit_logs', 'manual_subscription');
    insert into analytics.fact_claude_daily_usage (event_id, usage_date, organization_id, platform, user_email, team,
        platform_detection_method, attribution_method, attribution_confidence, data_source, has_productivity_data, claude_ai_conversations,
        claude_ai_projects, claude_ai_files_uploaded, claude_ai_messages_sent, claude_ai_active_time_minutes, ingest_date, ingest_timestamp,
        pipeline_run_id)
    select md5(jsonb_build_array('audit_logs', day, organization_id, user_email)::text), day, organization_id, 'claude_ai', user_email,
           (select p.team from analytics.provider_person p where p.email = user_email), 'audit_log', case when user_email is null then 'fallback_unknown' else 'audit_log' end,
           case when user_email is null then 0 else 0.950 end, 'audit_logs', true,
           count(*) filter (where event_type = 'conversation_created'),
           count(*) filter (where event_type = 'project_created'),
           count(*) filter (where event_type in ('file_uploaded', 'project_document_created')),
           count(*) filter (where event_type = 'message_sent'),
           5 * count(*) filter (where event_type = 'conversation_created') + 10 * count(*) filter (where event_type = 'project_created')
             + 3 * count(*) filter (where event_type in ('file_uploaded', 'project_document_created'))
             + 2 * count(*) filter (where event_type = 'message_sent'),
           (now() at time zone 'UTC')::date, now(), (array_agg(run_id))[1]
    from analytics.claude_ai_event where activity_date = day
    group by organization_id, user_email;
    insert into analytics.fact_claude_daily_usage (event_id, usage_date, organization_id, platform, platform_detection_method,
        attribution_method, attribution_confidence, data_source, has_cost_data, claude_code_cost_usd, claude_api_cost_usd,
        claude_ai_cost_usd, total_cost_usd, subscription_cost_usd, ingest_date, ingest_timestamp)
    select md5(jsonb_build_array('manual_subscription', day, platform, kind)::text), day, 'manual', platform, 'manual', 'fallback_unknown',
           0, 'manual_subscription', true, case platform when 'claude_code' then amount_usd end,
           case platform when 'claude_api' then amount_usd end, case platform when 'claude_ai' then amount_usd end, amount_usd, amount_usd,
           (now() at time zone 'UTC')::date, now()
    from analytics.manual_cost_entry where month = day and platform <> 'cursor';
end $$;

create function analytics.rebuild_cursor_day(org text, day date) returns void
    language plpgsql
    as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('analytics.rebuild_cursor_day|' || org || '|' || day, 0));
    delete from analytics.fact_cursor_daily_usage where usage_date = day and organization_id = org;
    insert into analytics.fact_cursor_daily_usage
    select md5(jsonb_build_array('cursor', day, org, d.email)::text), day, org, d.email, d.added, d.deleted, d.accepted_added, d.accepted_deleted,
           d.accepted_added - d.accepted_deleted, d.applies, d.accepts, d.rejects, d.tabs_shown, d.tabs_accepted, d.composer, d.chat,
           d.agent, d.cmdk, d.included, d.usage_based, d.api_key, d.most_used_model, d.client_version, d.active,
           d.accepted_added::numeric / nullif(d.added, 0), d.tabs_accepted::numeric / nullif(d.tabs_shown, 0),
           (d.accepts + d.tabs_accepted)::numeric / nullif(d.accepts + d.rejects + d.tabs_shown, 0),
           (d.accepted_added - d.accepted_deleted)::numeric / nullif(d.composer + d.chat + d.agent + d.cmdk, 0),
           e.seat, e.overage, e.seat + e.overage, 1.0, now(), d.run_id
    from (select coalesce(user_email, 'user ' || coalesce(user_id, 'unknown')) as email, sum(total_lines_added)::bigint as added,
                 sum(total_lines_deleted)::bigint as deleted, sum(accepted_lines_added)::bigint as accepted_added,
                 sum(accepted_lines_deleted)::bigint as accepted_deleted, sum(total_applies)::bigint as applies,
                 sum(total_accepts)::bigint as accepts, sum(total_rejects)::bigint as rejects, sum(total_tabs_shown)::bigint as tabs_shown,
                 sum(total_tabs_accepted)::bigint as tabs_accepted, sum(composer_requests)::bigint as composer,
                 sum(chat_requests)::bigint as chat, sum(agent_requests)::bigint as agent, sum(cmdk_usages)::bigint as cmdk,
                 sum(subscription_included_reqs)::bigint as included, sum(usage_based_reqs)::bigint as usage_based,
                 sum(api_key_reqs)::bigint as api_key, max(most_used_model) as most_used_model, max(client_version) as client_version,
                 bool_or(is_active) as active, (array_agg(run_id))[1] as run_id
          from analytics.cursor_daily_usage where activity_date = day and organization_id = org
          group by 1) d
    cross join lateral (select round(20.0 / extract(day from date_trunc('month', day) + interval '1 month - 1 day')::numeric, 8) as seat,
                               d.usage_based * 0.05 as overage) e;
end $$;

-- E: views -------------------------------------------------------------------------------------------------------------

create view analytics.claude_expenses as
select activity_date as expense_date, organization_id, replace(platform, 'claude_ai', 'claude.ai') as platform, workspace_id, api_key_id,
       model, amount_usd as cost_usd, case cost_type when 'tokens' then 'tokens' else 'other' end as cost_type,
       case when token_type = 'uncached_input_tokens' then 'input' when token_type = 'output_tokens' then 'output'
            when token_type = 'cache_read_input_tokens' then 'cache_read' when token_type like 'cache_creation.%' then 'cache_write'
            else token_type end as token_type,
       service_tier, description, currency, ingestion_timestamp, user_email, team, attribution_method, attribution_confidence
from analytics.claude_cost_allocated
union all
select month, 'manual', replace(platform, 'claude_ai', 'claude.ai'), null, null, null, amount_usd, 'subscription', null, null,
       'Seats entered by hand', 'USD', entered_at, null, null, 'manual', 0
from analytics.manual_cost_entry where platform <> 'cursor';

-- The part of claude_expenses that is the interface used by programs; never to be added to it. The cost of a key is an allocation.
create view analytics.api_usage_expenses as
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

create view analytics.claude_usage_keys as
select activity_date, organization_id, api_key_id, workspace_id, model, sum(uncached_input_tokens)::bigint as uncached_input_tokens,
       sum(output_tokens)::bigint as output_tokens, sum(cache_read_input_tokens)::bigint as cache_read_input_tokens,
       sum(cache_creation_5m_tokens)::bigint as cache_creation_5m_tokens, sum(cache_creation_1h_tokens)::bigint as cache_creation_1h_tokens,
       sum(web_search_requests)::bigint as web_search_requests, max(ingestion_timestamp) as ingestion_timestamp
from analytics.claude_usage_report
group by activity_date, organization_id, api_key_id, workspace_id, model;

create view analytics.claude_code_usage_stats as
select p.activity_date, p.organization_id, p.actor_type, p.user_email, p.api_key_name, p.terminal_type, p.customer_type, p.subscription_type,
       p.num_sessions, p.lines_added, p.lines_removed, p.commits_by_claude_code, p.pull_requests_by_claude_code, p.edit_tool_accepted,
       p.edit_tool_rejected, p.multi_edit_tool_accepted, p.multi_edit_tool_rejected, p.write_tool_accepted, p.write_tool_rejected,
       p.notebook_edit_tool_accepted, p.notebook_edit_tool_rejected, e.total_input_tokens, e.total_output_tokens,
       e.total_cache_read_tokens, e.total_cache_creation_tokens, e.total_estimated_cost_usd as estimated_total_cost_usd
from analytics.claude_code_productivity p
left join (select activity_date, organization_id, line_key, sum(input_tokens) as total_input_tokens, sum(output_tokens) as total_output_tokens,
                  sum(cache_read_tokens) as total_cache_read_tokens, sum(cache_creation_tokens) as total_cache_creation_tokens,
                  sum(estimated_cost_usd) as total_estimated_cost_usd
           from nonfinancial.claude_code_estimate group by activity_date, organization_id, line_key) e
  using (activity_date, organization_id, line_key);
comment on view analytics.claude_code_usage_stats is
    'Not additive to any cost: the amount is an estimate of what already stands in claude_costs';

-- What Cursor bills on demand by day and user: its events; where a team may not read them, the differences of the snapshots.
create view analytics.cursor_daily_cost as
select activity_date, organization_id, user_email, model, sum(charged_usd) as amount_usd, 'events' as method,
       max(ingestion_timestamp) as ingestion_timestamp
from analytics.cursor_usage_event
where charged_usd <> 0
group by activity_date, organization_id, user_email, model
union all
select s.activity_date, s.organization_id, s.user_email, null, greatest(s.spend_usd - coalesce(s.before, 0), 0), 'snapshot_difference',
       s.ingestion_timestamp
from (select *, lag(spend_usd) over (partition by organization_id, billing_cycle_start, coalesce(user_id, user_email)
                                     order by activity_date) as before
      from analytics.cursor_spend_snapshot) s
where s.spend_usd - coalesce(s.before, 0) > 0
  and not exists (select from analytics.provider_import_day d where d.provider = 'cursor' and d.dataset = 'events' and d.org_ref = s.organization_id
                  and d.status in ('ok', 'ok_empty') and d.usage_date between s.billing_cycle_start and s.activity_date);

create view analytics.vw_combined_daily_costs as
select expense_date as cost_date, replace(platform, 'claude.ai', 'claude_ai') as provider, cost_type as cost_category, workspace_id,
       user_email, api_key_id, model, description, cost_usd as amount_usd, ingestion_timestamp,
       case cost_type when 'subscription' then 'manual_cost_entry' else 'claude_costs' end as source_table, token_type, team,
       case when cost_type <> 'subscription' then organization_id end as organization_id
from analytics.claude_expenses
union all
select c.activity_date, 'cursor', 'usage_based', null, c.user_email, null, c.model, c.method, c.amount_usd, c.ingestion_timestamp,
       case c.method when 'events' then 'cursor_usage_event' else 'cursor_spend_snapshot' end, null, p.team, c.organization_id
from analytics.cursor_daily_cost c left join analytics.provider_person p on p.email = c.user_email
union all
select month, 'cursor', 'subscription', null, null, null, null, 'Seats entered by hand', amount_usd, entered_at, 'manual_cost_entry', null, null,
       null
from analytics.manual_cost_entry where platform = 'cursor';

-- What needs two sources, by day, platform and user: each side is summed alone first, so no row counts twice. An interaction is a
-- session of Claude Code or a conversation of claude.ai; the interface's reports count no requests. Nobody's rows have no ratio.
create view analytics.vw_claude_daily_ratios as
select usage_date, platform, user_email, total_cost_usd, total_tokens, sessions, conversations, interactions,
       case when user_email is not null then total_tokens / nullif(sessions, 0) end as tokens_per_session,
       case when user_email is not null then total_cost_usd / nullif(total_tokens, 0) end as cost_per_token,
       case when user_email is not null then total_cost_usd / nullif(interactions, 0) end as cost_per_interaction
from (select usage_date, platform, user_email, sum(total_cost_usd) as total_cost_usd, sum(total_tokens) as total_tokens,
             sum(claude_code_sessions) as sessions, sum(claude_ai_conversations) as conversations,
             sum(coalesce(claude_code_sessions, claude_ai_conversations)) as interactions
      from analytics.fact_claude_daily_usage
      group by usage_date, platform, user_email) sums;

-- What nobody has mapped yet: workspaces with cost and keys with usage that no mapping names.
create view analytics.provider_unmapped as
select 'workspace' as kind, c.workspace_id as id, w.name, min(c.activity_date) as first_date, max(c.activity_date) as last_date,
       sum(c.amount_usd) as amount_usd
from analytics.claude_costs c left join analytics.provider_workspace w using (workspace_id)
where c.workspace_id is not null
  and not exists (select from analytics.workspace_platform p where p.workspace_id = c.workspace_id and p.valid_from <= c.activity_date
                  and (p.valid_to is null or c.activity_date < p.valid_to))
group by c.workspace_id, w.name
union all
select 'key', a.api_key_id, k.name, min(a.activity_date), max(a.activity_date), sum(a.amount_usd)
from analytics.claude_cost_allocated a left join analytics.provider_api_key k using (api_key_id)
where a.api_key_id is not null and a.attribution_method not in ('api_key_mapping', 'api_key_owner')
group by a.api_key_id, k.name;

-- The six laws of these tables for one day; expected and found are equal when a law holds. A page that is no longer kept has none.
create function analytics.provider_invariants(day date)
    returns table (law integer, name text, expected numeric, found numeric)
    language sql stable
    as $$
with bill as (select coalesce(sum(amount_usd), 0) as amount, count(*) as lines from analytics.claude_costs where activity_date = day),
     pages as (select count(*) as lines, coalesce(sum((item ->> 'amount')::numeric * 0.01), 0) as amount, count(distinct p.run_id) as kept
               from analytics.provider_import_day d
               join analytics.provider_raw_page p on p.run_id = d.run_id and p.provider = d.provider and p.dataset = d.dataset
                    and p.usage_date = d.usage_date
               cross join lateral jsonb_array_elements(p.body -> 'data') bucket
               cross join lateral jsonb_array_elements(bucket -> 'results') item
               where d.provider = 'anthropic' and d.dataset = 'cost' and d.usage_date = day and d.revision > 0),
     tokens as (select coalesce(sum(uncached_input_tokens::numeric + output_tokens + cache_read_input_tokens + cache_creation_5m_tokens
                                    + cache_creation_1h_tokens), 0) as amount
                from analytics.claude_usage_report where activity_date = day)
select 1, 'bill = allocated', bill.amount, (select coalesce(sum(amount_usd), 0) from analytics.claude_cost_allocated where activity_date = day) from bill
union all
select 1, 'bill = fact', bill.amount, (select coalesce(sum(total_cost_usd), 0) from analytics.fact_claude_daily_usage
                                       where usage_date = day and data_source = 'cost_report') from bill
union all
select 2, 'bill = expenses', bill.amount, (select coalesce(sum(cost_usd), 0) from analytics.claude_expenses
                                           where expense_date = day and cost_type <> 'subscription') from bill
union all
select 3, 'api expenses = expenses of claude_api', (select coalesce(sum(cost_usd), 0) from analytics.claude_expenses
               where expense_date = day and platform = 'claude_api' and cost_type <> 'subscription'),
       (select coalesce(sum(cost_usd), 0) from analytics.api_usage_expenses where expense_date = day)
union all
select 4, 'tokens of keys = usage report', tokens.amount, (select coalesce(sum(uncached_input_tokens::numeric + output_tokens
               + cache_read_input_tokens + cache_creation_5m_tokens + cache_creation_1h_tokens), 0)
           from analytics.claude_usage_keys where activity_date = day) from tokens
union all
select 4, 'tokens of fact = usage report', tokens.amount, (select coalesce(sum(total_tokens), 0) from analytics.fact_claude_daily_usage
               where usage_date = day) from tokens
union all
select 5, 'lines = items of the pages', pages.lines, bill.lines from pages, bill where pages.kept > 0
union all
select 5, 'bill = amounts of the pages', pages.amount, bill.amount from pages, bill where pages.kept > 0
union all
select 6, 'combined = bill + cursor + seats',
       bill.amount + (select coalesce(sum(amount_usd), 0) from analytics.cursor_daily_cost where activity_date = day)
                   + (select coalesce(sum(amount_usd), 0) from analytics.manual_cost_entry where month = day),
       (select coalesce(sum(amount_usd), 0) from analytics.vw_combined_daily_costs where cost_date = day) from bill
$$;
