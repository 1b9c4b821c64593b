package io.inference.analytics.provider;

import io.inference.analytics.platform.Sha256;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One row of a data set's day, in the order of its columns; elements may be null.
 *
 * @param lineKey SHA-256 of all dimensions, nulls marked
 * @param estimates the provider's own estimates for the row, which are never paid
 */
public record DayRow(String lineKey, List<Object> dimensions, List<Object> measures, List<Estimate> estimates) {

    /** Tokens and the provider's own estimate of one model, in US dollars. */
    public record Estimate(String model, long input, long output, long cacheRead, long cacheCreation, BigDecimal usd) {}

    public DayRow {
        dimensions = Collections.unmodifiableList(new ArrayList<>(dimensions));
        measures = Collections.unmodifiableList(new ArrayList<>(measures));
        estimates = List.copyOf(estimates);
    }

    public static DayRow of(List<Object> dimensions, List<Object> measures) {
        return of(dimensions, measures, List.of());
    }

    static DayRow of(List<Object> dimensions, List<Object> measures, List<Estimate> estimates) {
        return new DayRow(Sha256.hex(canonical(dimensions)), dimensions, measures, estimates);
    }

    /** The whole row as text; equal rows are equal texts. */
    String content() {
        List<Object> estimated = new ArrayList<>();
        for (Estimate estimate : estimates) {
            estimated.addAll(List.of(
                    estimate.model(),
                    estimate.input(),
                    estimate.output(),
                    estimate.cacheRead(),
                    estimate.cacheCreation(),
                    estimate.usd()));
        }
        return lineKey + canonical(measures) + canonical(estimated);
    }

    /** The length before each text keeps neighbours apart; a null differs from every text. */
    private static String canonical(List<Object> values) {
        StringBuilder text = new StringBuilder();
        for (Object value : values) {
            if (value == null) {
                text.append('-');
            } else {
                String plain = value instanceof BigDecimal number ? plain(number) : value.toString();
                text.append('+').append(plain.length()).append(':').append(plain);
            }
        }
        return text.toString();
    }

    private static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }
}
