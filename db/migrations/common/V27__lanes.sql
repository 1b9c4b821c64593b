-- Lanes: organisations are divided by a hash, and each lane commits by itself (ADR 17).
--
-- ingestion_positions.next_offset keeps its meaning: every message before it is committed, in all lanes. It is the lowest position
-- of all lanes, and the reader continues from there. A row here is what a single lane has committed beyond that.
--
-- A replica of the version before moves next_offset and knows nothing of these rows. What it reads again of them is a duplicate. Rows
-- count only under the epoch of the position, so after such a replica has held the lease they are void.

create table analytics.ingestion_lanes (
    transport         text not null check (transport = 'stream'),
    lanes             integer not null check (lanes between 1 and 64),
    lane              integer not null check (lane >= 0 and lane < lanes),
    epoch             bigint not null,
    next_offset       bigint check (next_offset >= 0),
    last_message_at   timestamptz,
    last_committed_at timestamptz,
    primary key (transport, lanes, lane),
    check ((next_offset is null) = (last_message_at is null))
);

comment on table analytics.ingestion_lanes is 'What single lanes have committed beyond the position that all of them have reached';
comment on column analytics.ingestion_lanes.transport is 'stream; a queue has no positions';
comment on column analytics.ingestion_lanes.lanes is 'How many lanes the replica had that wrote the row (INGESTION_LANES)';
comment on column analytics.ingestion_lanes.lane is 'Which of them, from 0';
comment on column analytics.ingestion_lanes.epoch is 'The lease under which the row counts; another one than that of the position voids it';
comment on column analytics.ingestion_lanes.next_offset is
    'Everything that the lane has to store of messages before this offset is committed; null: nothing beyond the position';
comment on column analytics.ingestion_lanes.last_message_at is 'When the broker took the message before next_offset';
comment on column analytics.ingestion_lanes.last_committed_at is 'When the lane last committed ahead of the position';

alter table analytics.ingestion_batches add column lane integer;
comment on column analytics.ingestion_batches.lane is
    'The lane that stored the batch, of the number that its replica had (INGESTION_LANES); null before there were lanes';
comment on column analytics.ingestion_batches.first_offset is
    'First offset of the range over which the batch moved the position: all of it is committed, in every lane. Ranges never overlap. Null when it moved none, and for transport queue';
comment on column analytics.ingestion_batches.last_offset is 'Last offset of that range, inclusive';
comment on column analytics.ingestion_batches.messages is
    'Messages of that range. On transport queue, messages of which the first event is in the batch';
