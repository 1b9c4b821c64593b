-- What each replica last saw of each partition of the super stream, and of what is read to its end after a change of partitions: what
-- one replica sees says nothing about the partitions that another one reads. stream is that of ingestion_positions (transport).
-- observed_at is by the clock of the replica, written_at by that of the database.
create table analytics.ingestion_stream_observations (
    stream                text not null,
    replica               text not null,
    reads                 boolean not null,
    observed_at           timestamptz not null,
    broker_reachable_at   timestamptz,
    oldest_uncommitted_at timestamptz,
    backlog_events        bigint not null,
    written_at            timestamptz not null default now(),
    primary key (stream, replica)
);
