-- Which events a lane stores of a message. Since this version an event that is refused for its time alone belongs to the lane of its
-- organisation; before, it went with the first event of its message. A mark of a version before says nothing of such an event.
--
-- A version before renews epoch alone when it takes the lease, so the two differ for what it may have written to.
alter table analytics.ingestion_lanes add column rule_epoch bigint;

comment on column analytics.ingestion_lanes.rule_epoch is
    'Equal to epoch as long as only versions have written the row that keep refused events in the lane of their organisation';
