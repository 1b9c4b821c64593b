package io.inference.analytics.ingest;

import io.inference.analytics.devtools.EventJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Messages of which nothing can be stored, one row for each way of being bad. */
final class BadMessages {

    private BadMessages() {}

    /**
     * A row.
     *
     * @param reason the code under which it is dead-lettered
     * @param what what is wrong with it
     */
    record Bad(String reason, String what, byte[] body) {

        @Override
        public String toString() {
            return reason + " " + what;
        }
    }

    static List<Bad> all() {
        return Stream.of(malformed(), incomplete(), invalid(), outOfRange())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Bad> malformed() {
        EventJson good = event(Duration.ofSeconds(1));
        byte[] notUtf8 = good.with("clientId", "\"a?b\"").bytes();
        notUtf8[new String(notUtf8, StandardCharsets.US_ASCII).indexOf("a?b") + 1] = (byte) 0xff;
        return List.of(
                bad("malformed_json", "empty body", ""),
                bad("malformed_json", "no JSON", "hello"),
                bad("malformed_json", "cut off", good.toString().substring(0, 100)),
                bad("malformed_json", "two events", good + "" + event(Duration.ofSeconds(1))),
                bad("malformed_json", "field twice", good.toString().replaceFirst("\\{", "{\"latencyMs\":1,")),
                bad("malformed_json", "number", "17"),
                bad("malformed_json", "null", "null"),
                bad("malformed_json", "NaN", good.with("latencyMs", "NaN")),
                bad("malformed_json", "byte order mark", "\ufeff" + good),
                new Bad("malformed_json", "UTF-16", good.toString().getBytes(StandardCharsets.UTF_16LE)),
                bad("malformed_json", "NUL byte", good.with("clientId", "\"a\0b\"")),
                new Bad("malformed_json", "invalid UTF-8", notUtf8),
                bad("malformed_json", "nested 30,000 deep", "[".repeat(30_000)));
    }

    private static List<Bad> incomplete() {
        EventJson good = event(Duration.ofSeconds(1));
        String elements = IntStream.range(0, 1_001).mapToObj(i -> "{}").collect(Collectors.joining(",", "[", "]"));
        return List.of(
                new Bad("too_large", "64 KiB + 1", padded(good, 64 * 1024 + 1)),
                bad("too_large", "array of 1,001", elements),
                bad("missing_field", "no model", good.without("modelId")),
                bad("missing_field", "null", good.with("status", "null")),
                bad("missing_field", "empty object", "{}"));
    }

    private static List<Bad> invalid() {
        return List.of(
                invalid("wrong type", "inputTokens", "\"1000\""),
                invalid("array for a string", "clientId", "[\"a\"]"),
                invalid("object for a number", "latencyMs", "{}"),
                invalid("boolean", "outputTokens", "true"),
                invalid("no UUID", "orgId", "\"1-1-1-1-1\""),
                invalid("2^53 + 1", "inputTokens", "9007199254740993"),
                invalid("40 digits", "inputTokens", "1".repeat(40)),
                invalid("1e400", "inputTokens", "1e400"),
                invalid("1e999999999", "latencyMs", "1e999999999"),
                invalid("fraction", "latencyMs", "1.5"),
                invalid("cost of nine decimals", "costEstimateCents", "0.000000001"),
                invalid("cost of 13 digits", "costEstimateCents", "1000000000000"),
                invalid("U+0000", "clientId", "\"a\\u0000b\""),
                invalid("U+0000 in metadata", "metadata", "{\"a\":\"\\u0000\"}"),
                invalid("metadata of numbers", "metadata", "{\"a\":1}"),
                invalid("status", "status", "\"done\""),
                invalid("first token after the end", "timeToFirstTokenMs", "1201"),
                invalid("more cached than read", "cacheReadInputTokens", "1001"),
                invalid("no time", "occurredAt", "\"yesterday\""),
                invalid("time without zone", "occurredAt", "\"2026-01-01T00:00:00\""));
    }

    private static List<Bad> outOfRange() {
        EventJson good = event(Duration.ofSeconds(1));
        return List.of(
                bad("timestamp_out_of_range", "year 1", good.with("occurredAt", "\"0001-01-01T00:00:00Z\"")),
                bad("timestamp_out_of_range", "year 9999", good.with("occurredAt", "\"9999-12-31T23:59:59Z\"")),
                bad("timestamp_out_of_range", "future", event(Duration.ofMinutes(-7))),
                bad("timestamp_out_of_range", "past retention", event(Duration.ofDays(401))),
                bad("negative_value", "tokens", good.with("outputTokens", "-1")));
    }

    private static Bad invalid(String what, String field, String rawJson) {
        return bad("invalid_field", what, event(Duration.ofSeconds(1)).with(field, rawJson));
    }

    private static Bad bad(String reason, String what, Object body) {
        return new Bad(reason, what, body.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static EventJson event(Duration age) {
        return EventJson.minimal()
                .with("orgId", "\"" + UUID.randomUUID() + "\"")
                .with("eventId", "\"" + UUID.randomUUID() + "\"")
                .with("occurredAt", "\"" + Instant.now().minus(age).truncatedTo(ChronoUnit.MICROS) + "\"");
    }

    /** The event, blown up by an unknown field. */
    static byte[] padded(EventJson event, int bytes) {
        int without = event.with("unknown", "\"\"").bytes().length;
        return event.with("unknown", "\"" + "x".repeat(bytes - without) + "\"").bytes();
    }
}
