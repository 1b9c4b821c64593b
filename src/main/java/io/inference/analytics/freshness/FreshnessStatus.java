package io.inference.analytics.freshness;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.OptionalLong;

/** What a lag means, from best to worst. */
public enum FreshnessStatus {
    FRESH,
    DELAYED,
    STALE,
    /** The broker has been unreachable for over 60 s, so what waits there is not known. */
    UNKNOWN;

    static final long FRESH_LAG_SECONDS_MAX = 300;
    static final long DELAYED_LAG_SECONDS_MAX = 600;

    /** The status for a lag in whole seconds; empty when the lag is not known. */
    public static FreshnessStatus of(OptionalLong lagSeconds) {
        if (lagSeconds.isEmpty()) {
            return UNKNOWN;
        }
        long lag = lagSeconds.getAsLong();
        if (lag <= FRESH_LAG_SECONDS_MAX) {
            return FRESH;
        }
        return lag <= DELAYED_LAG_SECONDS_MAX ? DELAYED : STALE;
    }

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
