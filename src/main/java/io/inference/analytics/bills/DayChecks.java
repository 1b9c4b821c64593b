package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import io.inference.analytics.provider.Redaction;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The checks that a day must pass before it is stored. A day that fails goes into quarantine, and
 * the stored day stays as it was.
 */
final class DayChecks {

    /** Largest difference between the sum of the rows and that of the pages, in US dollars. */
    static final BigDecimal TOLERANCE_USD = new BigDecimal("0.01");

    /**
     * Bounds in US dollars: above {@code rowWarn} a row raises a warning; above {@code rowMax} or
     * {@code dayMax} the day waits for a person. A credit is a row below zero, and as large as the
     * same charge would be; a day that is below zero as a whole waits, too.
     */
    record Limits(BigDecimal rowWarn, BigDecimal rowMax, BigDecimal dayMax) {}

    /** Why a day is not stored. */
    record Fault(String code, String text) {}

    private DayChecks() {}

    /** The first fault; empty when the day can be stored. */
    static Optional<Fault> fault(Dataset dataset, DayAnswer answer, Limits limits, boolean released) {
        if (answer.fault().isPresent()) {
            return answer.fault().map(fault -> new Fault(fault.code(), fault.getMessage()));
        }
        Set<String> keys = new HashSet<>();
        for (DayRow row : answer.rows()) {
            if (!keys.add(row.lineKey())) {
                return Optional.of(new Fault(
                        "duplicate_line",
                        "two rows with the same dimensions: "
                                + Redaction.of(row.dimensions().toString())));
            }
        }
        if (answer.rows().size() != answer.items()) {
            return Optional.of(new Fault(
                    "rows_missing",
                    "%d rows (expected: %d items)".formatted(answer.rows().size(), answer.items())));
        }
        return dataset.amount().isEmpty() ? Optional.empty() : money(dataset, answer, limits, released);
    }

    private static Optional<Fault> money(Dataset dataset, DayAnswer answer, Limits limits, boolean released) {
        int currency = dataset.measures().indexOf("currency");
        for (DayRow row : answer.rows()) {
            BigDecimal amount = amount(dataset, row);
            if (currency >= 0 && !"USD".equals(row.measures().get(currency))) {
                return Optional.of(new Fault(
                        "currency",
                        "currency: %s (expected: USD)".formatted(row.measures().get(currency))));
            }
            if (!released && amount.abs().compareTo(limits.rowMax()) > 0) {
                return Optional.of(new Fault(
                        "row_too_large",
                        "a row of %s USD (expected: at most %s)".formatted(amount.toPlainString(), limits.rowMax())));
            }
        }
        BigDecimal total = total(dataset, answer).orElse(BigDecimal.ZERO);
        if (answer.sourceTotal() != null
                && total.subtract(answer.sourceTotal()).abs().compareTo(TOLERANCE_USD) > 0) {
            return Optional.of(new Fault(
                    "sum_differs",
                    "%s USD (expected: %s, the sum of the pages)"
                            .formatted(
                                    total.toPlainString(), answer.sourceTotal().toPlainString())));
        }
        if (!released && total.compareTo(limits.dayMax()) > 0) {
            return Optional.of(new Fault(
                    "day_too_large",
                    "a day of %s USD (expected: at most %s)".formatted(total.toPlainString(), limits.dayMax())));
        }
        if (!released && total.signum() < 0) {
            return Optional.of(new Fault(
                    "day_negative", "a day of %s USD (expected: at least 0)".formatted(total.toPlainString())));
        }
        return Optional.empty();
    }

    static BigDecimal amount(Dataset dataset, DayRow row) {
        return (BigDecimal)
                row.measures().get(dataset.measures().indexOf(dataset.amount().orElseThrow()));
    }

    /** Billed US dollars of the day; empty where the data set bills nothing. */
    static Optional<BigDecimal> total(Dataset dataset, DayAnswer answer) {
        if (dataset.amount().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                answer.rows().stream().map(row -> amount(dataset, row)).reduce(BigDecimal.ZERO, BigDecimal::add));
    }
}
