package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * One attempt to store a batch of a lane, in one transaction.
 *
 * <p>The steps and what holds if one fails:
 *
 * <ol>
 *   <li>find duplicates within the batch: pure; nothing has happened.
 *   <li>make missing partitions: commits on its own; an empty partition too many does no harm.
 *   <li>copy into the staging table: rolled back, the batch is tried again.
 *   <li>wait for the locks of the batch's organisations: rolled back, tried again.
 *   <li>find stored duplicates, insert, roll up, record and count conflicts and duplicates, and record dead letters: rolled back, tried again; when the database
 *       refuses a row, that one becomes a dead letter.
 *   <li>move the position over what is then committed of all lanes, and the lane's own mark if it is ahead of that, with the
 *       lease's fencing number: fenced = the batch is dropped here, and its new owner reads it again.
 *   <li>record the batch and outbox, and commit: if the answer is lost, the batch is tried again; position and mark (stream) or
 *       the duplicates (queue) show whether it was stored.
 *   <li>acknowledge each message that is committed in all of its lanes: if this fails the broker delivers again, and every event
 *       is a duplicate.
 * </ol>
 */
final class BatchTransaction {

    private static final Logger LOG = Logger.getLogger(BatchTransaction.class);

    // In the lane each statement must see what the batches before it have committed, whatever isolation the database is
    // set
    // up with.
    private static final String BEGIN = "set transaction isolation level read committed; "
            // A writer pauses between two statements for less than a second. One that is cut off from the
            // database keeps the locks of its organisations that long.
            + "set local idle_in_transaction_session_timeout = '15s'; "
            // For a late event in a compressed chunk, TimescaleDB unpacks what may hold the same key, and
            // refuses the batch above 100,000 rows. Servers without the extension ignore the setting.
            + "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0; "
            // Flavour citus: the limits that follow hold on the workers, too, which are idle while we wait for
            // locks here. What a batch does on a worker is one transaction there.
            + "set local citus.propagate_set_commands = 'local'; set local citus.max_adaptive_executor_pool_size = 1; "
            + "set local statement_timeout = '60s'; set local lock_timeout = '30s'";

    private final IngestPipeline pipeline;
    private final UsageEventStore store;
    private final StreamPosition position;
    private final Clock clock;

    BatchTransaction(IngestPipeline pipeline, UsageEventStore store, StreamPosition position, Clock clock) {
        this.pipeline = pipeline;
        this.store = store;
        this.position = position;
        this.clock = clock;
    }

    /**
     * A batch that is committed.
     *
     * @param notNew indices of the events that were not stored: duplicates and conflicts
     * @param settled what to tell the transport
     */
    record Committed(
            BatchRecord record, List<UsageEvent> events, Set<Integer> notNew, List<RawMessage.Settlement> settled) {}

    /** @return empty when the batch's generation ended before its turn, or when there is nothing to do */
    Optional<Committed> attempt(Connection connection, LaneBatch batch, PreparedBatch prepared, Instant startedAt)
            throws SQLException, StreamPosition.Fenced {
        List<UsageEvent> events = prepared.events();
        store.ensureDays(connection, events);
        try (Statement statement = connection.createStatement()) {
            statement.execute(BEGIN);
        }
        long batchId = store.nextBatchId(connection);
        Map<Integer, UsageEventStore.Stored> existing = Map.of();
        if (!events.isEmpty()) {
            store.stage(connection, events, startedAt, batchId);
        }
        Optional<Source> source = pipeline.source(batch.generation());
        if (source.isEmpty()) {
            connection.rollback();
            return Optional.empty();
        }
        if (!events.isEmpty()) {
            OrgLocks.enter(connection, events);
            store.guard(connection, events, batchId);
            existing = store.findExisting(connection, events, batchId);
            store.unstage(connection, existing.keySet(), batchId);
        }
        PreparedBatch.Repeated repeated = prepared.repeated(existing);
        if (existing.size() < events.size()) {
            store.priceStaged(connection, batchId);
            repeated = repeated.priced(store.stagedCosts(connection, repeated.unpriced(), batchId));
            store.storeStaged(connection, batchId);
        }
        Instant now = clock.instant();
        store.recordConflicts(connection, batchId, startedAt, repeated.conflicts());
        RepeatStore.add(connection, startedAt, repeated);
        pipeline.deadLetters().add(connection, batchId, startedAt, prepared.deadLetters());

        OpenMessages open = source.get().open();
        Optional<OpenMessages.Range> carried = open.carry(batch.shares());
        if (batch.shares().isEmpty() && carried.isEmpty()) {
            connection.rollback();
            return Optional.empty();
        }
        try {
            move(connection, source.get(), batch, carried, now);
            BatchRecord record =
                    record(batch, batchId, carried, prepared, events, existing.keySet(), repeated, startedAt, now);
            store.recordBatch(connection, record, isNew(events, existing.keySet()));
            connection.commit();
            noteCommit(connection, batchId);
            carried.ifPresent(range -> source.get().advanced(range.last().offset() + 1));
            List<RawMessage.Settlement> settled = open.committed(batch.shares(), carried);
            carried = Optional.empty();
            return Optional.of(new Committed(record, events, existing.keySet(), settled));
        } finally {
            open.failed(carried);
        }
    }

    /** Flavour citus: a worker that could not be reached after the decision shows the batch once it is back; guards cover the time between. */
    private static void noteCommit(Connection connection, long batchId) {
        try {
            SQLWarning warning = connection.getWarnings();
            if (warning != null) {
                LOG.warnf("event=commit_with_warning batch_id=%d cause=%s", batchId, warning.getMessage());
                connection.clearWarnings();
            }
        } catch (SQLException e) {
            // The batch is stored, so nothing may lead to another attempt.
            LOG.warnf("event=commit_warning_unknown batch_id=%d cause=%s", batchId, e.getMessage());
        }
    }

    private static List<UsageEvent> isNew(List<UsageEvent> events, Set<Integer> notNew) {
        return IntStream.range(0, events.size())
                .filter(index -> !notNew.contains(index))
                .mapToObj(events::get)
                .toList();
    }

    /** Position first, then mark: in the order in which a new owner takes both. */
    private void move(
            Connection connection, Source source, LaneBatch batch, Optional<OpenMessages.Range> carried, Instant now)
            throws SQLException, StreamPosition.Fenced {
        if (pipeline.kind() == BatchKind.REPLAY) {
            return;
        }
        if (!pipeline.hasOffsets()) {
            if (pipeline.noteCommitNow(now)) {
                position.noteCommit(connection, pipeline.transportName(), now);
            }
            return;
        }
        if (carried.isPresent()) {
            OpenMessages.Range range = carried.get();
            position.advance(connection, source.epoch(), source.expectedOffset(), range.last(), now);
            for (Source.Skip skip : source.skipsBefore(range.first())) {
                position.skip(connection, skip.first(), skip.last(), skip.cause(), now);
            }
        }
        boolean ahead = !batch.shares().isEmpty()
                && carried.map(range -> range.last().offset() < batch.last().offset())
                        .orElse(true);
        if (ahead) {
            LaneMark mark = new LaneMark(pipeline.lanes().count(), batch.lane(), batch.last());
            position.mark(connection, source.epoch(), mark, now);
        }
    }

    private BatchRecord record(
            LaneBatch batch,
            long batchId,
            Optional<OpenMessages.Range> carried,
            PreparedBatch prepared,
            List<UsageEvent> events,
            Set<Integer> notNew,
            PreparedBatch.Repeated repeated,
            Instant startedAt,
            Instant now) {
        Offsets range = offsets(batch, carried);
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
                batch.lane(),
                batch.correlationId(),
                range.first(),
                range.last(),
                range.messages(),
                new BatchRecord.Counts(
                        events.size() - notNew.size(),
                        repeated.duplicates().size(),
                        repeated.conflicts().size(),
                        prepared.deadLetters().size()),
                Optional.ofNullable(first),
                Optional.ofNullable(last),
                first != null && first.isBefore(now.minus(pipeline.config().lateAfter())),
                startedAt,
                now);
    }

    /** Both ends inclusive; negative where there are none. */
    private record Offsets(long first, long last, int messages) {}

    /** Only the batch that moves the position has the range over which it does, with all messages in there. */
    private Offsets offsets(LaneBatch batch, Optional<OpenMessages.Range> carried) {
        if (pipeline.kind() == BatchKind.LIVE && pipeline.hasOffsets()) {
            return carried.map(range -> new Offsets(range.first(), range.last().offset(), range.messages()))
                    .orElse(new Offsets(RawMessage.NO_OFFSET, RawMessage.NO_OFFSET, 0));
        }
        int messages = (int) batch.shares().stream().filter(Share::head).count();
        return new Offsets(
                batch.shares().get(0).message().offset(), batch.last().offset(), messages);
    }
}
