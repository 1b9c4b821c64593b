package io.inference.analytics.cli;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import picocli.CommandLine.TypeConversionException;

/** Points in time as arguments: RFC 3339 with an offset, or a date, which means its first moment in UTC. */
final class UtcTime {

    private UtcTime() {}

    static Instant parse(String text) {
        try {
            return text.indexOf('T') < 0
                    ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            throw new TypeConversionException(
                    "%s (expected: a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z)".formatted(text));
        }
    }
}
