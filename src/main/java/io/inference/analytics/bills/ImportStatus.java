package io.inference.analytics.bills;

import java.util.Locale;

/** What the last try of a day came to. */
public enum ImportStatus {
    PENDING,
    RUNNING,
    OK,
    OK_EMPTY,
    FAILED_RETRYABLE,
    FAILED_PERMANENT,
    QUARANTINED,
    SUSPECT_EMPTY;

    /** As in the ledger and in labels. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ImportStatus of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    /** Whether the stored day is what the provider says. */
    public boolean good() {
        return this == OK || this == OK_EMPTY;
    }
}
