package io.inference.analytics.rollup;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** Brings the rollups up to the raw events; the one place where the storage flavours differ above the migrations. */
interface RollupRefresh {

    /**
     * Makes the rollups show every event of the given hours.
     *
     * @param connection not in a transaction
     * @param hours starts of whole UTC hours, in any order, with repetitions
     */
    void refresh(Connection connection, List<Instant> hours) throws SQLException;

    /** Moves on to the hours that are over by {@code now}, where the flavour materialises them. */
    void closeHours(Connection connection, Instant now) throws SQLException;

    /** Computes the rollups of whole UTC days from the raw events anew; {@code high} is exclusive. */
    void recompute(Connection connection, Instant low, Instant high) throws SQLException;
}
