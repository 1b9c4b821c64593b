package io.inference.analytics.freshness;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.OptionalLong;

/** The verdict on a lag, from best to worst. */
public enum FreshnessStatus {
    FRESH,
    DELAYED,
    STALE,
    /** The broker was out of reach for over 60 s, so nobody knows what waits there. */
    UNKNOWN;

    static final long FRESH_LAG_SECONDS_MAX = 300;
    static final long DELAYED_LAG_SECONDS_MAX = 600;

    /** The verdict on a lag in whole seconds; empty when it is not known. */
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
