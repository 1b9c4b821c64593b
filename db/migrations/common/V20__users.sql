-- Names of users, as the system that owns them puts them here.
create table analytics.users (
    user_id    uuid primary key,
    name       text not null,
    updated_at timestamptz not null
);
comment on table analytics.users is 'Names of users. A user without a name has no row';
comment on column analytics.users.user_id is 'The user: actor_id of usage_events';
comment on column analytics.users.name is 'What people call the user';
comment on column analytics.users.updated_at is 'When the name was set';
