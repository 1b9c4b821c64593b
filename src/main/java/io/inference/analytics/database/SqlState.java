package io.inference.analytics.database;

import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.postgresql.util.PSQLException;

/**
 * What a database error means, by its SQLState alone (PostgreSQL documentation, appendix A: Error Codes). The only place where
 * states are interpreted; messages are never looked at.
 *
 * <p>Every method takes any exception and looks at the first {@link SQLException} among its causes.
 */
public final class SqlState {

    public static final String LOCK_NOT_AVAILABLE = "55P03";
    public static final String QUERY_CANCELED = "57014";
    static final String PROTOCOL_VIOLATION = "08P01";
    private static final String CONNECTION_FAILURE = "08006";
    private static final String UNIQUE_VIOLATION = "23505";
    private static final String CHECK_VIOLATION = "23514";

    private SqlState() {}

    /** The database's own error among the causes. */
    public static Optional<SQLException> error(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                return Optional.of(sql);
            }
        }
        return Optional.empty();
    }

    /** The five characters, or {@code none} when no database error is among the causes; for logs. */
    public static String of(Throwable failure) {
        return error(failure).map(SQLException::getSQLState).orElse("none");
    }

    public static boolean is(Throwable failure, String state) {
        return state.equals(of(failure));
    }

    /** Connections that break (08), servers that go down or come up (57P). */
    public static boolean connectionLost(Throwable failure) {
        String state = of(failure);
        return (state.startsWith("08") && !lacksNode(failure)) || state.startsWith("57P");
    }

    /**
     * Flavour citus: the server itself answers, and reports that one of its workers does not. PgBouncer reports its own errors in
     * this way too, as 08P01.
     */
    private static boolean lacksNode(Throwable failure) {
        return is(failure, CONNECTION_FAILURE)
                && error(failure)
                        .filter(sql ->
                                sql instanceof PSQLException reported && reported.getServerErrorMessage() != null)
                        .isPresent();
    }

    /** {@link #connectionLost}, or a time-out of a new connection. */
    public static boolean unreachable(Throwable failure) {
        return connectionLost(failure)
                || error(failure)
                        .filter(sql -> sql.getSQLState() == null && sql.getCause() instanceof TimeoutException)
                        .isPresent();
    }

    /**
     * The server answers and has no room now: no free connection in time (no state), out of resources (53), cancelled by a time-out
     * (57014), rolled back in favour of another transaction (40), or without one of its nodes.
     */
    public static boolean busy(Throwable failure) {
        return lacksNode(failure)
                || error(failure)
                        .filter(sql -> {
                            String state = sql.getSQLState();
                            return state == null
                                    || state.equals(QUERY_CANCELED)
                                    || state.startsWith("53")
                                    || state.startsWith("40");
                        })
                        .isPresent();
    }

    /** A row is at fault (22 data, 23 integrity); the same row is refused again. Duplicate keys depend on others' rows and do not count. */
    public static boolean refusesRow(Throwable failure) {
        String state = of(failure);
        return !state.equals(UNIQUE_VIOLATION) && (state.startsWith("22") || state.startsWith("23"));
    }

    /** A value is at fault (22 data, 23 integrity, duplicate keys included); the same rows are refused again. */
    public static boolean refusesValues(Throwable failure) {
        String state = of(failure);
        return state.startsWith("22") || state.startsWith("23");
    }

    /** Among others "no partition of relation found for row". */
    public static boolean mayLackPartition(Throwable failure) {
        return is(failure, CHECK_VIOLATION);
    }

    /** The server does not accept the user or the password. */
    public static boolean refusesLogin(Throwable failure) {
        return of(failure).matches("28000|28P01");
    }

    /** The server has no database of this name. */
    public static boolean lacksDatabase(Throwable failure) {
        return is(failure, "3D000");
    }

    /** The database has no schema, table or function of this name, so it has another version's schema or none. */
    public static boolean lacksSchema(Throwable failure) {
        return of(failure).matches("3F000|42P01|42883");
    }

    /** A prepared statement is there that this connection did not make, or is gone: another connection's process answers. */
    public static boolean losesStatements(Throwable failure) {
        return of(failure).matches("42P05|26000");
    }

    /** The user may not do this. */
    public static boolean lacksRight(Throwable failure) {
        return of(failure).equals("42501");
    }
}
