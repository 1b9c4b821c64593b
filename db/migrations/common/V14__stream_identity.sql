-- Which stream the position is in. A stream that was deleted and made again has other messages at the
-- same offsets; the service reads none of it until an operator has accepted it (stream reset).
--
-- offset_base: offset 0 of the present stream is this offset in our books, which count on after a
-- reset. last_message_offset: a message of the present stream that is committed, by its offset in our
-- books. last_message_at: when the broker took that message; one of another stream has another time.
--
-- A version before this one moves next_offset and leaves these columns as they are. That stays true:
-- the message that they name is still in the same stream.

alter table analytics.ingestion_positions
    add column offset_base bigint not null default 0 check (offset_base >= 0),
    add column last_message_offset bigint,
    add column last_message_at timestamptz,
    add check ((last_message_offset is null) = (last_message_at is null));
