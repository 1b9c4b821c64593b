package io.inference.analytics.provider;

import io.inference.analytics.platform.Sha256;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * One row of a data set's day, in the order of its columns; elements may be null.
 *
 * @param lineKey SHA-256 of all dimensions, nulls marked
 * @param finerKey SHA-256 of all dimensions and of the fields that have no column
 * @param estimates the provider's own estimates for the row, which are never paid
 */
public record DayRow(
        String lineKey, String finerKey, List<Object> dimensions, List<Object> measures, List<Estimate> estimates) {

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

    /** @param unknown the fields that have no column */
    static DayRow of(List<Object> dimensions, List<Object> measures, SortedMap<String, String> unknown) {
        List<Object> all = new ArrayList<>(dimensions);
        unknown.forEach((field, value) -> all.add(field + "=" + value));
        String key = Sha256.hex(canonical(dimensions));
        return new DayRow(key, unknown.isEmpty() ? key : Sha256.hex(canonical(all)), dimensions, measures, List.of());
    }

    static DayRow of(List<Object> dimensions, List<Object> measures, List<Estimate> estimates) {
        String key = Sha256.hex(canonical(dimensions));
        return new DayRow(key, key, dimensions, measures, estimates);
    }

    /**
     * Rows that differ only in fields without a column are two lines, not one twice. All others keep
     * their key when a provider adds a field.
     */
    static List<DayRow> apart(List<DayRow> rows) {
        Map<String, Long> twins = rows.stream().collect(Collectors.groupingBy(DayRow::lineKey, Collectors.counting()));
        return rows.stream()
                .map(row -> twins.get(row.lineKey()) == 1
                        ? row
                        : new DayRow(row.finerKey, row.finerKey, row.dimensions, row.measures, row.estimates))
                .toList();
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
