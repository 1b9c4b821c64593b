package io.inference.analytics.platform;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** What follows a rollup of batches: the rollup job calls it, rooms that build on its result implement it. */
public interface AfterRollup {

    /**
     * Takes note of rolled-up batches in the transaction that closes them; either both happen or neither.
     *
     * @param batchIds batches whose events the rollups now show
     * @return the organisations whose figures changed
     */
    List<UUID> note(Handle handle, List<Long> batchIds, Instant rolledUpAt);

    /** Runs after that commit; may fail without harm. */
    void publish(List<UUID> orgs);
}
