package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import io.inference.analytics.platform.AdvisoryLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a batch locks until its transaction ends, so that each look-up of duplicates sees what was stored before (ADR 17).
 *
 * <p>All batches take the lane's lock in shared mode: repairs, and replicas of earlier versions, exclude every batch with it. Then
 * a batch takes one lock per slot of its organisations, in the order of the slots, so that no two batches wait for
 * each other.
 */
final class OrgLocks {

    // Flavour timescale: deciding for each staged row which chunks to skip takes five times as long as reading the few
    // that the statement's bounds leave (219 to 41 ms for 5,000 rows). Servers without the extension ignore the
    // setting.
    private static final String ENTER_LANE =
            "select pg_advisory_xact_lock_shared(" + AdvisoryLock.INGEST_LANE.key() + "), "
                    + "set_config('timescaledb.enable_runtime_exclusion', 'off', true);"
                    // One round trip for both.
                    + "select pg_advisory_xact_lock(" + AdvisoryLock.INGEST_SLOT.key()
                    + ") from (select slot from unnest(?::integer[]) as slot order by slot) as slots";

    private OrgLocks() {}

    /** Waits until no other batch with an event of these organisations, of any replica, is between here and its commit. */
    static void enter(Connection connection, List<UsageEvent> events) throws SQLException {
        Set<Integer> slots = new TreeSet<>();
        for (UsageEvent event : events) {
            slots.add(Lanes.slotOf(event.orgId()));
        }
        try (PreparedStatement statement = connection.prepareStatement(ENTER_LANE)) {
            statement.setArray(1, connection.createArrayOf("integer", slots.toArray()));
            statement.execute();
        }
    }
}
