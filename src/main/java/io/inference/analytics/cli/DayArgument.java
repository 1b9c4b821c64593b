package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import java.time.DateTimeException;
import java.time.LocalDate;

/** Days as arguments. */
final class DayArgument {

    private DayArgument() {}

    static LocalDate of(String option, String text) {
        try {
            return LocalDate.parse(text);
        } catch (DateTimeException e) {
            throw new Failure.Invalid(option, "%s: %s (expected: a date such as 2026-03-01)".formatted(option, text));
        }
    }
}
