-- Dead letters that are committed with their batch, and that the broker has not confirmed yet. A job publishes them to the dead
-- letter queue and deletes them here, so a queue that is blocked or missing delays no other event.
--
-- claimed_until: until then one replica is publishing the letter. One that ends meanwhile leaves the letter to the others.

create table analytics.ingestion_dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    batch_id       bigint not null,
    reason         text not null,
    detail         text not null,
    first_seen     timestamptz not null,
    payload        bytea not null,
    stored_at      timestamptz not null default now(),
    claimed_until  timestamptz
);

comment on table analytics.ingestion_dead_letters is
    'Events that cannot be stored, until they are in the dead letter queue of the broker';
comment on column analytics.ingestion_dead_letters.dead_letter_id is 'Key';
comment on column analytics.ingestion_dead_letters.batch_id is 'The batch that they came in';
comment on column analytics.ingestion_dead_letters.reason is 'Code of the reason, header x-reason of the letter';
comment on column analytics.ingestion_dead_letters.detail is 'Every fault, header x-detail of the letter';
comment on column analytics.ingestion_dead_letters.first_seen is 'When the service read the event, header x-first-seen of the letter';
comment on column analytics.ingestion_dead_letters.payload is 'The event, as it came';
comment on column analytics.ingestion_dead_letters.stored_at is 'When the batch was stored';
comment on column analytics.ingestion_dead_letters.claimed_until is 'Until when one replica is publishing the letter';
