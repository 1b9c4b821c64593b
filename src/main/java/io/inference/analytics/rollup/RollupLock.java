package io.inference.analytics.rollup;

import io.inference.analytics.platform.AdvisoryLock;
import java.sql.SQLException;
import org.jdbi.v3.core.Handle;

/**
 * The lock under which one process at a time touches the rollups. It belongs to the session, as the
 * work commits many times; PostgreSQL frees it when the connection breaks.
 */
final class RollupLock {

    private static final String TRY_LOCK = "select pg_try_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")";
    private static final String UNLOCK = "select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")";
    private static final String RESET = "reset statement_timeout; reset lock_timeout; reset synchronous_commit";

    private RollupLock() {}

    /**
     * Does the work, unless another process holds the lock.
     *
     * @param handle not in a transaction
     * @param limits time-outs of the session while the work runs, as SQL
     * @return whether the work was done
     */
    static boolean tryRun(Handle handle, String limits, Runnable work) {
        if (!handle.createQuery(TRY_LOCK).mapTo(Boolean.class).one()) {
            return false;
        }
        try {
            handle.execute(limits);
            work.run();
        } finally {
            if (isOpen(handle)) {
                handle.execute(RESET);
                handle.execute(UNLOCK);
            }
        }
        return true;
    }

    /** On a broken connection there is nothing to undo, and trying would hide why it broke. */
    static boolean isOpen(Handle handle) {
        try {
            return !handle.getConnection().isClosed();
        } catch (SQLException e) {
            return false;
        }
    }
}
