package io.inference.analytics.rollup;

import io.inference.analytics.platform.AdvisoryLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** Flavour postgres: the batch writer keeps the rollups itself; only a repair has something to do. */
final class PostgresRefresh implements RollupRefresh {

    private static final String RECOMPUTE = "select analytics.recompute_rollups(?, ?)";

    /** What is read in the lane must not be older than the lane. */
    private static final String ENTER_LANE =
            "set transaction isolation level read committed; select pg_advisory_xact_lock("
                    + AdvisoryLock.INGEST_LANE.key() + ")";

    @Override
    public void refresh(Connection connection, List<Instant> hours) {
        // Nothing to do: the rollups moved in the transaction that stored the events.
    }

    @Override
    public void closeHours(Connection connection, Instant now) {
        // Nothing to do, as above.
    }

    /** Day by day, so that the writers wait for one day at most. */
    @Override
    public void recompute(Connection connection, Instant low, Instant high) throws SQLException {
        connection.setAutoCommit(false);
        try {
            for (Instant day = low; day.isBefore(high); day = day.plus(Duration.ofDays(1))) {
                try (Statement lane = connection.createStatement()) {
                    lane.execute(ENTER_LANE);
                }
                try (PreparedStatement statement = connection.prepareStatement(RECOMPUTE)) {
                    statement.setObject(1, day.atOffset(ZoneOffset.UTC));
                    statement.setObject(2, day.plus(Duration.ofDays(1)).atOffset(ZoneOffset.UTC));
                    statement.execute();
                }
                connection.commit();
            }
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }
}
