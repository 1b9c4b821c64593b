-- Which organisations do not show their users. Those without a row show ids and names.
create table analytics.user_privacy (
    org_id     uuid primary key,
    mode       text not null check (mode in ('pseudonyms', 'off')),
    -- Random, and kept when the mode changes: a user keeps its pseudonym, and no reader can work out whose it is.
    secret     uuid not null default gen_random_uuid(),
    updated_at timestamptz not null
);
