package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.BackOff;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * Takes batches of the lanes and stores each in one transaction, until it succeeds or the batch's generation is over.
 *
 * <p>{@link BatchTransaction} says what an attempt does, and what holds if it fails. After an error of the database or of our own
 * the writer tries again, with capped back-off. A row that the database refuses becomes a dead letter, and so does a message
 * that cannot be stored for another cause.
 */
final class BatchWriter implements Runnable {

    private static final Logger LOG = Logger.getLogger(BatchWriter.class);
    private static final Duration RETRY_DELAY_MIN = Duration.ofMillis(100);
    /** After so many errors of our own a message counts as their cause; what passes by itself has passed by then. */
    private static final int UNEXPECTED_MAX = 3;

    /** How often a writer that waits for a connection's permit looks whether its batch is still wanted. */
    private static final Duration PERMIT_LOOK = Duration.ofSeconds(1);

    /** In one log line. */
    private static final int MESSAGE_IDS_MAX = 1_000;

    private static final String CORRELATION_ID = "correlationId";

    private final IngestPipeline pipeline;
    private final DataSource dataSource;
    private final UsageEventStore store;
    private final BatchTransaction transaction;
    private final IngestMetrics metrics;
    private final Clock clock;
    private volatile Instant lastProgressAt;

    BatchWriter(
            IngestPipeline pipeline,
            DataSource dataSource,
            UsageEventStore store,
            StreamPosition position,
            IngestMetrics metrics,
            Clock clock) {
        this.pipeline = pipeline;
        this.dataSource = dataSource;
        this.store = store;
        this.transaction = new BatchTransaction(pipeline, store, position, clock);
        this.metrics = metrics;
        this.clock = clock;
        this.lastProgressAt = clock.instant();
    }

    /** Whether this writer went through its loop after the given time. Idle rounds and failed attempts count. */
    boolean progressedAfter(Instant limit) {
        return lastProgressAt.isAfter(limit);
    }

    @Override
    public void run() {
        try {
            while (!pipeline.queues().isClosed()) {
                lastProgressAt = clock.instant();
                Optional<LaneBatch> batch = pipeline.queues()
                        .take(
                                pipeline.config().batchSize(),
                                pipeline.batchSizeMax(),
                                pipeline.config().batchTimeout());
                if (batch.isPresent()) {
                    write(batch.get());
                    pipeline.queues().release(batch.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Stores the batch, and ends only when it is stored or its generation is over. The thread outlives every error: without it,
     * the lane would wait for ever.
     */
    private void write(LaneBatch batch) throws InterruptedException {
        Deque<LaneBatch> parts = new ArrayDeque<>();
        if (!batch.shares().isEmpty()) {
            parts.add(batch);
        }
        BackOff backOff = new BackOff(RETRY_DELAY_MIN, pipeline.config().retryDelayMax());
        // What other lanes committed while this batch moved the position; nearly always nothing, and then it costs
        // nothing.
        parts.addLast(batch.withoutShares());
        while (!parts.isEmpty() && isCurrent(batch)) {
            lastProgressAt = clock.instant();
            try {
                trace(batch, parts);
            } catch (RuntimeException | Error e) {
                pipeline.attemptFailed(batch);
                LOG.errorf(e, "event=writer_failed correlation_id=%s", batch.correlationId());
                backOff.pause();
            }
        }
    }

    /** Everything that happens to the batch happens in its span, and every line about it carries its correlation id. */
    private void trace(LaneBatch batch, Deque<LaneBatch> parts) throws InterruptedException {
        Span span = metrics.begin(batch);
        MDC.put(CORRELATION_ID, batch.correlationId());
        try (Scope scope = metrics.enter(span)) {
            LOG.tracef("event=batch_taken scope=%s", scope);
            if (LOG.isDebugEnabled()) {
                LOG.debugf(
                        "event=batch_taken messages=%d message_ids=%s",
                        batch.messages().size(), messageIds(batch));
            }
            store(parts);
        } catch (RuntimeException | Error e) {
            span.recordException(e);
            throw e;
        } finally {
            span.end();
            MDC.remove(CORRELATION_ID);
        }
    }

    /** So that one search for a message leads to its batch. */
    private static List<String> messageIds(LaneBatch batch) {
        return batch.messages().stream()
                .map(RawMessage::messageId)
                .filter(id -> !id.isEmpty())
                .limit(MESSAGE_IDS_MAX)
                .toList();
    }

    /**
     * Stores a batch whole, or in ever smaller parts when something in it cannot be stored and no row explains that. The message
     * at fault becomes a dead letter, and the others are stored.
     */
    private void store(Deque<LaneBatch> parts) throws InterruptedException {
        while (!parts.isEmpty()) {
            LaneBatch part = parts.peek();
            Optional<String> refusal = new Storing(part).untilDone();
            List<LaneBatch> smaller = refusal.map(part::withoutRefused).orElse(List.of());
            parts.pop();
            if (refusal.isPresent()) {
                LOG.warnf(
                        "event=message_refused messages=%d parts=%d cause=%s",
                        part.shares().size(), smaller.size(), refusal.get());
                for (int i = smaller.size() - 1; i >= 0; i--) {
                    parts.push(smaller.get(i));
                }
            }
        }
    }

    private boolean isCurrent(LaneBatch batch) {
        return batch.generation() == pipeline.buffer().generation()
                && !pipeline.buffer().isClosed();
    }

    /** A permit of {@link IngestPipeline#storing}. */
    @FunctionalInterface
    private interface AutoPermit extends AutoCloseable {
        @Override
        void close();
    }

    /** A part on its way into the database, and what the attempts so far have shown. */
    private final class Storing {

        private final LaneBatch part;
        private final Instant startedAt = clock.instant();
        private PreparedBatch prepared;
        private final BackOff backOff =
                new BackOff(RETRY_DELAY_MIN, pipeline.config().retryDelayMax());
        private boolean partitionsChecked;
        private int unexpected;
        private boolean done;
        private Optional<String> refusal = Optional.empty();

        Storing(LaneBatch part) {
            this.part = part;
        }

        /**
         * Tries until the part is committed or its generation is over.
         *
         * @return why a message of the part cannot be stored, when one cannot; empty for a part that is a dead letter already
         */
        Optional<String> untilDone() throws InterruptedException {
            while (!done && isCurrent(part) && isWorthwhile()) {
                lastProgressAt = clock.instant();
                if (!pipeline.storing().tryAcquire(PERMIT_LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                    continue;
                }
                try (AutoPermit permit = pipeline.storing()::release;
                        Connection connection = dataSource.getConnection()) {
                    LOG.tracef("event=batch_attempted permit=%s", permit);
                    connection.setAutoCommit(false);
                    attempt(connection);
                } catch (SQLException e) {
                    pipeline.attemptFailed(part);
                    LOG.warnf(
                            "event=batch_not_stored sqlstate=%s retry_ms=%d cause=%s",
                            SqlState.of(e), backOff.next().toMillis(), e.getMessage());
                    backOff.pause();
                } catch (RuntimeException | Error e) {
                    pipeline.attemptFailed(part);
                    LOG.errorf(
                            e, "event=batch_failed retry_ms=%d", backOff.next().toMillis());
                    if (++unexpected == UNEXPECTED_MAX && isDivisible()) {
                        refuse(e.getClass().getSimpleName());
                    } else {
                        backOff.pause();
                    }
                }
            }
            return refusal;
        }

        private boolean isWorthwhile() {
            return !part.shares().isEmpty() || pipeline.mayMove(part.generation());
        }

        private void attempt(Connection connection) throws SQLException {
            try {
                prepared = prepared == null ? prepare() : prepared;
                Optional<BatchTransaction.Committed> committed =
                        transaction.attempt(connection, part, prepared, startedAt);
                done = true;
                committed.ifPresent(this::settle);
            } catch (SQLException e) {
                connection.rollback();
                withoutRefused(connection, e);
            } catch (StreamPosition.Fenced e) {
                connection.rollback();
                LOG.warnf("event=fenced %s", e.getMessage());
                pipeline.fenced(part.generation());
                done = true;
            } catch (RuntimeException | Error e) {
                connection.rollback();
                throw e;
            }
        }

        /** After the commit nothing may lead to another attempt, which would count the batch twice. */
        private void settle(BatchTransaction.Committed committed) {
            try {
                pipeline.committed(part.lane(), committed);
                metrics.committed(committed, prepared, Duration.between(startedAt, clock.instant()));
            } catch (RuntimeException | Error e) {
                LOG.error("event=batch_not_settled", e);
            }
        }

        private PreparedBatch prepare() {
            return part.refusal()
                    .map(cause -> PreparedBatch.refused(part.shares(), cause))
                    .orElseGet(() -> PreparedBatch.of(part.shares()));
        }

        /** Makes dead letters of the rows that the database refuses, for the next attempt. */
        private void withoutRefused(Connection connection, SQLException cause) throws SQLException {
            if (!SqlState.refusesRow(cause)) {
                throw cause;
            }
            if (SqlState.mayLackPartition(cause) && !partitionsChecked) {
                partitionsChecked = true;
                store.forgetDays();
                return;
            }
            Map<Integer, String> refused = store.findRefused(connection, prepared.events(), startedAt);
            if (!refused.isEmpty()) {
                LOG.warnf(
                        cause,
                        "event=rows_refused batch_rows=%d refused=%d",
                        prepared.candidates().size(),
                        refused.size());
                prepared = prepared.refuse(refused);
            } else if (isDivisible()) {
                // Each row goes in alone: the fault is in their combination, or in what else a message brings.
                refuse("SQLState " + SqlState.of(cause));
            } else {
                throw cause;
            }
        }

        private boolean isDivisible() {
            return part.refusal().isEmpty() && !part.shares().isEmpty();
        }

        private void refuse(String cause) {
            refusal = Optional.of(cause);
            done = true;
        }
    }
}
