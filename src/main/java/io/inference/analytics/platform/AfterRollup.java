package io.inference.analytics.platform;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** What follows a rollup of batches; called by the rollup job, implemented by rooms that build on its result. */
public interface AfterRollup {

    /**
     * Takes note in the transaction that closes the batches; either both happen or none.
     *
     * @param batchIds batches whose events the rollups show now
     * @return the organisations whose figures changed
     */
    List<UUID> note(Connection connection, List<Long> batchIds, Instant rolledUpAt) throws SQLException;

    /** After that commit; may fail without harm. */
    void publish(List<UUID> orgs);
}
