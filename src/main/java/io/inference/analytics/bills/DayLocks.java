package io.inference.analytics.bills;

import io.inference.analytics.database.SessionLimits;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import java.time.Duration;
import java.time.LocalDate;
import java.util.SortedSet;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.JdbiException;

/**
 * Session locks of days, so that two processes never import the same day at once. A process that
 * dies releases its locks.
 *
 * <p>Days are locked in their order, so two processes cannot wait for each other.
 */
public final class DayLocks implements AutoCloseable {

    private static final Duration LOCK_MAX = Duration.ofMinutes(2);
    private static final SessionLimits LIMITS = SessionLimits.of(Duration.ofMinutes(5), LOCK_MAX);
    private static final String LOCK = "select pg_advisory_lock(" + AdvisoryLock.PROVIDER_DAY.key() + ")";
    private static final String UNLOCK = "select pg_advisory_unlock(" + AdvisoryLock.PROVIDER_DAY.key() + ")";

    private final Handle handle;
    private final Dataset dataset;
    private final String orgRef;
    private final SortedSet<LocalDate> days;
    private final SessionLimits limitsBefore;

    private DayLocks(Handle handle, Dataset dataset, String orgRef, SortedSet<LocalDate> days) {
        this.handle = handle;
        this.dataset = dataset;
        this.orgRef = orgRef;
        this.days = days;
        this.limitsBefore = SessionLimits.of(handle);
    }

    /**
     * Runs the work while the session holds the days.
     *
     * @param handle a session outside of any transaction
     * @throws Failure.Unavailable when another process holds one of the days for two minutes
     */
    public static <R, X extends Exception> R hold(
            Handle handle, Dataset dataset, String orgRef, SortedSet<LocalDate> days, HandleCallback<R, X> work)
            throws X {
        try (DayLocks locks = new DayLocks(handle, dataset, orgRef, days)) {
            locks.take();
            return work.withHandle(handle);
        }
    }

    private void take() {
        LIMITS.apply(handle);
        for (LocalDate day : days) {
            try {
                execute(LOCK, day);
            } catch (JdbiException e) {
                if (SqlState.is(e, SqlState.LOCK_NOT_AVAILABLE)) {
                    throw new Failure.Unavailable(
                            "another process imports %s of %s (expected: done within two minutes); try again later"
                                    .formatted(dataset.wireName(), day),
                            LOCK_MAX,
                            e);
                }
                throw e;
            }
        }
    }

    /** Releases all days, also when only some of them were locked. */
    @Override
    public void close() {
        days.forEach(day -> execute(UNLOCK, day));
        limitsBefore.apply(handle);
    }

    private void execute(String sql, LocalDate day) {
        handle.createUpdate(sql)
                .bind("provider", dataset.provider())
                .bind("dataset", dataset)
                .bind("org", orgRef)
                .bind("date", day.toString())
                .execute();
    }
}
