package io.inference.analytics.database;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.inference.analytics.platform.Failure;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * Snapshots of the database for reads that may take minutes, from a pool of their own: neither the writers nor the other
 * endpoints wait for them.
 */
@ApplicationScoped
public class LongReads {

    private final AgroalDataSource pool;
    private final ApiDatabase quick;

    LongReads(@DataSource("long-reads") AgroalDataSource pool, ApiDatabase quick) {
        this.pool = pool;
        this.quick = quick;
    }

    /**
     * A connection in a read-only transaction that sees one moment of the database (repeatable read); the caller closes it,
     * which ends the transaction.
     *
     * @param statementMax how long one statement may take
     * @throws Failure.Unavailable when PostgreSQL can not be reached, or all connections are taken
     */
    public Connection snapshot(Duration statementMax) {
        // A server that hangs is found out within the time-outs of the quick pool, not within ours.
        quick.read(handle -> handle.execute("select 1"));
        try {
            try {
                return begin(statementMax);
            } catch (SQLException e) {
                if (!SqlState.unreachable(e)) {
                    throw e;
                }
                // Connections that were idle when the server went down; it has just answered.
                pool.flush(FlushMode.IDLE);
                return begin(statementMax);
            }
        } catch (SQLException e) {
            throw failure(e);
        }
    }

    /** What an exception means to the caller. */
    public static RuntimeException failure(SQLException e) {
        return ApiDatabase.translate(e);
    }

    private Connection begin(Duration statementMax) throws SQLException {
        Connection connection = pool.getConnection();
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            statement.execute("set local statement_timeout = " + statementMax.toMillis());
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }
}
