package io.inference.analytics.reliability;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * What reliability points can be split by; the order is the one in which points of a bucket are
 * sorted.
 */
public enum ReliabilityGroupBy {
    MODEL,
    CLIENT,
    /** From raw events: the histograms of the rollups are not split by user. */
    USER;

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
