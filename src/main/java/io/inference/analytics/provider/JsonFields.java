package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;

/** Reads fields of a provider's answer, exactly or not at all. */
final class JsonFields {

    private static final long COUNT_MAX = 1L << 53;

    /** More digits than any amount has, few enough that one field cannot fill the memory. */
    private static final int TEXT_MAX = 1_000;

    private static final int WHOLE_DIGITS_MAX = 20;
    private static final int SHOWN_MAX = 64;

    private JsonFields() {}

    /** A text; null where there is none. */
    static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        String text = value.asText().replace("\u0000", "").strip();
        return text.isEmpty() ? null : text;
    }

    /** An address in lower case, so that equal ones compare equal; null where there is none. */
    static String email(JsonNode node, String field) {
        String text = text(node, field);
        return text == null ? null : text.toLowerCase(Locale.ROOT);
    }

    /** A count; 0 where there is none. */
    static long count(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return 0;
        }
        BigDecimal number = number(value, field);
        if (number.signum() < 0
                || number.compareTo(BigDecimal.valueOf(COUNT_MAX)) > 0
                || number.stripTrailingZeros().scale() > 0) {
            throw broken(value, field, "a whole number from 0");
        }
        return number.longValue();
    }

    static boolean flag(JsonNode node, String field) {
        return node.path(field).asBoolean(false);
    }

    /** A flag that must be there. */
    static boolean requiredFlag(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        if (!value.isBoolean()) {
            throw broken(value, field, "true or false");
        }
        return value.booleanValue();
    }

    /** A text that must be there. */
    static String requiredText(JsonNode node, String field) throws ProviderTrouble {
        String text = node.path(field).isTextual() ? text(node, field) : null;
        if (text == null) {
            throw broken(node.path(field), field, "a text");
        }
        return text;
    }

    /** A count that must be there. */
    static long requiredCount(JsonNode node, String field) throws ProviderTrouble {
        requiredDecimal(node, field);
        return count(node, field);
    }

    /** An exact decimal; zero where there is none. */
    static BigDecimal decimal(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        return value.isMissingNode() || value.isNull() ? BigDecimal.ZERO : number(value, field);
    }

    /** An exact decimal; null where there is none. */
    static BigDecimal optionalDecimal(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        return value.isMissingNode() || value.isNull() ? null : number(value, field);
    }

    /** An exact decimal that must be there. */
    static BigDecimal requiredDecimal(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            throw broken(value, field, "a decimal");
        }
        return number(value, field);
    }

    /** A JSON number, or a text that is one; an exponent is as good as zeros. */
    private static BigDecimal number(JsonNode value, String field) throws ProviderTrouble {
        String text = value.isNumber()
                ? value.asText()
                : value.isTextual() ? value.textValue().strip() : "";
        if (text.length() > TEXT_MAX || !text.matches("[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?")) {
            throw broken(value, field, "a decimal");
        }
        BigDecimal number = value.isNumber() ? value.decimalValue() : new BigDecimal(text);
        if (number.signum() != 0 && number.precision() - number.scale() > WHOLE_DIGITS_MAX) {
            throw broken(value, field, "a decimal of at most " + WHOLE_DIGITS_MAX + " digits before the point");
        }
        return number;
    }

    /** Names the field and what was found in it. */
    private static ProviderTrouble broken(JsonNode value, String field, String expected) {
        String found = value.isMissingNode() ? "missing" : value.toString();
        return ProviderTrouble.lasting(
                "broken_field",
                "%s: %s (expected: %s)"
                        .formatted(
                                field,
                                found.length() > SHOWN_MAX ? found.substring(0, SHOWN_MAX) + "…" : found,
                                expected));
    }

    /** The UTC day of a date or a time. */
    static LocalDate day(String text) throws ProviderTrouble {
        try {
            if (text != null) {
                return text.indexOf('T') < 0
                        ? LocalDate.parse(text)
                        : OffsetDateTime.parse(text)
                                .withOffsetSameInstant(ZoneOffset.UTC)
                                .toLocalDate();
            }
        } catch (DateTimeException e) {
            throw ProviderTrouble.lasting("broken_field", "a bucket without a date");
        }
        throw ProviderTrouble.lasting("broken_field", "a bucket without a date");
    }

    /** The UTC day that begins at a time; empty where none does. */
    static Optional<LocalDate> wholeDay(JsonNode node, String field) {
        return Optional.ofNullable(time(node, field))
                .filter(time -> time.toLocalTime().equals(LocalTime.MIDNIGHT))
                .map(OffsetDateTime::toLocalDate);
    }

    /** A time; null where it is missing or malformed. */
    static OffsetDateTime time(JsonNode node, String field) {
        String text = text(node, field);
        try {
            return text == null ? null : OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** The field's entries; anything but a list is a broken answer. */
    static JsonNode list(JsonNode node, String field) throws ProviderTrouble {
        JsonNode list = node.path(field);
        if (!list.isArray()) {
            throw ProviderTrouble.passing("broken_answer", field + ": not a list");
        }
        return list;
    }
}
