package io.inference.analytics.usage;

import java.util.Locale;

/** What points can be split by; the order is the one in which points of a bucket are sorted. */
public enum GroupBy {
    MODEL,
    CLIENT,
    STATUS;

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
