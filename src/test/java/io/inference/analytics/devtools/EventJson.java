package io.inference.analytics.devtools;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;

/** The JSON text of an event, field by field as raw JSON: so that tests and samples can write what no generator would. */
public final class EventJson {
    private final Map<String, String> fields;

    private EventJson(Map<String, String> fields) {
        this.fields = fields;
    }

    /** The given fields in the map's order; the map is not copied. */
    static EventJson of(LinkedHashMap<String, String> rawJsonByField) {
        return new EventJson(rawJsonByField);
    }

    /** Required fields only, of a minute before 2026-03-15T12:00:00Z. */
    public static EventJson minimal() {
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

    public EventJson with(String field, String rawJson) {
        LinkedHashMap<String, String> copy = new LinkedHashMap<>(fields);
        copy.put(field, rawJson);
        return new EventJson(copy);
    }

    public EventJson without(String field) {
        LinkedHashMap<String, String> copy = new LinkedHashMap<>(fields);
        copy.remove(field);
        return new EventJson(copy);
    }

    /** The field's raw JSON, or null. */
    public String raw(String field) {
        return fields.get(field);
    }

    /** The fields in alphabetical order: other bytes, the same event. */
    EventJson sorted() {
        LinkedHashMap<String, String> copy = new LinkedHashMap<>();
        fields.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(field -> copy.put(field.getKey(), field.getValue()));
        return new EventJson(copy);
    }

    /** A random id (version 4) that the seed decides. */
    static UUID uuid(Random random) {
        long high = random.nextLong() & ~0xf000L | 0x4000L;
        long low = random.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
        return new UUID(high, low);
    }

    public byte[] bytes() {
        return toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return fields.entrySet().stream()
                .map(field -> "\"" + field.getKey() + "\":" + field.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }
}
