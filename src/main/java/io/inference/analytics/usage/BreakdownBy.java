package io.inference.analytics.usage;

/** What a breakdown has one row for each of. */
public enum BreakdownBy {
    MODEL("model"),
    CLIENT("client"),
    USER("user"),
    STATUS("status"),
    /** From raw events: rollups do not hold it. */
    ERROR_CODE("errorCode"),
    /** The values of one key of metadata, from raw events likewise. */
    METADATA("metadata.KEY");

    private final String wireName;

    BreakdownBy(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }
}
