package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import io.inference.analytics.event.UsageEventCodec;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * Takes batches from the buffer and stores each in one transaction, until it succeeds or the batch's generation is over.
 *
 * <p>The steps and what holds if one fails:
 *
 * <ol>
 *   <li>decode, and find duplicates within the batch: pure; nothing has happened.
 *   <li>make missing partitions: commits on its own; an empty partition too many harms nobody.
 *   <li>copy into the staging table: rolled back, the batch is tried again.
 *   <li>wait for the batch's turn, then for the lane: as above.
 *   <li>move the position with the lease's fencing number: fenced = the batch is dropped here, its new owner reads it again.
 *   <li>find stored duplicates, insert, roll up, record conflicts, batch and outbox: rolled back, tried again; when the database
 *       refuses a row, that one becomes a dead letter.
 *   <li>publish dead letters and wait for the broker's confirms: rolled back, tried again; a letter may appear twice.
 *   <li>commit: if the answer is lost, the batch is tried again; the position (stream) or the duplicates (queue) tell.
 *   <li>acknowledge: if this fails the broker delivers again, and every event is a duplicate.
 * </ol>
 */
final class BatchWriter implements Runnable {

    private static final Logger LOG = Logger.getLogger(BatchWriter.class);
    private static final Duration RETRY_DELAY_MIN = Duration.ofMillis(100);
    private static final String TIMEOUTS = "set local statement_timeout = '60s'; set local lock_timeout = '30s'; "
            + "set local idle_in_transaction_session_timeout = '60s'; "
            // A late event into a compressed chunk unpacks what may hold the same key; TimescaleDB would refuse the
            // batch above
            // 100,000 rows. Servers without it take the setting as one of nobody's.
            + "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

    /** In one log line. */
    private static final int MESSAGE_IDS_MAX = 1_000;

    private static final String CORRELATION_ID = "correlationId";

    private final IngestPipeline pipeline;
    private final DataSource dataSource;
    private final UsageEventStore store;
    private final StreamPosition position;
    private final UsageEventCodec codec;
    private final IngestMetrics metrics;
    private final Clock clock;
    private volatile Instant lastProgressAt;
    private volatile boolean waitsForTurn;
    private volatile Instant oldestInFlight;

    BatchWriter(
            IngestPipeline pipeline,
            DataSource dataSource,
            UsageEventStore store,
            StreamPosition position,
            UsageEventCodec codec,
            IngestMetrics metrics,
            Clock clock) {
        this.pipeline = pipeline;
        this.dataSource = dataSource;
        this.store = store;
        this.position = position;
        this.codec = codec;
        this.metrics = metrics;
        this.clock = clock;
        this.lastProgressAt = clock.instant();
    }

    /**
     * Whether this writer went through its loop after the given time; idle rounds and failed attempts count, and so does waiting
     * for the turn of another one, which is then judged by itself.
     */
    boolean progressedAfter(Instant limit) {
        return waitsForTurn || lastProgressAt.isAfter(limit);
    }

    /** When the first message of the batch in hand was published; empty when idle. */
    Optional<Instant> oldestInFlight() {
        return Optional.ofNullable(oldestInFlight);
    }

    @Override
    public void run() {
        try {
            while (!pipeline.buffer().isClosed()) {
                lastProgressAt = clock.instant();
                Optional<MessageBuffer.Batch> batch = pipeline.buffer()
                        .take(
                                pipeline.config().batchSize(),
                                pipeline.batchSizeMax(),
                                pipeline.config().batchTimeout());
                if (batch.isPresent()) {
                    oldestInFlight = batch.get().messages().get(0).publishedAt();
                    trace(batch.get());
                    oldestInFlight = null;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Everything that happens to the batch happens in its span, and every line about it carries its correlation id. */
    private void trace(MessageBuffer.Batch batch) throws InterruptedException {
        Span span = metrics.begin(batch);
        MDC.put(CORRELATION_ID, batch.correlationId());
        try (Scope scope = metrics.enter(span)) {
            LOG.tracef("event=batch_taken scope=%s", scope);
            if (LOG.isDebugEnabled()) {
                LOG.debugf(
                        "event=batch_taken messages=%d message_ids=%s",
                        batch.messages().size(), messageIds(batch));
            }
            write(batch);
        } catch (RuntimeException e) {
            span.recordException(e);
            throw e;
        } finally {
            span.end();
            MDC.remove(CORRELATION_ID);
        }
    }

    /** So that one search for a message leads to its batch. */
    private static List<String> messageIds(MessageBuffer.Batch batch) {
        return batch.messages().stream()
                .map(RawMessage::messageId)
                .filter(id -> !id.isEmpty())
                .limit(MESSAGE_IDS_MAX)
                .toList();
    }

    private void write(MessageBuffer.Batch batch) throws InterruptedException {
        Instant startedAt = clock.instant();
        PreparedBatch prepared = PreparedBatch.of(batch.messages(), codec, startedAt);
        Duration delay = RETRY_DELAY_MIN;
        boolean partitionsChecked = false;
        while (isCurrent(batch)) {
            lastProgressAt = clock.instant();
            try (Connection connection = dataSource.getConnection()) {
                connection.setAutoCommit(false);
                try {
                    Optional<BatchRecord> record = attempt(connection, batch, prepared, startedAt);
                    if (record.isPresent()) {
                        pipeline.committed(batch, record.get());
                        metrics.committed(record.get(), prepared, Duration.between(startedAt, clock.instant()));
                    }
                    return;
                } catch (SQLException e) {
                    connection.rollback();
                    if (!SqlStates.refusesRow(e)) {
                        throw e;
                    }
                    if (SqlStates.mayLackPartition(e) && !partitionsChecked) {
                        partitionsChecked = true;
                        store.forgetDays();
                        continue;
                    }
                    Set<Integer> refused = store.findRefused(connection, prepared.events(), startedAt);
                    if (refused.isEmpty()) {
                        // Each row goes in alone: whatever it was, halving can not name it.
                        throw e;
                    }
                    LOG.warnf(
                            e,
                            "event=rows_refused batch_rows=%d refused=%d",
                            prepared.candidates().size(),
                            refused.size());
                    prepared = prepared.refuse(refused);
                } catch (StreamPosition.Fenced e) {
                    connection.rollback();
                    LOG.warnf("event=fenced %s", e.getMessage());
                    pipeline.fenced(batch.generation());
                    return;
                } catch (IOException | TimeoutException e) {
                    connection.rollback();
                    LOG.warnf("event=dead_letters_not_confirmed cause=%s", e);
                    delay = pause(delay);
                } catch (RuntimeException | InterruptedException e) {
                    connection.rollback();
                    throw e;
                }
            } catch (SQLException e) {
                metrics.attemptFailed();
                LOG.warnf(
                        "event=batch_not_stored sqlstate=%s retry_ms=%d cause=%s",
                        e.getSQLState(), delay.toMillis(), e.getMessage());
                delay = pause(delay);
            }
        }
    }

    private boolean isCurrent(MessageBuffer.Batch batch) {
        return batch.generation() == pipeline.buffer().generation()
                && !pipeline.buffer().isClosed();
    }

    private Duration pause(Duration delay) throws InterruptedException {
        long jitter = ThreadLocalRandom.current().nextLong(delay.toMillis() / 2 + 1);
        TimeUnit.MILLISECONDS.sleep(delay.toMillis() / 2 + jitter);
        Duration doubled = delay.multipliedBy(2);
        return doubled.compareTo(pipeline.config().retryDelayMax()) < 0
                ? doubled
                : pipeline.config().retryDelayMax();
    }

    /** @return empty when the batch's generation ended while it waited for its turn */
    private Optional<BatchRecord> attempt(
            Connection connection, MessageBuffer.Batch batch, PreparedBatch prepared, Instant startedAt)
            throws SQLException, StreamPosition.Fenced, IOException, TimeoutException, InterruptedException {
        List<UsageEvent> events = prepared.events();
        store.ensureDays(connection, events);
        try (Statement statement = connection.createStatement()) {
            statement.execute(TIMEOUTS);
        }
        long batchId = store.nextBatchId(connection);
        if (!events.isEmpty()) {
            store.stage(connection, events, startedAt, batchId);
        }
        if (!awaitTurn(batch)) {
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
        pipeline.deadLetters().publish(prepared.deadLetters(), startedAt);
        connection.commit();
        source.get().advanced(range.last() + 1);
        pipeline.order().done(batch);
        metrics.stored(events, notNew);
        return Optional.of(record);
    }

    private boolean awaitTurn(MessageBuffer.Batch batch) throws InterruptedException {
        waitsForTurn = true;
        try {
            return pipeline.order().await(batch);
        } finally {
            lastProgressAt = clock.instant();
            waitsForTurn = false;
        }
    }

    private record OffsetRange(long first, long last) {}

    private OffsetRange advance(
            Connection connection, IngestPipeline.Source source, MessageBuffer.Batch batch, Instant now)
            throws SQLException, StreamPosition.Fenced {
        long first = batch.messages().get(0).offset();
        long last = batch.messages().get(batch.messages().size() - 1).offset();
        if (pipeline.kind() == BatchKind.REPLAY) {
            return new OffsetRange(first, last);
        }
        if (first == RawMessage.NO_OFFSET) {
            position.noteCommit(connection, pipeline.transportName(), now);
            return new OffsetRange(first, last);
        }
        position.advance(connection, source.epoch(), source.expectedOffset(), last + 1, now);
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
