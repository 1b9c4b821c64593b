package io.inference.analytics.event;

import static io.inference.analytics.event.RejectReason.INVALID_FIELD;
import static io.inference.analytics.event.RejectReason.MALFORMED_JSON;
import static io.inference.analytics.event.RejectReason.MISSING_FIELD;
import static io.inference.analytics.event.RejectReason.NEGATIVE_VALUE;
import static io.inference.analytics.event.RejectReason.TIMESTAMP_OUT_OF_RANGE;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Reads one event from a parser that stands on its opening brace, and leaves the parser on the closing one, whatever is wrong
 * with the fields. Only broken JSON throws. Each field has at most one fault.
 */
final class EventReader {
    private static final long ABSENT = -1;
    /** A double, and so a producer in JavaScript, holds every integer up to this one. */
    private static final long INTEGER_MAX = 1L << 53;
    /** Integers of so few digits are all below 2^53. */
    private static final int SHORT_INTEGER_DIGITS_MAX = 15;
    /** Longer ones are refused before any computation; the longest valid number has 21 digits and some zeros. */
    private static final int NUMBER_CHARS_MAX = 100;

    private static final int COST_INTEGER_DIGITS_MAX = 12;
    private static final int COST_DECIMALS_MAX = 8;
    private static final int CLIENT_ID_MAX = 200;
    private static final int ERROR_CODE_MAX = 100;
    private static final int TIER_MAX = 50;
    /** How much of a bad value a fault shows. */
    private static final int SHOWN_CHARS_MAX = 40;

    private final JsonParser parser;
    private final Instant oldest;
    private final Instant newest;

    private JsonToken token;
    private int seen;
    private int present;
    private List<FieldFault> faults = List.of();

    private UUID eventId;
    private UUID orgId;
    private UUID modelId;
    private UUID actorId;
    private String clientId = "";
    private Instant occurredAt;
    private long latencyMs = ABSENT;
    private long timeToFirstTokenMs = ABSENT;
    private EventStatus status;
    private String errorCode;
    private long inputTokens = ABSENT;
    private long outputTokens = ABSENT;
    private long cacheReadInputTokens = ABSENT;
    private long cacheWriteInputTokens = ABSENT;
    private long cacheWrite1hInputTokens = ABSENT;
    private BigDecimal costEstimateCents;
    private String metadata;
    private String serviceTier = "";
    private String contextWindow = "";

    EventReader(JsonParser parser, Instant oldest, Instant newest) {
        this.parser = parser;
        this.oldest = oldest;
        this.newest = newest;
    }

    /** Reads to the closing brace. Afterwards {@link #event} may be called only if {@link #faults} is empty. */
    void read() throws IOException {
        String name;
        while ((name = parser.nextFieldName()) != null) {
            token = parser.nextToken();
            Field field = Field.ofName(name);
            if (field == null) {
                parser.skipChildren();
            } else if ((seen & field.bit()) != 0) {
                parser.skipChildren();
                fault(new FieldFault(field.wireName(), MALFORMED_JSON, "occurs twice (expected: once)"));
            } else {
                seen |= field.bit();
                if (token != JsonToken.VALUE_NULL) {
                    present |= field.bit();
                    readField(field);
                }
            }
        }
        if ((present & Field.REQUIRED) != Field.REQUIRED) {
            faultMissing();
        }
        checkContradictions();
    }

    List<FieldFault> faults() {
        return faults;
    }

    /** Null where it has a fault. */
    UUID orgId() {
        return orgId;
    }

    UsageEvent event() {
        return new UsageEvent(
                eventId,
                orgId,
                modelId,
                actorId,
                clientId,
                occurredAt,
                latencyMs,
                timeToFirstTokenMs == ABSENT ? null : timeToFirstTokenMs,
                status,
                errorCode,
                inputTokens,
                outputTokens,
                Math.max(cacheReadInputTokens, 0),
                Math.max(cacheWriteInputTokens, 0),
                Math.max(cacheWrite1hInputTokens, 0),
                costEstimateCents,
                metadata,
                serviceTier,
                contextWindow);
    }

    private void readField(Field field) throws IOException {
        switch (field) {
            case EVENT_ID -> eventId = uuid(field);
            case ORG_ID -> orgId = uuid(field);
            case MODEL_ID -> modelId = uuid(field);
            case ACTOR_ID -> actorId = uuid(field);
            case CLIENT_ID -> clientId = string(field, CLIENT_ID_MAX);
            case OCCURRED_AT -> occurredAt = time(field);
            case LATENCY_MS -> latencyMs = integer(field);
            case TIME_TO_FIRST_TOKEN_MS -> timeToFirstTokenMs = integer(field);
            case STATUS -> status = status(field);
            case ERROR_CODE -> errorCode = string(field, ERROR_CODE_MAX);
            case INPUT_TOKENS -> inputTokens = integer(field);
            case OUTPUT_TOKENS -> outputTokens = integer(field);
            case CACHE_READ_INPUT_TOKENS -> cacheReadInputTokens = integer(field);
            case CACHE_WRITE_INPUT_TOKENS -> cacheWriteInputTokens = integer(field);
            case CACHE_WRITE_1H_INPUT_TOKENS -> cacheWrite1hInputTokens = integer(field);
            case COST_ESTIMATE_CENTS -> costEstimateCents = cost(field);
            case METADATA -> metadata = metadata(field);
            case SERVICE_TIER -> serviceTier = string(field, TIER_MAX);
            case CONTEXT_WINDOW -> contextWindow = string(field, TIER_MAX);
        }
    }

    private UUID uuid(Field field) throws IOException {
        UUID uuid = token == JsonToken.VALUE_STRING
                ? UuidText.parse(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength())
                : null;
        if (uuid == null) {
            faultValue(field);
        }
        return uuid;
    }

    private Instant time(Field field) throws IOException {
        Instant time = token == JsonToken.VALUE_STRING
                ? Rfc3339.parse(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength())
                : null;
        if (time == null) {
            faultValue(field);
        } else if (time.isBefore(oldest) || time.isAfter(newest)) {
            fault(new FieldFault(
                    field.wireName(), TIMESTAMP_OUT_OF_RANGE, time + " (expected: " + oldest + " to " + newest + ")"));
        }
        return time;
    }

    private EventStatus status(Field field) throws IOException {
        EventStatus known = token == JsonToken.VALUE_STRING ? EventStatus.ofWireName(parser.getText()) : null;
        if (known == null) {
            faultValue(field);
        }
        return known;
    }

    /** A fault does not show the text: it may be a secret or a person's words. */
    private String string(Field field, int codePointsMax) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            faultValue(field);
            return "";
        }
        String text = parser.getText();
        if (text.length() > codePointsMax && text.codePointCount(0, text.length()) > codePointsMax) {
            fault(field.fault(INVALID_FIELD, text.codePointCount(0, text.length()) + " characters"));
        } else if (!storable(text)) {
            fault(field.fault(INVALID_FIELD, "holds U+0000 or an unpaired surrogate"));
        }
        return text;
    }

    /** PostgreSQL's text has no U+0000, and UTF-8 no unpaired surrogates. */
    private static boolean storable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    /** The integer, or {@link #ABSENT} with a fault. {@code 1.0} and {@code 1e3} are integers by value. */
    private long integer(Field field) throws IOException {
        int length = token.isNumeric() ? parser.getTextLength() : 0;
        if (token == JsonToken.VALUE_NUMBER_INT && length <= SHORT_INTEGER_DIGITS_MAX) {
            char[] text = parser.getTextCharacters();
            int start = parser.getTextOffset();
            if (text[start] != '-') {
                long value = 0;
                for (int i = start; i < start + length; i++) {
                    value = value * 10 + (text[i] - '0');
                }
                return value;
            }
        }
        BigDecimal number = number(field);
        if (number == null) {
            return ABSENT;
        }
        if (number.scale() > 0) {
            faultValue(field);
            return ABSENT;
        }
        if (number.signum() < 0) {
            fault(field.fault(NEGATIVE_VALUE, shown()));
            return ABSENT;
        }
        // A negative scale can mean a power of ten in the billions; such a number must never be written out.
        if ((long) number.precision() - number.scale() > 16 || number.compareTo(BigDecimal.valueOf(INTEGER_MAX)) > 0) {
            faultValue(field);
            return ABSENT;
        }
        return number.longValueExact();
    }

    private BigDecimal cost(Field field) throws IOException {
        BigDecimal number = number(field);
        if (number == null) {
            return null;
        }
        if (number.signum() < 0) {
            fault(field.fault(NEGATIVE_VALUE, shown()));
            return null;
        }
        if (number.scale() > COST_DECIMALS_MAX
                || (long) number.precision() - number.scale() > COST_INTEGER_DIGITS_MAX) {
            faultValue(field);
            return null;
        }
        return number.scale() < 0 ? number.setScale(0) : number;
    }

    /** The number without trailing zeros, or null with a fault. */
    private BigDecimal number(Field field) throws IOException {
        if (token.isNumeric() && parser.getTextLength() <= NUMBER_CHARS_MAX) {
            try {
                return new BigDecimal(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength())
                        .stripTrailingZeros();
            } catch (ArithmeticException | NumberFormatException e) {
                // The exponent is beyond BigDecimal's own range.
            }
        }
        faultValue(field);
        return null;
    }

    private String metadata(Field field) throws IOException {
        if (token != JsonToken.START_OBJECT) {
            faultValue(field);
            return null;
        }
        TreeMap<String, String> entries = new TreeMap<>();
        FieldFault worst = null;
        String key;
        while ((key = parser.nextFieldName()) != null) {
            token = parser.nextToken();
            FieldFault found = null;
            if (token != JsonToken.VALUE_STRING) {
                found = field.fault(
                        INVALID_FIELD, "of key \"" + PrintableText.of(key, SHOWN_CHARS_MAX) + "\" " + shown());
            } else {
                String value = parser.getText();
                if (!storable(key) || !storable(value)) {
                    found = field.fault(INVALID_FIELD, "holds U+0000 or an unpaired surrogate");
                }
                if (entries.put(key, value) != null) {
                    found = new FieldFault(field.wireName(), MALFORMED_JSON, "a key occurs twice (expected: once)");
                }
            }
            if (found != null && (worst == null || found.reason().compareTo(worst.reason()) < 0)) {
                worst = found;
            }
        }
        String canonical = Metadata.canonical(entries);
        if (worst != null) {
            fault(worst);
        } else if (entries.size() > Metadata.ENTRIES_MAX) {
            fault(field.fault(INVALID_FIELD, entries.size() + " entries"));
        } else if (canonical != null && !Metadata.fits(canonical)) {
            fault(field.fault(INVALID_FIELD, "over " + Metadata.BYTES_MAX + " bytes"));
        }
        return canonical;
    }

    private void faultMissing() {
        for (Field field : Field.values()) {
            if (field.required() && (present & field.bit()) == 0) {
                fault(field.fault(MISSING_FIELD, (seen & field.bit()) == 0 ? "missing" : "null"));
            }
        }
    }

    /** Compares only values that are valid themselves: a value that is absent or bad contradicts nothing. */
    private void checkContradictions() {
        if (latencyMs != ABSENT && timeToFirstTokenMs > latencyMs) {
            fault(Field.TIME_TO_FIRST_TOKEN_MS.contradicts(
                    String.valueOf(timeToFirstTokenMs), "at most latencyMs, " + latencyMs));
        }
        long read = Math.max(cacheReadInputTokens, 0);
        long write = Math.max(cacheWriteInputTokens, 0);
        if (inputTokens != ABSENT && read + write > inputTokens) {
            Field field = read > inputTokens ? Field.CACHE_READ_INPUT_TOKENS : Field.CACHE_WRITE_INPUT_TOKENS;
            fault(field.contradicts(
                    read + " read + " + write + " written",
                    "together at most inputTokens, %d; inputTokens counts cached tokens too, so where it did not, send %d"
                            .formatted(inputTokens, inputTokens + read + write)));
        }
        boolean writeKnown = cacheWriteInputTokens != ABSENT || (present & Field.CACHE_WRITE_INPUT_TOKENS.bit()) == 0;
        if (writeKnown && cacheWrite1hInputTokens > write) {
            fault(Field.CACHE_WRITE_1H_INPUT_TOKENS.contradicts(
                    String.valueOf(cacheWrite1hInputTokens), "at most cacheWriteInputTokens, " + write));
        }
    }

    private void faultValue(Field field) throws IOException {
        fault(field.fault(INVALID_FIELD, shown()));
    }

    /** The current value as a fault shows it; skips its children. */
    private String shown() throws IOException {
        return switch (token) {
            case START_OBJECT -> {
                parser.skipChildren();
                yield "an object";
            }
            case START_ARRAY -> {
                parser.skipChildren();
                yield "an array";
            }
            case VALUE_STRING -> '"' + PrintableText.of(parser.getText(), SHOWN_CHARS_MAX) + '"';
            default -> PrintableText.of(parser.getText(), SHOWN_CHARS_MAX);
        };
    }

    private void fault(FieldFault fault) {
        if (faults.isEmpty()) {
            faults = new ArrayList<>(4);
        }
        faults.add(fault);
    }
}
