-- What a budget is expected to have spent at the end of its period, and budgets whose user was erased.
--
-- The version before knows no users here. It would evaluate such a budget as one of all users, and send messages about it. It takes
-- budgets by evaluated_at, so those that have or had a user keep infinity there, and have a column of their own.

update analytics.budgets set evaluated_at = 'infinity' where user_id is not null;

alter table analytics.budgets
    add column forecast_cents numeric,
    add column forecast_at timestamptz,
    add column user_erased_at timestamptz,
    add column user_evaluated_at timestamptz,
    add constraint budgets_user_or_erased check (user_id is null or user_erased_at is null),
    add constraint budgets_of_users_rest check
        ((user_id is null and user_erased_at is null) = (evaluated_at is distinct from 'infinity')),
    add constraint budgets_forecast_has_time check (forecast_cents is null or forecast_at is not null);
create index budgets_user_id on analytics.budgets (user_id) where user_id is not null;

comment on column analytics.budgets.forecast_cents is 'US cents that the period is expected to have cost at its end; null when that cannot be said';
comment on column analytics.budgets.forecast_at is 'When forecast_cents was worked out, for the period of the state';
comment on column analytics.budgets.evaluated_at is 'When the budget was last evaluated; infinity for one that has or had a user in scope';
comment on column analytics.budgets.user_evaluated_at is 'When the budget was last evaluated, for one that has a user in scope';
comment on column analytics.budgets.user_erased_at is 'When the id of the user in scope was erased: the budget is no longer evaluated';
