-- The last batch of each organisation, next to its events (ADR 33). A batch writes the row before it looks for duplicates. A worker that
-- crashes between the two phases of a commit keeps the row locked until that commit is made good. So no batch looks past events that
-- are committed and not visible yet. Its presence also says that the database has flavour citus.
create table analytics.ingest_guard (
    org_id   uuid primary key,
    batch_id bigint not null
) with (fillfactor = 50);
