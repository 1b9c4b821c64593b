package io.inference.analytics.event;

import static io.inference.analytics.event.RejectReason.MALFORMED_JSON;
import static io.inference.analytics.event.RejectReason.TIMESTAMP_OUT_OF_RANGE;
import static io.inference.analytics.event.RejectReason.TOO_LARGE;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Decodes messages into events, and encodes events. Decoding never throws, whatever the bytes hold, and takes memory and time in
 * proportion to the body, which is bounded.
 *
 * <p>A body is one event or an array of events. In an array, each bad element is rejected alone with its own bytes, and the others
 * are accepted; an empty array holds no events. An element over {@value #EVENT_BYTES_MAX} bytes is {@code too_large}. The message
 * is rejected as a whole in two cases. It is {@code too_large} above {@value #MESSAGE_BYTES_MAX} bytes or {@value #ELEMENTS_MAX}
 * elements. It is {@code malformed_json} when it is not JSON in UTF-8 from the first to the last byte, because elements of broken
 * JSON cannot be separated. A byte order mark is not JSON (RFC 8259, section 8.1). The parser also fails at an escaped half of a
 * surrogate pair in the name of a field.
 *
 * <p>JSON other than an object where an event should be (a number, {@code null}, an array within the array) is
 * {@code malformed_json}: it has no field to name. So is an event in which a known field, or a key of its metadata, occurs twice,
 * because it is ambiguous; in an array, only that element is rejected. Unknown fields are skipped, whatever they hold.
 *
 * <p>Thread-safe.
 */
public final class UsageEventCodec {
    /** A whole message: an array of 1,000 events of ordinary size fits. */
    public static final int MESSAGE_BYTES_MAX = 1024 * 1024;
    /** One event, alone or in an array. */
    public static final int EVENT_BYTES_MAX = 64 * 1024;

    public static final int ELEMENTS_MAX = 1_000;
    /** Fits any header of a dead letter and any log line. */
    public static final int DETAIL_CHARS_MAX = 500;

    /** A message of one event, for descriptions. */
    public static final String EXAMPLE =
            """
            {"eventId": "11111111-1111-4111-8111-111111111111", "orgId": "22222222-2222-4222-8222-222222222222",
             "modelId": "33333333-3333-4333-8333-333333333333", "occurredAt": "2026-03-15T11:59:00Z",
             "latencyMs": 1200, "status": "success", "inputTokens": 1000, "outputTokens": 200}""";

    public static final Period RAW_RETENTION_DEFAULT = Period.ofDays(400);

    /** How far the clocks of producers may run ahead. */
    private static final Duration FUTURE_MAX = Duration.ofMinutes(5);

    /**
     * Only the depth of nesting can be reached within a message. A depth that no event of {@value #EVENT_BYTES_MAX} bytes could
     * reach makes the message malformed, because the parser keeps memory for each level. No other limit turns one odd element
     * into a malformed message. The reader has tighter limits for the fields that it reads. Names are not interned: a hostile
     * producer would fill the JVM's table.
     */
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxDocumentLength(MESSAGE_BYTES_MAX)
                    .maxNestingDepth(EVENT_BYTES_MAX)
                    .maxNumberLength(MESSAGE_BYTES_MAX)
                    .maxStringLength(MESSAGE_BYTES_MAX)
                    .maxNameLength(MESSAGE_BYTES_MAX)
                    .build())
            .build();

    /** In place of an array's index: the message itself. */
    private static final int WHOLE = -1;

    private final Period rawRetention;

    public UsageEventCodec() {
        this(RAW_RETENTION_DEFAULT);
    }

    /** @param rawRetention how old an event may be */
    public UsageEventCodec(Period rawRetention) {
        this.rawRetention = rawRetention;
    }

    /** One outcome for each event of the message, in its order; none for an empty array. */
    public List<Decoded> decode(byte[] body, Instant now) {
        List<Item> items = read(body, now);
        if (items.size() == 1) {
            return List.of(items.get(0).decoded(body));
        }
        List<Decoded> decoded = new ArrayList<>(items.size());
        for (Item item : items) {
            decoded.add(item.decoded(body));
        }
        return decoded;
    }

    /** Every fault of the message, at most one per field and event; empty when {@link #decode} would accept all of it. */
    public List<FieldFault> faults(byte[] body, Instant now) {
        List<FieldFault> faults = new ArrayList<>();
        for (Item item : read(body, now)) {
            for (FieldFault fault : item.faults) {
                faults.add(item.index == WHOLE ? fault : fault.ofElement(item.index));
            }
        }
        return faults;
    }

    /** The event as one message; absent fields are left out. */
    public static byte[] encode(UsageEvent event) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("eventId", event.eventId().toString());
            json.writeStringField("orgId", event.orgId().toString());
            json.writeStringField("modelId", event.modelId().toString());
            if (event.actorId() != null) {
                json.writeStringField("actorId", event.actorId().toString());
            }
            if (!event.clientId().isEmpty()) {
                json.writeStringField("clientId", event.clientId());
            }
            json.writeStringField("occurredAt", event.occurredAt().toString());
            json.writeNumberField("latencyMs", event.latencyMs());
            if (event.timeToFirstTokenMs() != null) {
                json.writeNumberField("timeToFirstTokenMs", event.timeToFirstTokenMs());
            }
            json.writeStringField("status", event.status().wireName());
            if (event.errorCode() != null) {
                json.writeStringField("errorCode", event.errorCode());
            }
            json.writeNumberField("inputTokens", event.inputTokens());
            json.writeNumberField("outputTokens", event.outputTokens());
            json.writeNumberField("cacheReadInputTokens", event.cacheReadInputTokens());
            json.writeNumberField("cacheWriteInputTokens", event.cacheWriteInputTokens());
            json.writeNumberField("cacheWrite1hInputTokens", event.cacheWrite1hInputTokens());
            if (event.costEstimateCents() != null) {
                json.writeFieldName("costEstimateCents");
                json.writeNumber(event.costEstimateCents().toPlainString());
            }
            if (event.metadata() != null) {
                json.writeFieldName("metadata");
                json.writeRawValue(event.metadata());
            }
            if (event.serviceTier() != null) {
                json.writeStringField("serviceTier", event.serviceTier());
            }
            if (event.contextWindow() != null) {
                json.writeStringField("contextWindow", event.contextWindow());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** The oldest time allowed; in UTC, as retention counts days. */
    private Instant oldest(Instant now) {
        return now.atOffset(ZoneOffset.UTC).minus(rawRetention).toInstant();
    }

    private List<Item> read(byte[] body, Instant now) {
        if (body.length > MESSAGE_BYTES_MAX) {
            return whole(body, TOO_LARGE, bytesOver(body.length, MESSAGE_BYTES_MAX));
        }
        int invalidAt = Utf8.invalidAt(body);
        if (invalidAt >= 0) {
            return whole(body, MALFORMED_JSON, "not JSON in UTF-8 at byte " + invalidAt);
        }
        if (body.length >= 3 && body[0] == (byte) 0xef && body[1] == (byte) 0xbb && body[2] == (byte) 0xbf) {
            return whole(body, MALFORMED_JSON, "begins with a byte order mark (expected: none)");
        }
        try (JsonParser parser = JSON.createParser(body)) {
            return read(parser, body, oldest(now), now.plus(FUTURE_MAX));
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
            return whole(
                    body,
                    MALFORMED_JSON,
                    "not JSON" + (at < 0 ? "" : " at byte " + at) + ": " + withoutSource(e.getOriginalMessage()));
        } catch (IOException | RuntimeException e) {
            // A defect of the parser or of our own. If thrown, it would stop the stream at this message for ever.
            return whole(body, MALFORMED_JSON, "cannot be read: " + e);
        }
    }

    /** Jackson ends some messages with the place in a source that it does not show. */
    private static String withoutSource(String message) {
        return message.replaceFirst(" \\(start marker at .*", "");
    }

    private static List<Item> read(JsonParser parser, byte[] body, Instant oldest, Instant newest) throws IOException {
        JsonToken first = parser.nextToken();
        if (first == null) {
            return whole(body, MALFORMED_JSON, "empty (expected: an event or an array of events)");
        }
        List<Item> items;
        if (first == JsonToken.START_ARRAY) {
            items = readArray(parser, oldest, newest);
        } else {
            Item item = readItem(parser, WHOLE, oldest, newest);
            // The message's own limit is that of an event: blanks around it count.
            items = List.of(new Item(WHOLE, item.event, item.faults, 0, body.length, item.orgId).ofAllowedSize());
        }
        if (items.size() <= ELEMENTS_MAX && parser.nextToken() != null) {
            return whole(body, MALFORMED_JSON, "something follows the JSON value (expected: its end)");
        }
        return items.size() > ELEMENTS_MAX
                ? whole(body, TOO_LARGE, "over " + ELEMENTS_MAX + " elements (expected: at most " + ELEMENTS_MAX + ")")
                : items;
    }

    /** Stops after one element too many. */
    private static List<Item> readArray(JsonParser parser, Instant oldest, Instant newest) throws IOException {
        List<Item> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (items.size() == ELEMENTS_MAX) {
                items.add(null);
                return items;
            }
            items.add(readItem(parser, items.size(), oldest, newest).ofAllowedSize());
        }
        return items;
    }

    private static Item readItem(JsonParser parser, int index, Instant oldest, Instant newest) throws IOException {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            EventReader reader = new EventReader(parser, oldest, newest);
            reader.read();
            int to = (int) parser.currentLocation().getByteOffset();
            return reader.faults().isEmpty()
                    ? new Item(index, reader.event(), List.of(), from, to, reader.orgId())
                    : new Item(index, null, reader.faults(), from, to, reader.orgId());
        }
        String found = parser.currentToken() == JsonToken.START_ARRAY ? "an array" : "a single value";
        parser.skipChildren();
        parser.finishToken();
        int to = (int) parser.currentLocation().getByteOffset();
        FieldFault fault = new FieldFault("", MALFORMED_JSON, found + " (expected: an event, which is an object)");
        return new Item(index, null, List.of(fault), from, to);
    }

    private static String bytesOver(int bytes, int bytesMax) {
        return bytes + " bytes (expected: at most " + bytesMax + ")";
    }

    private static List<Item> whole(byte[] body, RejectReason reason, String message) {
        return List.of(new Item(WHOLE, null, List.of(new FieldFault("", reason, message)), 0, body.length));
    }

    /** An element, or the message itself: the bytes from..to, which are an event or have faults. */
    private record Item(int index, UsageEvent event, List<FieldFault> faults, int from, int to, UUID orgId) {

        Item(int index, UsageEvent event, List<FieldFault> faults, int from, int to) {
            this(index, event, faults, from, to, null);
        }

        /** Itself, or what it is when it has more bytes than an event may have: nothing but too large. */
        Item ofAllowedSize() {
            if (to - from <= EVENT_BYTES_MAX) {
                return this;
            }
            FieldFault fault = new FieldFault("", TOO_LARGE, bytesOver(to - from, EVENT_BYTES_MAX));
            return new Item(index, null, List.of(fault), from, to);
        }

        Decoded decoded(byte[] body) {
            byte[] payload = from == 0 && to == body.length ? body : Arrays.copyOfRange(body, from, to);
            if (event != null) {
                return new Decoded.Accepted(event, payload);
            }
            List<FieldFault> worstFirst = faults.stream()
                    .sorted(Comparator.comparing(FieldFault::reason))
                    .toList();
            String detail = worstFirst.stream().map(FieldFault::toString).collect(Collectors.joining("; "));
            boolean timeAlone = faults.stream().allMatch(fault -> fault.reason() == TIMESTAMP_OUT_OF_RANGE);
            return new Decoded.Rejected(
                    worstFirst.get(0).reason(),
                    PrintableText.of(detail, DETAIL_CHARS_MAX),
                    payload,
                    timeAlone ? Optional.of(orgId) : Optional.empty());
        }
    }
}
