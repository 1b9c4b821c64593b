package io.inference.analytics.event;

import static io.inference.analytics.event.RejectReason.INVALID_FIELD;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The known fields; all others are ignored. */
enum Field {
    EVENT_ID("eventId", true, "a UUID of 36 characters"),
    ORG_ID("orgId", true, "a UUID of 36 characters"),
    MODEL_ID("modelId", true, "a UUID of 36 characters"),
    ACTOR_ID("actorId", false, "a UUID of 36 characters or null"),
    CLIENT_ID("clientId", false, "a string of at most 200 characters"),
    OCCURRED_AT("occurredAt", true, "an RFC 3339 time with offset, such as 2026-01-31T23:59:59.123456Z"),
    LATENCY_MS("latencyMs", true, "an integer from 0 to 2^53"),
    TIME_TO_FIRST_TOKEN_MS("timeToFirstTokenMs", false, "an integer from 0 to 2^53"),
    STATUS("status", true, "success, error, timeout or throttled"),
    ERROR_CODE("errorCode", false, "a string of at most 100 characters or null"),
    INPUT_TOKENS("inputTokens", true, "an integer from 0 to 2^53"),
    OUTPUT_TOKENS("outputTokens", true, "an integer from 0 to 2^53"),
    CACHE_READ_INPUT_TOKENS("cacheReadInputTokens", false, "an integer from 0 to 2^53"),
    CACHE_WRITE_INPUT_TOKENS("cacheWriteInputTokens", false, "an integer from 0 to 2^53"),
    CACHE_WRITE_1H_INPUT_TOKENS("cacheWrite1hInputTokens", false, "an integer from 0 to 2^53"),
    COST_ESTIMATE_CENTS(
            "costEstimateCents", false, "a number >= 0 with at most 12 digits before and 8 after the decimal point"),
    METADATA("metadata", false, "an object of at most 32 strings, at most 4096 bytes as compact JSON"),
    SERVICE_TIER("serviceTier", false, "a string of at most 50 characters"),
    CONTEXT_WINDOW("contextWindow", false, "a string of at most 50 characters");

    static final int REQUIRED =
            Arrays.stream(values()).filter(f -> f.required).mapToInt(Field::bit).sum();

    private static final Field[] ALL = values();

    private static final Map<String, Field> BY_NAME =
            Arrays.stream(ALL).collect(Collectors.toUnmodifiableMap(Field::wireName, Function.identity()));

    private final String wireName;
    private final boolean required;
    private final String expected;

    Field(String wireName, boolean required, String expected) {
        this.wireName = wireName;
        this.required = required;
        this.expected = expected;
    }

    /** The field of that name, or null. */
    static Field ofName(String name) {
        return BY_NAME.get(name);
    }

    String wireName() {
        return wireName;
    }

    boolean required() {
        return required;
    }

    int bit() {
        return 1 << ordinal();
    }

    FieldFault fault(RejectReason reason, String value) {
        return new FieldFault(wireName, reason, value + " (expected: " + expected + ")");
    }

    FieldFault contradicts(String value, String rule) {
        return new FieldFault(wireName, INVALID_FIELD, value + " (expected: " + rule + ")");
    }
}
