-- A partition of a super stream has a position and marks of its own, under its own name. Offsets of the books of partition p begin
-- at (p + 1) * 10^13, so ranges of offsets never overlap, and a reader of ingestion_batches need not know of partitions.
alter table analytics.ingestion_positions
    drop constraint ingestion_positions_transport_check,
    add constraint ingestion_positions_transport_check check (transport ~ '^(queue|stream(-[0-9]{1,2})?)$');

alter table analytics.ingestion_lanes
    drop constraint ingestion_lanes_transport_check,
    add constraint ingestion_lanes_transport_check check (transport ~ '^stream(-[0-9]{1,2})?$');

comment on column analytics.ingestion_lanes.transport is 'stream, or stream-N for partition N of the super stream; a queue has no positions';
