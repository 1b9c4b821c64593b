package io.inference.analytics.database;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.inference.analytics.platform.Failure;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Snapshots of the database for reads that may take minutes, from a pool of their own: neither the
 * writers nor the other endpoints wait for them.
 */
@ApplicationScoped
public class LongReads {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Half of the pool, so that exports of raw events and summaries of incidents keep the other. */
    private final Semaphore patient = new Semaphore(2);

    private final AgroalDataSource pool;
    private final Jdbi jdbi;
    private final ApiDatabase quick;

    LongReads(@DataSource("long-reads") AgroalDataSource pool, @DataSource("long-reads") Jdbi jdbi, ApiDatabase quick) {
        this.pool = pool;
        this.jdbi = jdbi;
        this.quick = quick;
    }

    /**
     * Runs the work as {@link ApiDatabase#read} does. If a statement takes too long there, all of it runs again here, in one snapshot
     * and with 15 s for each statement. For questions whose cost grows with what they answer, such as one about 100,000 clients: most
     * take milliseconds, and these never take one of the few connections of this pool.
     *
     * @param work is repeatable
     * @throws Failure.Unavailable when PostgreSQL cannot be reached, takes too long here, too, or two questions run here already
     */
    public <T> T quicklyOrPatiently(ApiDatabase.Work<T> work) {
        try {
            return quick.read(work);
        } catch (Failure.Unavailable e) {
            if (!SqlState.is(e, SqlState.QUERY_CANCELED)) {
                throw e;
            }
            if (!patient.tryAcquire()) {
                throw e;
            }
            try {
                return read(PATIENCE, work);
            } finally {
                patient.release();
            }
        }
    }

    /**
     * Runs the work in a read-only transaction that sees one moment of the database (repeatable
     * read).
     *
     * @param statementMax how long one statement may take
     * @throws Failure.Unavailable when PostgreSQL cannot be reached or takes too long, or all
     *     connections are taken
     */
    public <T> T read(Duration statementMax, ApiDatabase.Work<T> work) {
        try (Handle handle = open(statementMax)) {
            T result = work.on(handle);
            handle.rollback();
            return result;
        } catch (SQLException | JdbiException e) {
            throw ApiDatabase.translate(e);
        }
    }

    /**
     * A connection in such a transaction, for a stream of rows. The caller closes it, which ends
     * the transaction.
     *
     * @param statementMax how long one statement may take
     * @throws Failure.Unavailable when PostgreSQL cannot be reached, or all connections are taken
     */
    public Connection snapshot(Duration statementMax) {
        try {
            return open(statementMax).getConnection();
        } catch (JdbiException e) {
            throw ApiDatabase.translate(e);
        }
    }

    /** What an error on a {@link #snapshot} means to the caller. */
    public static RuntimeException failure(SQLException e) {
        return ApiDatabase.translate(e);
    }

    private Handle open(Duration statementMax) {
        // A server that hangs is detected within the time-outs of the quick pool, not within those
        // of this one.
        quick.read(handle -> handle.execute("select 1"));
        try {
            return begin(statementMax);
        } catch (JdbiException e) {
            if (!SqlState.unreachable(e)) {
                throw e;
            }
            // Connections that were idle when the server went down; it has just answered.
            pool.flush(FlushMode.IDLE);
            return begin(statementMax);
        }
    }

    private Handle begin(Duration statementMax) {
        Handle handle = jdbi.open();
        try {
            handle.begin();
            handle.setReadOnly(true);
            handle.setTransactionIsolationLevel(TransactionIsolationLevel.REPEATABLE_READ);
            handle.execute("set local statement_timeout = " + statementMax.toMillis());
            return handle;
        } catch (JdbiException e) {
            try (handle) {
                throw e;
            }
        }
    }
}
