package io.inference.analytics.rollup;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Flavours postgres and citus: the batch writer keeps the rollups itself; only a repair has something to do.
 */
final class PostgresRefresh implements RollupRefresh {

    private static final String RECOMPUTE =
            "select analytics.recompute_rollups(:low, :high), analytics.recompute_user_rollups(:low, :high)";

    private static final String FOLD = "select analytics.fold_user_usage(:groups) as folded";

    /** A second's work: what a step holds up is bounded after an outage of this job, too. */
    private static final int FOLD_MAX = 50_000;

    private static final String OPEN_FROM = "select open_from from analytics.usage_open_days";
    private static final String ENSURE_DAY = "select analytics.ensure_day(:day)";
    private static final String CLOSE_DAYS = "select analytics.close_days(:before) as days";

    /** A snapshot from before the lane would miss what the last writer in it committed. */
    private static final String ENTER_LANE =
            "set transaction isolation level read committed; select analytics.enter_lane_alone()";

    /**
     * Writers in a backlog hold the lane for seconds in turn; waiting in its queue blocks none of
     * them.
     */
    private static final String LANE_PATIENCE = "set local lock_timeout = '30s'";

    /** In the lane, a wait for any other lock blocks the writers. */
    private static final String PATIENCE_IN_LANE = "set local lock_timeout = '2s'";

    @Override
    public void refresh(Handle handle, List<Instant> hours) {
        // Nothing to do: the rollups moved in the transaction that stored the events.
    }

    /** The rollups by user: batches only append to what is folded into them here. */
    @Override
    public boolean closeNext(Handle handle, Instant now) {
        return handle.createQuery(FOLD)
                        .bind("groups", FOLD_MAX)
                        .mapTo(Integer.class)
                        .one()
                == FOLD_MAX;
    }

    /**
     * Each day by itself: the writers wait for one day's hours, and a day that fails holds up none
     * before it.
     */
    @Override
    public int closeDays(Handle handle, Instant before) {
        Instant low = handle.createQuery(OPEN_FROM).mapTo(Instant.class).one();
        int closed = 0;
        for (Instant day = low; day.isBefore(before); day = day.plus(1, ChronoUnit.DAYS)) {
            Instant end = day.plus(1, ChronoUnit.DAYS);
            ensure(handle, day);
            closed += handle.inTransaction(transaction -> {
                transaction.execute(LANE_PATIENCE);
                transaction.execute(ENTER_LANE);
                transaction.execute(PATIENCE_IN_LANE);
                return transaction
                        .createQuery(CLOSE_DAYS)
                        .bind("before", end)
                        .mapTo(Integer.class)
                        .one();
            });
        }
        return closed;
    }

    /**
     * Makes the day's partitions in a transaction of their own. In the lane it would be too late with flavour citus: once a
     * transaction has changed rows as the service, it may make no table as the owner.
     */
    private static void ensure(Handle handle, Instant day) {
        handle.createQuery(ENSURE_DAY)
                .bind("day", LocalDate.ofInstant(day, ZoneOffset.UTC))
                .mapTo(Boolean.class)
                .one();
    }

    /** By the database's function. */
    @Override
    public boolean olderRepairsUnbuild() {
        return true;
    }

    /**
     * The writers wait while the raw events of one step are read: some seconds for an hour at 3,000
     * per second.
     */
    @Override
    public Duration recomputeStep() {
        return Duration.ofHours(1);
    }

    @Override
    public void recompute(Handle handle, Instant low) {
        ensure(handle, low);
        handle.useTransaction(transaction -> {
            transaction.execute(ENTER_LANE);
            transaction
                    .createUpdate(RECOMPUTE)
                    .bind("low", low)
                    .bind("high", low.plus(recomputeStep()))
                    .execute();
        });
    }
}
