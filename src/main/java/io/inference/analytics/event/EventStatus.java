package io.inference.analytics.event;

/** How an invocation ended. Every status but {@link #SUCCESS} counts as an error. */
public enum EventStatus {
    SUCCESS("success"),
    ERROR("error"),
    TIMEOUT("timeout"),
    THROTTLED("throttled");

    private final String wireName;

    EventStatus(String wireName) {
        this.wireName = wireName;
    }

    /** The name in JSON and in the database. */
    public String wireName() {
        return wireName;
    }

    /** The status of that name, or null where there is none. Names are exact: {@code Success} is unknown. */
    public static EventStatus ofWireName(String name) {
        return switch (name) {
            case "success" -> SUCCESS;
            case "error" -> ERROR;
            case "timeout" -> TIMEOUT;
            case "throttled" -> THROTTLED;
            default -> null;
        };
    }
}
