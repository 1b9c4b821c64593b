package io.inference.analytics.providers;

import java.util.Locale;

/** What a run of imports was started for. */
enum RunKind {
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
