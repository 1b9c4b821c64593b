package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What points can be split by; the order is the one in which points of a bucket are sorted. */
public enum GroupBy {
    MODEL,
    CLIENT,
    USER,
    STATUS;

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
