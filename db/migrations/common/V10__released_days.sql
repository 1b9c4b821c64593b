-- Contents of days above the limits that a person has released; the same content is good from then on. One row per content.
create table analytics.provider_released_day (
    provider     text not null,
    dataset      text not null,
    org_ref      text not null,
    usage_date   date not null,
    content_hash bytea not null,
    released_at  timestamptz not null,
    released_by  text not null,
    run_id       uuid not null,
    primary key (provider, dataset, org_ref, usage_date, content_hash)
);
