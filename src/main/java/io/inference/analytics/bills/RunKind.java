package io.inference.analytics.bills;

import java.util.Locale;

/** What a run of imports was started for. */
public enum RunKind {
    DAILY,
    BACKFILL,
    RETRY,
    RESTATE,
    MANUAL,
    CSV;

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
