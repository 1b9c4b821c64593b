package io.inference.analytics.reliability;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A percentile that can be highlighted. */
public enum Percentile {
    P50,
    P95,
    P99;

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    double of(Percentiles percentiles) {
        return switch (this) {
            case P50 -> percentiles.p50();
            case P95 -> percentiles.p95();
            case P99 -> percentiles.p99();
        };
    }
}
