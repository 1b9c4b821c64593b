package io.inference.analytics.platform;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.quarkus.agroal.DataSource;
import io.smallrye.faulttolerance.api.CircuitBreakerState;
import io.smallrye.faulttolerance.api.Guard;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.jboss.logging.Logger;

/**
 * The read side of the database, as the API uses it: a pool of its own (the writers can not starve it), read-only, with short
 * time-outs.
 *
 * <p>Guarantee: a call returns or throws {@link Failure.Unavailable} within 1 s when PostgreSQL refuses and 3 s when it hangs;
 * from then on a circuit breaker answers at once and lets one call a second try. The bounds are those of the pool
 * {@code reads} in {@code application.properties}: 0.9 s for a connection, 1.8 s for a statement on the server, 2 s for a
 * server that says nothing. A statement that takes too long on a living server is unavailable too, but opens no breaker.
 */
@ApplicationScoped
public class ReadDatabase {

    private static final Logger LOG = Logger.getLogger(ReadDatabase.class);

    private static final long BREAKER_DELAY_MS = 1_000;

    /** How fast a connection must have failed to be taken for one that was cut while idle, which is worth a second try. */
    private static final Duration STALE = Duration.ofMillis(500);

    /** What is done with a connection; each statement is a snapshot of its own. */
    @FunctionalInterface
    public interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    private final AgroalDataSource pool;
    private final Guard breaker;

    ReadDatabase(@DataSource("reads") AgroalDataSource pool) {
        this.pool = pool;
        this.breaker = Guard.create()
                .withDescription("reads")
                .withCircuitBreaker()
                .requestVolumeThreshold(1)
                .failureRatio(1)
                .successThreshold(1)
                .delay(BREAKER_DELAY_MS, ChronoUnit.MILLIS)
                .when(ReadDatabase::unreachable)
                .onStateChange(state -> LOG.logf(
                        state == CircuitBreakerState.OPEN ? Logger.Level.WARN : Logger.Level.INFO,
                        "event=database_breaker state=%s",
                        state))
                .done()
                .build();
    }

    /**
     * Runs the work on a connection.
     *
     * @throws Failure.Unavailable when PostgreSQL can not be reached or takes too long
     */
    public <T> T read(Work<T> work) {
        try {
            AtomicReference<T> result = new AtomicReference<>();
            breaker.call(
                    () -> {
                        result.set(attempt(work));
                        return null;
                    },
                    Void.class);
            return result.get();
        } catch (CircuitBreakerOpenException e) {
            throw new Failure.Unavailable("The database does not answer.", Duration.ofSeconds(1), null);
        } catch (SQLException e) {
            throw translate(e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Runs the work in one read-write transaction, within the same bounds; for the few requests that store something small. It
     * may run twice when a connection breaks, also after a commit that could not be confirmed: the work must be repeatable.
     *
     * @throws Failure.Unavailable when PostgreSQL can not be reached or takes too long
     */
    public <T> T change(Work<T> work) {
        return read(connection -> {
            connection.setAutoCommit(false);
            try {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("set transaction read write");
                }
                T result = work.on(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                rollBack(connection, e);
                throw e;
            } finally {
                if (!connection.isClosed()) {
                    connection.setAutoCommit(true);
                }
            }
        });
    }

    private static void rollBack(Connection connection, Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The connection has gone, and with it the transaction.
            cause.addSuppressed(e);
        }
    }

    private <T> T attempt(Work<T> work) throws SQLException {
        long startNanos = System.nanoTime();
        try {
            return once(work);
        } catch (SQLException e) {
            if (!unreachable(e) || System.nanoTime() - startNanos > STALE.toNanos()) {
                throw e;
            }
            // After a restart of the server all idle connections are dead: drop them, so that one more try decides.
            pool.flush(FlushMode.IDLE);
            return once(work);
        }
    }

    private <T> T once(Work<T> work) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return work.on(connection);
        }
    }

    static RuntimeException translate(SQLException e) {
        if (unreachable(e)) {
            return new Failure.Unavailable("The database does not answer.", Duration.ofSeconds(2), e);
        }
        String state = e.getSQLState();
        // No state: the pool had no free connection in time. 53: out of resources. 57014: cancelled by
        // statement_timeout.
        if (state == null || state.startsWith("53") || state.startsWith("57014") || state.startsWith("40")) {
            return new Failure.Unavailable("The database is busy.", Duration.ofSeconds(2), e);
        }
        return new IllegalStateException("SQLState " + state, e);
    }

    /** Connections that break (08), servers that go down or come up (57P), and time-outs of a new connection. */
    static boolean unreachable(Throwable e) {
        if (!(e instanceof SQLException sql)) {
            return false;
        }
        String state = sql.getSQLState();
        return state == null
                ? sql.getCause() instanceof TimeoutException
                : state.startsWith("08") || state.startsWith("57P");
    }
}
