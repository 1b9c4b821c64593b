package io.inference.analytics.export;

import io.inference.analytics.usage.UsageSums;
import java.io.InterruptedIOException;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementCustomizer;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * The figures that the rows of a file are compared with, computed from the raw events without the
 * rollups. Another session of the database computes them in the same snapshot while the rows are
 * written. Workers of flavour citus cannot share a snapshot between sessions, so there the session of
 * the rows computes them first.
 */
final class RawAggregate implements AutoCloseable {

    private final UUID org;
    private final ExportOrder order;
    private final FutureTask<UsageSums> work;
    private volatile Statement running;
    private volatile boolean closed;

    private RawAggregate(UUID org, ExportOrder order, Function<RawAggregate, UsageSums> work) {
        this.org = org;
        this.order = order;
        this.work = new FutureTask<>(() -> work.apply(this));
    }

    /**
     * Begins to compute the figures.
     *
     * @param snapshotId of a transaction that stays open until the figures are there
     */
    static RawAggregate begin(Jdbi snapshots, String snapshotId, UUID org, ExportOrder order, Executor executor) {
        RawAggregate aggregate = new RawAggregate(org, order, figures -> figures.read(snapshots, snapshotId));
        executor.execute(aggregate.work);
        return aggregate;
    }

    /**
     * Computes the figures in the transaction of the rows, before the rows.
     *
     * @throws JdbiException when that fails; the transaction cannot go on then
     */
    static RawAggregate within(Handle handle, UUID org, ExportOrder order) throws InterruptedIOException {
        RawAggregate aggregate = new RawAggregate(org, order, figures -> figures.sums(handle));
        aggregate.work.run();
        aggregate.sums();
        return aggregate;
    }

    // PostgreSQL made the id, and SET takes no parameters.
    private static final String JOIN_SNAPSHOT =
            """
            set transaction isolation level repeatable read, read only; set transaction snapshot '%s';
            set local statement_timeout = '30min'; set local timezone = 'UTC'
            """;

    // The rows of hours take longer than this sum; parallel workers would only take the processors
    // from them.
    private static final String ALONE = "set local max_parallel_workers_per_gather = 0";

    private UsageSums read(Jdbi snapshots, String snapshotId) {
        return snapshots.inTransaction(handle -> {
            handle.execute(JOIN_SNAPSHOT.formatted(snapshotId));
            if (order.granularity() == ExportGranularity.HOURLY) {
                handle.execute(ALONE);
            }
            return sums(handle);
        });
    }

    private static final String SUMS =
            """
            select count(*) as invocations, count(*) filter (where status <> 'success') as errors,
                   coalesce(sum(input_tokens), 0) as input_tokens, coalesce(sum(output_tokens), 0) as output_tokens,
                   coalesce(sum(cache_read_input_tokens), 0) as cache_read_input_tokens,
                   coalesce(sum(cache_write_input_tokens), 0) as cache_write_input_tokens,
                   sum(cost_estimate_cents) as cost_cents,
                   count(*) filter (where cost_estimate_cents is null) as unpriced_invocations
            from analytics.usage_events
            where org_id = :org and occurred_at >= :start and occurred_at < :end
            """;

    private static final String OF_MODELS = " and model_id = any (:models)";

    private UsageSums sums(Handle handle) {
        boolean all = order.models().isEmpty();
        Query query = handle.createQuery(all ? SUMS : SUMS + OF_MODELS)
                .bind("org", org)
                .bind("start", order.range().start())
                .bind("end", order.range().end())
                .addCustomizer(new Running());
        return (all ? query : query.bindArray("models", UUID.class, order.models()))
                .map(RawAggregate::sums)
                .one();
    }

    private static UsageSums sums(RowView row) {
        long invocations = row.getColumn("invocations", Long.class);
        if (invocations == 0) {
            return UsageSums.NONE;
        }
        return new UsageSums(
                invocations,
                row.getColumn("errors", Long.class),
                row.getColumn("input_tokens", BigDecimal.class).toBigIntegerExact(),
                row.getColumn("output_tokens", BigDecimal.class).toBigIntegerExact(),
                row.getColumn("cache_read_input_tokens", BigDecimal.class).toBigIntegerExact(),
                row.getColumn("cache_write_input_tokens", BigDecimal.class).toBigIntegerExact(),
                Optional.ofNullable(row.getColumn("cost_cents", BigDecimal.class)),
                row.getColumn("unpriced_invocations", Long.class));
    }

    /** Notes the statement, so that another thread can cancel it. */
    private final class Running implements StatementCustomizer {

        @Override
        public void beforeExecution(PreparedStatement statement, StatementContext context) throws SQLException {
            running = statement;
            if (closed) {
                throw new SQLException("the figures are no longer needed");
            }
        }
    }

    /** Waits for the figures, at most as long as the database's own limit of a statement. */
    UsageSums sums() throws InterruptedIOException {
        try {
            return work.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the raw events were summed");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof JdbiException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Cancels the statement when its figures are no longer needed. */
    @Override
    public void close() {
        closed = true;
        Statement statement = running;
        if (!work.isDone() && statement != null) {
            try {
                statement.cancel();
            } catch (SQLException e) {
                throw new UnableToExecuteStatementException(e, null);
            }
        }
    }
}
