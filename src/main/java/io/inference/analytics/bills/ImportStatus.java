package io.inference.analytics.bills;

import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** The outcome of the last attempt to import a day. */
public enum ImportStatus implements WireNamed {
    PENDING,
    RUNNING,
    OK,
    OK_EMPTY,
    FAILED_RETRYABLE,
    FAILED_PERMANENT,
    QUARANTINED,
    SUSPECT_EMPTY;

    /** As in the ledger and in labels. */
    @Override
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
