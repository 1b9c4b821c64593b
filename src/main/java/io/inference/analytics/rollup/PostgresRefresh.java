package io.inference.analytics.rollup;

import io.inference.analytics.platform.AdvisoryLock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Flavour postgres: the batch writer keeps the rollups itself; only a repair has something to do.
 */
final class PostgresRefresh implements RollupRefresh {

    private static final String RECOMPUTE = "select analytics.recompute_rollups(:low, :high)";

    /** A snapshot from before the lane would miss what the last writer in it committed. */
    private static final String ENTER_LANE =
            "set transaction isolation level read committed; select pg_advisory_xact_lock("
                    + AdvisoryLock.INGEST_LANE.key() + ")";

    @Override
    public void refresh(Handle handle, List<Instant> hours) {
        // Nothing to do: the rollups moved in the transaction that stored the events.
    }

    @Override
    public void closeHours(Handle handle, Instant now) {
        // Nothing to do, as above.
    }

    /** Day by day, so that the writers wait for one day at most. */
    @Override
    public void recompute(Handle handle, Instant low, Instant high) {
        for (Instant day = low; day.isBefore(high); day = day.plus(Duration.ofDays(1))) {
            Instant start = day;
            handle.useTransaction(transaction -> {
                transaction.execute(ENTER_LANE);
                transaction
                        .createUpdate(RECOMPUTE)
                        .bind("low", start)
                        .bind("high", start.plus(Duration.ofDays(1)))
                        .execute();
            });
        }
    }
}
