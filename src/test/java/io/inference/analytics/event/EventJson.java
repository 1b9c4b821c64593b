package io.inference.analytics.event;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The JSON text of an event, field by field as raw JSON, so that tests can write what no generator would. */
final class EventJson {
    static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

    private final Map<String, String> fields;

    private EventJson(Map<String, String> fields) {
        this.fields = fields;
    }

    /** Required fields only. */
    static EventJson minimal() {
        return new EventJson(new LinkedHashMap<>())
                .with("eventId", "\"11111111-1111-4111-8111-111111111111\"")
                .with("orgId", "\"22222222-2222-4222-8222-222222222222\"")
                .with("modelId", "\"33333333-3333-4333-8333-333333333333\"")
                .with("occurredAt", "\"2026-03-15T11:59:00Z\"")
                .with("latencyMs", "1200")
                .with("status", "\"success\"")
                .with("inputTokens", "1000")
                .with("outputTokens", "50");
    }

    EventJson with(String field, String rawJson) {
        Map<String, String> copy = new LinkedHashMap<>(fields);
        copy.put(field, rawJson);
        return new EventJson(copy);
    }

    EventJson without(String field) {
        Map<String, String> copy = new LinkedHashMap<>(fields);
        copy.remove(field);
        return new EventJson(copy);
    }

    byte[] bytes() {
        return toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return fields.entrySet().stream()
                .map(field -> "\"" + field.getKey() + "\":" + field.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }
}
