package io.inference.analytics.bills;

import io.inference.analytics.platform.AdvisoryLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatements;

/**
 * Derives daily figures from the base tables and the mappings, in the caller's transaction.
 *
 * <p>Days can be derived side by side, but never while a mapping changes: a day could miss the
 * change.
 */
public final class Derivation {

    private static final String HOLD_MAPPINGS =
            "select pg_advisory_xact_lock(" + AdvisoryLock.PROVIDER_MAPPINGS.key() + ")";
    private static final String SHARE_MAPPINGS =
            "select pg_advisory_xact_lock_shared(" + AdvisoryLock.PROVIDER_MAPPINGS.key() + ")";

    private Derivation() {}

    /** Keeps other transactions from deriving until this one, which changes mappings, ends. */
    static void holdMappings(Handle handle) {
        handle.execute(HOLD_MAPPINGS);
    }

    /** Derives the day again; does nothing for a data set from which nothing is derived. */
    public static void derive(Handle handle, DayKey key) {
        key.dataset().derivation().ifPresent(sql -> {
            handle.execute(SHARE_MAPPINGS);
            // Not every statement names the organisation.
            handle.createUpdate(sql)
                    .configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true))
                    .bind("org", key.orgRef())
                    .bind("day", key.day())
                    .execute();
        });
    }
}
