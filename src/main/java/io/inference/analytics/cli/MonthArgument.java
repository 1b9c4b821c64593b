package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import java.time.DateTimeException;
import java.time.YearMonth;

/** Months as arguments. */
final class MonthArgument {

    private MonthArgument() {}

    static YearMonth of(String option, String text) {
        try {
            return YearMonth.parse(text);
        } catch (DateTimeException e) {
            throw new Failure.Invalid(option, "%s: %s (expected: a month such as 2026-03)".formatted(option, text));
        }
    }
}
