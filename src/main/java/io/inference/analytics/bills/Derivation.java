package io.inference.analytics.bills;

import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.provider.Dataset;
import java.util.Optional;
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

    private static final String CLAUDE_DAY = "select analytics.rebuild_claude_day(:org, :day)";
    private static final String CURSOR_DAY = "select analytics.rebuild_cursor_day(:org, :day)";

    /** Seats and chats of claude.ai have no organisation. */
    private static final String CLAUDE_AI_DAY = "select analytics.rebuild_claude_ai_day(:day)";

    private Derivation() {}

    /** Keeps other transactions from deriving until this one, which changes mappings, ends. */
    static void holdMappings(Handle handle) {
        handle.execute(HOLD_MAPPINGS);
    }

    /** Whether figures are derived from the days of a data set. */
    static boolean isDerived(Dataset dataset) {
        return statement(dataset).isPresent();
    }

    /** Derives the day again; does nothing for a data set from which nothing is derived. */
    public static void derive(Handle handle, DayKey key) {
        statement(key.dataset()).ifPresent(sql -> {
            handle.execute(SHARE_MAPPINGS);
            // Not every statement names the organisation.
            handle.createUpdate(sql)
                    .configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true))
                    .bind("org", key.orgRef())
                    .bind("day", key.day())
                    .execute();
        });
    }

    private static Optional<String> statement(Dataset dataset) {
        return switch (dataset) {
            case COST, USAGE, CLAUDE_CODE -> Optional.of(CLAUDE_DAY);
            case CURSOR_DAILY_USAGE -> Optional.of(CURSOR_DAY);
            case CURSOR_EVENTS, CURSOR_SPEND, OPENAI_COST, OPENAI_USAGE -> Optional.empty();
            case CLAUDE_AI_AUDIT -> Optional.of(CLAUDE_AI_DAY);
        };
    }
}
