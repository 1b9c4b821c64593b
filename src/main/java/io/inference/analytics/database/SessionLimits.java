package io.inference.analytics.database;

import java.time.Duration;
import org.jdbi.v3.core.Handle;

/**
 * How long the statements of a session may run and wait for locks, while some work lasts. Afterwards the limits of its pool hold
 * again: {@code reset} would bring back those of the server, as the pools set theirs after they have connected.
 */
public final class SessionLimits {

    private static final String PRESENT =
            "select current_setting('statement_timeout') as statement_max, current_setting('lock_timeout') as lock_max";
    private static final String SET =
            "select set_config('statement_timeout', :statementMax, false), set_config('lock_timeout', :lockMax, false)";

    private final String statementMax;
    private final String lockMax;

    private SessionLimits(String statementMax, String lockMax) {
        this.statementMax = statementMax;
        this.lockMax = lockMax;
    }

    /** Those of the session now. */
    public static SessionLimits of(Handle handle) {
        return handle.createQuery(PRESENT)
                .map(row -> new SessionLimits(
                        row.getColumn("statement_max", String.class), row.getColumn("lock_max", String.class)))
                .one();
    }

    /** How long a statement may run, and wait for a lock. */
    public static SessionLimits of(Duration statementMax, Duration lockMax) {
        return new SessionLimits(statementMax.toMillis() + "ms", lockMax.toMillis() + "ms");
    }

    /** Makes these the limits of the session. */
    public void apply(Handle handle) {
        handle.createQuery(SET)
                .bind("statementMax", statementMax)
                .bind("lockMax", lockMax)
                .mapTo(String.class)
                .one();
    }
}
