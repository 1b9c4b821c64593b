-- Events that were not stored because their id was stored already, counted by who sent them. A batch adds to it in its own
-- transaction, with the organisation's lock held, so no two batches touch a row at once.

create table analytics.ingestion_repeats (
    org_id                  uuid not null,
    bucket_start            timestamptz not null,
    client_id               text not null,
    model_id                uuid not null,
    duplicates              bigint not null default 0 check (duplicates >= 0),
    duplicate_input_tokens  numeric not null default 0,
    duplicate_output_tokens numeric not null default 0,
    conflicts               bigint not null default 0 check (conflicts >= 0),
    stored_input_tokens     numeric not null default 0,
    stored_output_tokens    numeric not null default 0,
    stored_cost_cents       numeric not null default 0,
    refused_input_tokens    numeric not null default 0,
    refused_output_tokens   numeric not null default 0,
    refused_cost_cents      numeric not null default 0,
    unpriced_conflicts      bigint not null default 0 check (unpriced_conflicts between 0 and conflicts),
    primary key (org_id, bucket_start, client_id, model_id)
);
create index ingestion_repeats_bucket_start on analytics.ingestion_repeats (bucket_start);

comment on table analytics.ingestion_repeats is
    'Duplicates and conflicts by the client and model of the event that was not stored, by the hour of its arrival';
comment on column analytics.ingestion_repeats.org_id is 'The organisation';
comment on column analytics.ingestion_repeats.bucket_start is 'Start of the UTC hour in which the service read the events';
comment on column analytics.ingestion_repeats.client_id is 'The client that the event names; empty where it names none';
comment on column analytics.ingestion_repeats.model_id is 'The model that the event names';
comment on column analytics.ingestion_repeats.duplicates is 'Events that say the same as the stored one';
comment on column analytics.ingestion_repeats.duplicate_input_tokens is 'Input tokens of the duplicates';
comment on column analytics.ingestion_repeats.duplicate_output_tokens is 'Output tokens of the duplicates';
comment on column analytics.ingestion_repeats.conflicts is 'Events that say something else than the stored one';
comment on column analytics.ingestion_repeats.stored_input_tokens is
    'Input tokens of the stored versions of the conflicts, once per conflict';
comment on column analytics.ingestion_repeats.stored_output_tokens is
    'Output tokens of the stored versions of the conflicts, once per conflict';
comment on column analytics.ingestion_repeats.stored_cost_cents is
    'US cents of the stored versions, as of the arrival of the conflict; of conflicts with a cost on both sides';
comment on column analytics.ingestion_repeats.refused_input_tokens is 'Input tokens of the conflicts';
comment on column analytics.ingestion_repeats.refused_output_tokens is 'Output tokens of the conflicts';
comment on column analytics.ingestion_repeats.refused_cost_cents is
    'US cents of the conflicts, sent or by the price book; of conflicts with a cost on both sides';
comment on column analytics.ingestion_repeats.unpriced_conflicts is 'Conflicts without a cost on one side or both';

-- Where db/roles.sql has given the service its rights, it needs them here from the first duplicate on.
do $$ begin
    if to_regrole('analytics_service') is not null
       and has_table_privilege('analytics_service', 'analytics.ingestion_conflicts', 'insert') then
        grant select, insert, update, delete on analytics.ingestion_repeats to analytics_service;
    end if;
end $$;
