package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One attempt to store a batch, in one transaction.
 *
 * <p>The steps and what holds if one fails:
 *
 * <ol>
 *   <li>decode, and find duplicates within the batch: pure; nothing has happened.
 *   <li>make missing partitions: commits on its own; an empty partition too many does no harm.
 *   <li>copy into the staging table: rolled back, the batch is tried again.
 *   <li>wait for the batch's turn, then for the lane: rolled back, tried again.
 *   <li>move the position with the lease's fencing number: fenced = the batch is dropped here, and its new owner reads it again.
 *   <li>find stored duplicates, insert, roll up, record conflicts, dead letters, batch and outbox: rolled back, tried again; when
 *       the database refuses a row, that one becomes a dead letter.
 *   <li>commit: if the answer is lost, the batch is tried again; the position (stream) or the duplicates (queue) show whether it
 *       was stored.
 *   <li>acknowledge: if this fails the broker delivers again, and every event is a duplicate.
 * </ol>
 */
final class BatchTransaction {

    // In the lane each statement must see what the batches before it have committed, whatever isolation the database is
    // set
    // up with.
    private static final String BEGIN =
            "set transaction isolation level read committed; set local statement_timeout = '60s'; set local lock_timeout = '30s'; "
                    + "set local idle_in_transaction_session_timeout = '60s'; "
                    // For a late event in a compressed chunk, TimescaleDB unpacks what may hold the same key, and
                    // refuses the batch above 100,000 rows. Servers without the extension ignore the setting.
                    + "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

    /** Waits until all earlier batches are committed. */
    @FunctionalInterface
    interface Turn {
        /** @return false when the batch's generation is over */
        boolean await(MessageBuffer.Batch batch) throws InterruptedException;
    }

    private final IngestPipeline pipeline;
    private final UsageEventStore store;
    private final StreamPosition position;
    private final Clock clock;
    private final Turn turn;

    BatchTransaction(IngestPipeline pipeline, UsageEventStore store, StreamPosition position, Clock clock, Turn turn) {
        this.pipeline = pipeline;
        this.store = store;
        this.position = position;
        this.clock = clock;
        this.turn = turn;
    }

    /**
     * A batch that is committed.
     *
     * @param notNew indices of the events that were not stored: duplicates and conflicts
     */
    record Committed(BatchRecord record, List<UsageEvent> events, Set<Integer> notNew) {}

    /** @return empty when the batch's generation ended while it waited for its turn */
    Optional<Committed> attempt(
            Connection connection, MessageBuffer.Batch batch, PreparedBatch prepared, Instant startedAt)
            throws SQLException, StreamPosition.Fenced, InterruptedException {
        List<UsageEvent> events = prepared.events();
        store.ensureDays(connection, events);
        try (Statement statement = connection.createStatement()) {
            statement.execute(BEGIN);
        }
        long batchId = store.nextBatchId(connection);
        if (!events.isEmpty()) {
            store.stage(connection, events, startedAt, batchId);
        }
        if (!turn.await(batch)) {
            connection.rollback();
            return Optional.empty();
        }
        Optional<IngestPipeline.Source> source = pipeline.source(batch.generation());
        if (source.isEmpty()) {
            connection.rollback();
            return Optional.empty();
        }
        store.enterLane(connection);
        Instant now = clock.instant();
        OffsetRange range = advance(connection, source.get(), batch, now);

        Map<Integer, UsageEvent> existing = Map.of();
        if (!events.isEmpty()) {
            existing = store.findExisting(connection, events);
            store.unstage(connection, existing.keySet());
            if (existing.size() < events.size()) {
                store.storeStaged(connection);
            }
        }
        Set<Integer> notNew = existing.keySet();
        PreparedBatch.Repeated repeated = prepared.repeated(existing);
        store.recordConflicts(connection, batchId, startedAt, repeated.conflicts());
        BatchRecord record = record(batch, batchId, range, prepared, events, notNew, repeated, startedAt, now);
        store.recordBatch(connection, record);
        pipeline.deadLetters().add(connection, batchId, startedAt, prepared.deadLetters());
        connection.commit();
        source.get().advanced(range.last() + 1);
        if (batch.endsTurn()) {
            pipeline.order().done(batch);
        }
        return Optional.of(new Committed(record, events, notNew));
    }

    private record OffsetRange(long first, long last) {}

    private OffsetRange advance(
            Connection connection, IngestPipeline.Source source, MessageBuffer.Batch batch, Instant now)
            throws SQLException, StreamPosition.Fenced {
        long first = batch.messages().get(0).offset();
        RawMessage lastMessage = batch.messages().get(batch.messages().size() - 1);
        long last = lastMessage.offset();
        if (pipeline.kind() == BatchKind.REPLAY) {
            return new OffsetRange(first, last);
        }
        if (first == RawMessage.NO_OFFSET) {
            position.noteCommit(connection, pipeline.transportName(), now);
            return new OffsetRange(first, last);
        }
        StreamPlace.Mark mark = new StreamPlace.Mark(last, lastMessage.publishedAt());
        position.advance(connection, source.epoch(), source.expectedOffset(), mark, now);
        for (IngestPipeline.Skip skip : source.skipsBefore(first)) {
            position.skip(connection, skip.first(), skip.last(), skip.cause(), now);
        }
        return new OffsetRange(first, last);
    }

    private BatchRecord record(
            MessageBuffer.Batch batch,
            long batchId,
            OffsetRange range,
            PreparedBatch prepared,
            List<UsageEvent> events,
            Set<Integer> notNew,
            PreparedBatch.Repeated repeated,
            Instant startedAt,
            Instant now) {
        Instant first = null;
        Instant last = null;
        for (int i = 0; i < events.size(); i++) {
            if (!notNew.contains(i)) {
                Instant at = events.get(i).occurredAt();
                first = first == null || at.isBefore(first) ? at : first;
                last = last == null || at.isAfter(last) ? at : last;
            }
        }
        return new BatchRecord(
                batchId,
                pipeline.kind().wireName(),
                pipeline.transportName(),
                pipeline.replica(),
                batch.correlationId(),
                range.first(),
                range.last(),
                batch.messages().size(),
                new BatchRecord.Counts(
                        events.size() - notNew.size(),
                        repeated.duplicates(),
                        repeated.conflicts().size(),
                        prepared.deadLetters().size()),
                Optional.ofNullable(first),
                Optional.ofNullable(last),
                first != null && first.isBefore(now.minus(pipeline.config().lateAfter())),
                startedAt,
                now);
    }
}
