package io.inference.analytics.event;

/**
 * Why something received is not stored. The order is the precedence: an event with several faults is rejected for the first of
 * them in this list.
 */
public enum RejectReason {
    /** Not JSON, not UTF-8, not an object where an event should be, or a field that occurs twice. */
    MALFORMED_JSON("malformed_json"),
    /** An event over 64 KiB, a message over 1 MiB, or an array of more than 1,000 elements. */
    TOO_LARGE("too_large"),
    /** A required field is absent or null. */
    MISSING_FIELD("missing_field"),
    /** A field of the wrong type or form, over its limit, or in contradiction to another. */
    INVALID_FIELD("invalid_field"),
    /** A well-formed time too far in the future or older than the raw retention. */
    TIMESTAMP_OUT_OF_RANGE("timestamp_out_of_range"),
    /** A number below 0. */
    NEGATIVE_VALUE("negative_value"),
    /** It follows the rules, but the writer found that it cannot be stored. */
    STORAGE_REJECTED("storage_rejected"),
    /** Dead-lettered by the broker after too many deliveries. */
    DELIVERY_LIMIT("delivery_limit");

    private final String wireName;

    RejectReason(String wireName) {
        this.wireName = wireName;
    }

    /** The code in headers, metrics and batches. */
    public String wireName() {
        return wireName;
    }
}
