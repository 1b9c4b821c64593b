package io.inference.analytics.database;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.inference.analytics.platform.Failure;
import io.quarkus.agroal.DataSource;
import io.smallrye.faulttolerance.api.CircuitBreakerState;
import io.smallrye.faulttolerance.api.Guard;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * The read side of the database, as the API uses it: a pool of its own (the writers cannot starve it), read-only, with short
 * time-outs.
 *
 * <p>Guarantee: a call returns or throws {@link Failure.Unavailable} within 1 s when PostgreSQL refuses and 3 s when it hangs;
 * from then on a circuit breaker answers at once and lets one call a second try. The bounds are those of the pool
 * {@code reads} in {@code application.properties}: 0.9 s for a connection, 1.8 s for a statement on the server, 2 s for a
 * server that says nothing. A statement that takes too long on a living server is unavailable too, but opens no breaker.
 */
@ApplicationScoped
public class ApiDatabase {

    private static final Logger LOG = Logger.getLogger(ApiDatabase.class);

    private static final long BREAKER_DELAY_MS = 1_000;

    /** How fast a connection must have failed to be taken for one that was cut while idle, which is worth a second try. */
    private static final Duration STALE = Duration.ofMillis(500);

    /** What is done with a connection; each statement is a snapshot of its own. */
    @FunctionalInterface
    public interface Work<T> {
        T on(Handle handle) throws SQLException;
    }

    private final AgroalDataSource pool;
    private final Jdbi jdbi;
    private final Guard breaker;

    ApiDatabase(@DataSource("reads") AgroalDataSource pool, @DataSource("reads") Jdbi jdbi) {
        this.pool = pool;
        this.jdbi = jdbi;
        this.breaker = Guard.create()
                .withDescription("reads")
                .withCircuitBreaker()
                .requestVolumeThreshold(1)
                .failureRatio(1)
                .successThreshold(1)
                .delay(BREAKER_DELAY_MS, ChronoUnit.MILLIS)
                .when(SqlState::unreachable)
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
     * @throws Failure.Unavailable when PostgreSQL cannot be reached or takes too long
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
        } catch (SQLException | JdbiException e) {
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
     * @throws Failure.Unavailable when PostgreSQL cannot be reached or takes too long
     */
    public <T> T change(Work<T> work) {
        return read(handle -> handle.inTransaction(transaction -> {
            transaction.execute("set transaction read write");
            return work.on(transaction);
        }));
    }

    private <T> T attempt(Work<T> work) throws SQLException {
        long startNanos = System.nanoTime();
        try {
            return jdbi.withHandle(work::on);
        } catch (SQLException | JdbiException e) {
            if (!SqlState.unreachable(e) || System.nanoTime() - startNanos > STALE.toNanos()) {
                throw e;
            }
            // After a restart of the server all idle connections are dead: drop them, so that one more try decides.
            pool.flush(FlushMode.IDLE);
            return jdbi.withHandle(work::on);
        }
    }

    static RuntimeException translate(Exception e) {
        if (SqlState.unreachable(e)) {
            return new Failure.Unavailable("The database does not answer.", Duration.ofSeconds(2), e);
        }
        if (SqlState.busy(e)) {
            return new Failure.Unavailable("The database is busy.", Duration.ofSeconds(2), e);
        }
        return new IllegalStateException("SQLState " + SqlState.of(e), e);
    }
}
