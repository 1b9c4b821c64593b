package io.inference.analytics.bills;

import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** Why a run of imports was started. */
public enum RunKind implements WireNamed {
    DAILY,
    BACKFILL,
    RETRY,
    RESTATE,
    MANUAL,
    CSV;

    /** As in the records of runs. */
    @Override
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
