package io.inference.analytics.database;

import io.agroal.api.AgroalDataSource;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Whether connections to the database are sessions of their own. Behind a pooler in transaction mode they are not: a limit, a lock
 * or a staging table of one connection ends up in the server process of another one, and nothing fails.
 *
 * <p>It shows by behaviour and not by a pooler's name: a session keeps its server process between transactions, and shares it with
 * no other. A pooler that is quiet gives a connection the same process again and again, so a second connection takes turns.
 */
@ApplicationScoped
public class Sessions {

    /** A pooler gives out the process that was free last, or the one that was free longest: one of three turns moves. */
    private static final int TURNS = 3;

    // A process id is that of another server's process where a name has several servers.
    private static final String PROCESS = "select pg_backend_pid() || '@' || pg_postmaster_start_time()";

    /** What to say where connections are not sessions. */
    public static final String CHANGES =
            "DATABASE_URL: a pooler changes the server process of a connection between transactions"
                    + " (expected: PostgreSQL itself, or a pooler in session mode, for PgBouncer pool_mode = session)";

    private static final String READ_ONLY = "DATABASE_URL: the database is read-only"
            + " (expected: a primary server, and default_transaction_read_only = off for its database and user)";

    private static final String TEMPORARY = "select has_database_privilege(current_database(), 'TEMPORARY')";

    private static final String NO_TEMPORARY =
            "DATABASE_URL: the user may not make temporary tables, which every batch needs"
                    + " (expected: grant temporary on database … to …, or db/roles.sql)";

    private static final Logger LOG = Logger.getLogger(Sessions.class);

    private final AgroalDataSource pool;
    private final boolean serves;

    Sessions(
            AgroalDataSource pool,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean listens,
            @ConfigProperty(name = "quarkus.flyway.migrate-at-start") boolean migrates) {
        this.pool = pool;
        this.serves = listens && !migrates;
    }

    /** Where a start migrates, that has checked before. A database that is away may come back, so it does not end the start. */
    void onStart(@Observes @Priority(1) StartupEvent event) {
        if (!serves) {
            return;
        }
        try (Handle one = SqlTypes.over(pool).open()) {
            requireToServe(one, pool);
        } catch (JdbiException e) {
            if (SqlState.losesStatements(e)) {
                throw new IllegalStateException(CHANGES, e);
            }
            LOG.warnf("event=sessions_not_checked sqlstate=%s", SqlState.of(e));
        }
    }

    /**
     * Checks two connections of the writers' pool.
     *
     * @throws IllegalStateException when one is not a session of its own
     */
    public void require() {
        Jdbi jdbi = SqlTypes.over(pool);
        try (Handle one = jdbi.open()) {
            require(one, jdbi);
        }
    }

    /** Whether a server can store events. */
    static void requireToServe(Handle one, DataSource pool) {
        requireToWrite(one, pool);
        if (!one.createQuery(TEMPORARY).mapTo(Boolean.class).one()) {
            throw new IllegalStateException(NO_TEMPORARY);
        }
    }

    /** The same for a process that is going to write. */
    static void requireToWrite(Handle one, DataSource pool) {
        require(one, SqlTypes.over(pool));
        if (one.createQuery("show transaction_read_only")
                .mapTo(String.class)
                .one()
                .equals("on")) {
            throw new IllegalStateException(READ_ONLY);
        }
    }

    static void require(Handle one, Jdbi others) {
        String process = process(one);
        try (Handle other = others.open()) {
            for (int turn = 0; turn < TURNS; turn++) {
                String busy = inTransaction(other, others);
                // Twice: two processes that are given out in turn would come to the same two connections again.
                if (busy.equals(process)
                        || !process(one).equals(process)
                        || !process(one).equals(process)) {
                    throw new IllegalStateException(CHANGES);
                }
            }
        }
    }

    private static String inTransaction(Handle handle, Jdbi others) {
        try {
            return handle.inTransaction(Sessions::process);
        } catch (JdbiException e) {
            throw closesAtTransaction(e) && refusesTransactions(others) ? new IllegalStateException(CHANGES, e) : e;
        }
    }

    /** A server that goes away behind a pooler looks the same, so a fresh connection decides. */
    private static boolean refusesTransactions(Jdbi others) {
        try (Handle fresh = others.open()) {
            process(fresh);
            try {
                fresh.inTransaction(Sessions::process);
                return false;
            } catch (JdbiException e) {
                return closesAtTransaction(e);
            }
        }
    }

    /** In statement mode a pooler takes statements, and closes the connection when a transaction begins. */
    private static boolean closesAtTransaction(JdbiException e) {
        return SqlState.is(e, SqlState.PROTOCOL_VIOLATION);
    }

    /** By a plain statement: a prepared one would stay behind in a process that others get. */
    private static String process(Handle handle) {
        try (Statement statement = handle.getConnection().createStatement();
                ResultSet row = statement.executeQuery(PROCESS)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new ConnectionException(e);
        }
    }
}
