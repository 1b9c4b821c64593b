package io.inference.analytics.export;

import io.inference.analytics.usage.UsageSums;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import javax.sql.DataSource;

/**
 * What the rows of a file are compared with: the same figures from the single events, no rollup is asked. Another session of the
 * database computes them in the same snapshot while the rows are written.
 */
final class RawAggregate implements AutoCloseable {

    // The id was made by PostgreSQL; SET takes no parameters.
    private static final String JOIN_SNAPSHOT =
            """
            set transaction isolation level repeatable read, read only; set transaction snapshot '%s';
            set local statement_timeout = '30min'; set local timezone = 'UTC'
            """;

    // The rows of hours take longer anyway; helpers would only take the processors from them.
    private static final String ALONE = "set local max_parallel_workers_per_gather = 0";

    private static final String SUMS =
            """
            select count(*), count(*) filter (where status <> 'success'), coalesce(sum(input_tokens), 0),
                   coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_input_tokens), 0),
                   coalesce(sum(cache_write_input_tokens), 0), sum(cost_estimate_cents),
                   count(*) filter (where cost_estimate_cents is null)
            from analytics.usage_events
            where org_id = ? and occurred_at >= ? and occurred_at < ?
            """;

    private final DataSource dataSource;
    private final String snapshotId;
    private final boolean hourly;
    private final SqlPart sql;
    private final FutureTask<UsageSums> work = new FutureTask<>(this::read);
    private volatile Statement running;
    private volatile boolean closed;

    private RawAggregate(DataSource dataSource, String snapshotId, UUID org, ExportOrder order) {
        this.dataSource = dataSource;
        this.snapshotId = snapshotId;
        this.hourly = order.granularity() == ExportGranularity.HOURLY;
        SqlPart all = new SqlPart(
                SUMS, List.of(org, order.range().start(), order.range().end()));
        this.sql = order.models().isEmpty() ? all : all.and(ExportSnapshot.OF_MODELS, new ArrayList<>(order.models()));
    }

    /**
     * Begins to compute it.
     *
     * @param snapshotId of a transaction that stays open until the figures are there
     */
    static RawAggregate begin(
            DataSource dataSource, String snapshotId, UUID org, ExportOrder order, Executor executor) {
        RawAggregate aggregate = new RawAggregate(dataSource, snapshotId, org, order);
        executor.execute(aggregate.work);
        return aggregate;
    }

    private UsageSums read() throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement join = connection.createStatement();
                    PreparedStatement select = connection.prepareStatement(sql.sql())) {
                join.execute(JOIN_SNAPSHOT.formatted(snapshotId));
                if (hourly) {
                    join.execute(ALONE);
                }
                sql.bind(select);
                running = select;
                if (closed) {
                    return UsageSums.NONE;
                }
                try (ResultSet row = select.executeQuery()) {
                    row.next();
                    return sums(row);
                }
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static UsageSums sums(ResultSet row) throws SQLException {
        if (row.getLong(1) == 0) {
            return UsageSums.NONE;
        }
        return new UsageSums(
                row.getLong(1),
                row.getLong(2),
                row.getBigDecimal(3).toBigIntegerExact(),
                row.getBigDecimal(4).toBigIntegerExact(),
                row.getBigDecimal(5).toBigIntegerExact(),
                row.getBigDecimal(6).toBigIntegerExact(),
                Optional.ofNullable(row.getBigDecimal(7)),
                row.getLong(8));
    }

    /** Waits for the figures, at most as long as the database's own limit of a statement. */
    UsageSums sums() throws SQLException {
        try {
            return work.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while the raw events were summed", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SQLException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Stops it when nobody waits for the figures any more. */
    @Override
    public void close() throws SQLException {
        closed = true;
        Statement statement = running;
        if (!work.isDone() && statement != null) {
            statement.cancel();
        }
    }
}
