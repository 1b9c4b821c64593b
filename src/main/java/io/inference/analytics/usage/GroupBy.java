package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What points can be split by; the order is the one in which points of a bucket are sorted. */
public enum GroupBy {
    ORG,
    MODEL,
    CLIENT,
    USER,
    STATUS;

    /** What points of one organisation can be split by. */
    static final Set<GroupBy> OF_ORG = EnumSet.complementOf(EnumSet.of(ORG));

    /** What points of all organisations can be split by; each organisation decides itself how its users are shown. */
    static final Set<GroupBy> ACROSS_ORGS = EnumSet.complementOf(EnumSet.of(USER));

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
