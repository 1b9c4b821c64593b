package io.inference.analytics.provider;

import java.util.Locale;

/** Who sends bills. */
public enum Provider {
    ANTHROPIC,
    CURSOR,
    /** Files that people bring: there is no interface for them. */
    CLAUDE_AI;

    /** As in the ledger and in labels. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
