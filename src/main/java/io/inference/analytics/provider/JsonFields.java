package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;

/** Reads fields of a provider's answer, exactly or not at all. */
final class JsonFields {

    private static final long COUNT_MAX = 1L << 53;

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
            throw ProviderTrouble.lasting("broken_field", field + ": not a count (expected: a whole number from 0)");
        }
        return number.longValue();
    }

    static boolean flag(JsonNode node, String field) {
        return node.path(field).asBoolean(false);
    }

    /** An exact decimal; zero where there is none. */
    static BigDecimal decimal(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        return value.isMissingNode() || value.isNull() ? BigDecimal.ZERO : number(value, field);
    }

    /** An exact decimal that must be there. */
    static BigDecimal requiredDecimal(JsonNode node, String field) throws ProviderTrouble {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            throw ProviderTrouble.lasting("broken_field", field + ": missing (expected: a decimal)");
        }
        return number(value, field);
    }

    private static BigDecimal number(JsonNode value, String field) throws ProviderTrouble {
        String text = value.isNumber()
                ? value.decimalValue().toPlainString()
                : value.asText().strip();
        if (!text.matches("-?[0-9]{1,20}([.][0-9]{1,30})?")) {
            throw ProviderTrouble.lasting("broken_field", field + ": not a plain decimal");
        }
        return new BigDecimal(text);
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

    /** A time; null where it is missing or malformed. */
    static OffsetDateTime time(JsonNode node, String field) {
        String text = text(node, field);
        try {
            return text == null ? null : OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
