package io.inference.analytics.rollup;

import io.inference.analytics.database.SessionLimits;
import io.inference.analytics.platform.AdvisoryLock;
import java.sql.SQLException;
import java.time.Duration;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;

/**
 * A lock under which one process at a time does long work: it touches the rollups, or indexes days. It
 * belongs to the session, as the work commits many times; PostgreSQL frees it when the connection breaks.
 */
final class RollupLock {

    /** The lock of the rollups. */
    static final RollupLock ROLLUPS = new RollupLock(
            "select pg_try_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")",
            "select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")");

    /** The lock of the indexes of days that are over. */
    static final RollupLock PAST_EVENTS = new RollupLock(
            "select pg_try_advisory_lock(" + AdvisoryLock.PAST_EVENTS.key() + ")",
            "select pg_advisory_unlock(" + AdvisoryLock.PAST_EVENTS.key() + ")");

    /** How long after its time-out a statement's answer may still arrive. */
    private static final Duration ANSWER_MAX = Duration.ofSeconds(30);

    private final String tryLock;
    private final String unlock;

    private RollupLock(String tryLock, String unlock) {
        this.tryLock = tryLock;
        this.unlock = unlock;
    }

    /**
     * Does the work, unless another process holds the lock.
     *
     * <p>The connection waits for an answer longer than the server lets a statement run. It would
     * break otherwise, while the server went on and kept the lock.
     *
     * @param handle not in a transaction
     * @param statementMax how long a statement of the work may run
     * @param lockMax how long a statement of the work may wait for a lock
     * @return whether the work was done
     */
    boolean tryRun(Handle handle, Duration statementMax, Duration lockMax, Runnable work) {
        SessionLimits before = SessionLimits.of(handle);
        if (!handle.createQuery(tryLock).mapTo(Boolean.class).one()) {
            return false;
        }
        int silenceMillis = silenceMillis(handle);
        try {
            setSilence(handle, (int)
                    Math.max(silenceMillis, statementMax.plus(ANSWER_MAX).toMillis()));
            SessionLimits.of(statementMax, lockMax).apply(handle);
            work.run();
        } finally {
            if (isOpen(handle)) {
                before.apply(handle);
                handle.execute(unlock);
                setSilence(handle, silenceMillis);
            }
        }
        return true;
    }

    private static int silenceMillis(Handle handle) {
        try {
            return handle.getConnection().getNetworkTimeout();
        } catch (SQLException e) {
            throw new ConnectionException(e);
        }
    }

    private static void setSilence(Handle handle, int millis) {
        try {
            handle.getConnection().setNetworkTimeout(Runnable::run, millis);
        } catch (SQLException e) {
            throw new ConnectionException(e);
        }
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
