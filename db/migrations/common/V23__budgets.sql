-- Budgets, what crossed their thresholds, and what is still to be sent about it.

create table analytics.budgets (
    budget_id           uuid primary key,
    org_id              uuid not null,
    name                text not null,
    amount_usd          numeric(20, 8) not null check (amount_usd > 0),
    period              text not null check (period in ('day', 'week', 'month')),
    time_zone           text not null,
    model_id            uuid,
    client_id           text,
    user_id             uuid,
    thresholds          integer[] not null check (cardinality(thresholds) between 1 and 10),
    webhooks            text[] not null,
    webhook_secret      text not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    updated_by          text not null,
    judged_from         timestamptz not null,
    period_start        timestamptz,
    status              text check (status in ('ok', 'reached', 'incomplete')),
    threshold           integer,
    spent_cents         numeric,
    since               timestamptz,
    evaluated_at        timestamptz,
    closed_evaluated_at timestamptz,
    unique (org_id, name),
    check ((status is null) = (period_start is null)),
    check ((status is null) = (spent_cents is null)),
    check ((status is null) = (since is null))
);
create index budgets_due on analytics.budgets (evaluated_at nulls first);

-- The unique key makes a transition happen once, whatever replicas do at the same time.
create table analytics.budget_transitions (
    transition_id uuid primary key,
    budget_id     uuid not null,
    org_id        uuid not null,
    budget        text not null,
    period_start  timestamptz not null,
    threshold     integer not null,
    ordinal       integer not null check (ordinal >= 1),
    kind          text not null check (kind in ('reached', 'recovered')),
    spent_cents   numeric not null,
    occurred_at   timestamptz not null,
    unique (budget_id, period_start, threshold, ordinal),
    check ((kind = 'reached') = (ordinal % 2 = 1))
);
create index budget_transitions_occurred_at on analytics.budget_transitions (occurred_at);

create table analytics.budget_deliveries (
    transition_id uuid not null references analytics.budget_transitions on delete cascade,
    url           text not null,
    tries         integer not null default 0,
    next_try_at   timestamptz not null,
    delivered_at  timestamptz,
    failed_at     timestamptz,
    last_problem  text,
    primary key (transition_id, url),
    check (delivered_at is null or failed_at is null)
);
create index budget_deliveries_open on analytics.budget_deliveries (next_try_at) where delivered_at is null and failed_at is null;
create index budget_deliveries_failed on analytics.budget_deliveries (failed_at) where failed_at is not null;

comment on table analytics.budgets is 'Amounts that organisations do not want to exceed, with the state that the last evaluation found';
comment on column analytics.budgets.budget_id is 'Key; a budget that is deleted and created again gets another one';
comment on column analytics.budgets.name is 'Unique in its organisation';
comment on column analytics.budgets.model_id is 'Only usage of this model; null: of all';
comment on column analytics.budgets.client_id is 'Only usage of this client; null: of all';
comment on column analytics.budgets.user_id is 'Only usage of this user; null: of all';
comment on column analytics.budgets.thresholds is 'Percent of the amount, ascending';
comment on column analytics.budgets.webhooks is 'Addresses that get a message about each transition';
comment on column analytics.budgets.webhook_secret is 'Key of the signature of messages; shown when it is made';
comment on column analytics.budgets.judged_from is 'Start of the first period that this definition applies to';
comment on column analytics.budgets.period_start is 'Period of the state; null before the first evaluation';
comment on column analytics.budgets.status is 'ok, reached, or incomplete when usage without a price is in scope';
comment on column analytics.budgets.threshold is 'Highest threshold that is reached';
comment on column analytics.budgets.spent_cents is 'US cents of the usage that has a price';
comment on column analytics.budgets.since is 'Since when status and threshold are what they are';
comment on column analytics.budgets.closed_evaluated_at is 'When periods that are over were last evaluated, for late events';
comment on table analytics.budget_transitions is 'Each threshold that was reached or left again, once';
comment on column analytics.budget_transitions.transition_id is 'The id that every message about it has';
comment on column analytics.budget_transitions.ordinal is 'Counts reached and recovered of a threshold in a period; odd: reached';
comment on column analytics.budget_transitions.spent_cents is 'US cents when it was found';
comment on table analytics.budget_deliveries is 'Messages about transitions, by address';
comment on column analytics.budget_deliveries.next_try_at is 'No replica sends it before';
comment on column analytics.budget_deliveries.failed_at is 'When it was given up';
comment on column analytics.budget_deliveries.last_problem is 'Why the last try failed';
