package io.inference.analytics.devtools;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One way in which an event is bad.
 *
 * @param reason the wire name of the reason it must be dead-lettered for
 * @param name what is wrong
 * @param wholeMessage the message as such is bad, so that it can not be an element of an array
 * @param body makes the bad bytes of a valid event; the instant is now
 */
record SampleFault(String reason, String name, boolean wholeMessage, BiFunction<EventJson, Instant, byte[]> body) {

    /** Every kind of fault; each is the only one of its event. None holds a line feed, so that they can be lines of a file. */
    static final List<SampleFault> ALL = all();

    private static List<SampleFault> all() {
        List<SampleFault> all = new ArrayList<>();
        all.add(whole("malformed_json", "truncated", event -> {
            String text = event.toString();
            return text.substring(0, text.length() / 2).getBytes(UTF_8);
        }));
        all.add(whole("malformed_json", "no JSON", event -> "not json".getBytes(UTF_8)));
        all.add(whole("malformed_json", "two values", event -> (event + " {}").getBytes(UTF_8)));
        all.add(whole("malformed_json", "Latin-1", event -> event.with("clientId", "\"caf\u00e9\"")
                .toString()
                .getBytes(ISO_8859_1)));
        all.add(whole("malformed_json", "array cut off", event -> ("[" + event + ",").getBytes(UTF_8)));
        all.add(whole("too_large", "over 64 KiB", event -> (event + " ".repeat(64 * 1024)).getBytes(UTF_8)));
        all.add(whole("too_large", "1001 elements", event -> IntStream.rangeClosed(0, 1000)
                .mapToObj(i -> "{}")
                .collect(Collectors.joining(",", "[", "]"))
                .getBytes(UTF_8)));
        all.add(new SampleFault("malformed_json", "no object", false, (event, now) -> "42".getBytes(UTF_8)));
        for (String field : List.of(
                "eventId", "orgId", "modelId", "occurredAt", "latencyMs", "status", "inputTokens", "outputTokens")) {
            all.add(new SampleFault("missing_field", field + " absent", false, (event, now) -> event.without(field)
                    .bytes()));
            all.add(field("missing_field", field, "null"));
        }
        all.add(field("invalid_field", "eventId", "\"1-1-1-1-1\""));
        all.add(field("invalid_field", "actorId", "\"somebody\""));
        all.add(field("invalid_field", "clientId", "\"" + "x".repeat(201) + "\""));
        all.add(field("invalid_field", "clientId", "\"a\\u0000b\""));
        all.add(field("invalid_field", "clientId", "\"\\ud800\""));
        all.add(field("invalid_field", "errorCode", "\"" + "x".repeat(101) + "\""));
        all.add(field("invalid_field", "occurredAt", "\"2026-01-01T00:00:00\""));
        all.add(field("invalid_field", "occurredAt", "1767225600"));
        all.add(field("invalid_field", "latencyMs", "\"12\""));
        all.add(field("invalid_field", "latencyMs", "12.5"));
        all.add(field("invalid_field", "timeToFirstTokenMs", "9007199254740992"));
        all.add(field("invalid_field", "status", "\"ok\""));
        all.add(field("invalid_field", "outputTokens", "9007199254740993"));
        all.add(field("invalid_field", "outputTokens", "1234567890123456789012345678901234567890"));
        all.add(field("invalid_field", "cacheReadInputTokens", "9007199254740992"));
        all.add(field("invalid_field", "cacheWrite1hInputTokens", "9007199254740992"));
        all.add(field("invalid_field", "costEstimateCents", "0.000000001"));
        all.add(field("invalid_field", "costEstimateCents", "1000000000000"));
        all.add(field("invalid_field", "metadata", "{\"a\":1}"));
        all.add(field("invalid_field", "metadata", "{\"a\":\"" + "x".repeat(4096) + "\"}"));
        all.add(field(
                "invalid_field",
                "metadata",
                IntStream.rangeClosed(0, 32)
                        .mapToObj(i -> "\"k" + i + "\":\"\"")
                        .collect(Collectors.joining(",", "{", "}"))));
        all.add(time("in the future", Duration.ofDays(30)));
        all.add(time("older than raw retention", Duration.ofDays(-500)));
        all.add(field("timestamp_out_of_range", "occurredAt", "\"0001-01-01T00:00:00Z\""));
        all.add(field("timestamp_out_of_range", "occurredAt", "\"9999-12-31T23:59:59Z\""));
        all.add(field("negative_value", "latencyMs", "-1"));
        all.add(field("negative_value", "outputTokens", "-100"));
        all.add(field("negative_value", "costEstimateCents", "-0.01"));
        return List.copyOf(all);
    }

    private static SampleFault whole(String reason, String name, Function<EventJson, byte[]> body) {
        return new SampleFault(reason, name, true, (event, now) -> body.apply(event));
    }

    private static SampleFault field(String reason, String field, String value) {
        return new SampleFault(reason, field + " " + value, false, (event, now) -> event.with(field, value)
                .bytes());
    }

    private static SampleFault time(String name, Duration fromNow) {
        return new SampleFault("timestamp_out_of_range", name, false, (event, now) -> event.with(
                        "occurredAt", "\"" + now.plus(fromNow) + "\"")
                .bytes());
    }

    @Override
    public String toString() {
        return reason + ": " + name;
    }
}
