package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a breakdown has one row for each of. */
public enum BreakdownBy {
    MODEL("model"),
    CLIENT("client"),
    USER("user"),
    STATUS("status"),
    /** From raw events: rollups do not hold it. */
    ERROR_CODE("errorCode");

    private final String wireName;

    BreakdownBy(String wireName) {
        this.wireName = wireName;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }
}
