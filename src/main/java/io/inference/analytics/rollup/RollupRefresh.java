package io.inference.analytics.rollup;

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

    /** Moves on to the hours that are over by {@code now}, where the flavour materialises them. */
    void closeHours(Handle handle, Instant now);

    /** Recomputes the rollups of whole UTC days from the raw events; {@code high} is exclusive. */
    void recompute(Handle handle, Instant low, Instant high);
}
