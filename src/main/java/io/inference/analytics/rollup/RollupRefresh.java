package io.inference.analytics.rollup;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Brings the rollups up to the raw events; the one place where the storage flavours differ above
 * the migrations.
 */
interface RollupRefresh {

    /**
     * Makes the rollups show every event of the given hours.
     *
     * @param handle not in a transaction
     * @param hours starts of whole UTC hours, in any order, with repetitions
     */
    void refresh(Handle handle, List<Instant> hours);

    /**
     * Materialises the next hours or day that are over by {@code now}, or the next events by user, as
     * the flavour needs it.
     *
     * @param handle not in a transaction
     * @return whether more may be due
     */
    boolean closeNext(Handle handle, Instant now);

    /**
     * Adds up the days before the given one that are over, one per transaction, where the flavour
     * does that.
     *
     * @param handle not in a transaction
     * @return how many days were added up
     */
    int closeDays(Handle handle, Instant before);

    /** How much {@link #recompute} does in one call; a whole part of a day. */
    Duration recomputeStep();

    /**
     * Recomputes the rollups from the raw events, from {@code low} for one {@link #recomputeStep}, and unbuilds the days of time
     * zones that lie there. The caller holds the lock of the rollups, so none is built before the recomputed rollups show.
     */
    void recompute(Handle handle, Instant low);

    /** Whether repairs by a replica of the version before days of time zones unbuild these, too. */
    boolean olderRepairsUnbuild();
}
