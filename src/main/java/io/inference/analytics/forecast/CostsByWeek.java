package io.inference.analytics.forecast;

import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.UsageRow;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Costs of a part of an organisation by the day or hour of their bucket on the clocks of a zone, so
 * that weeks can be compared across a clock change, also one of half an hour.
 */
final class CostsByWeek {

    private record Sum(BigDecimal cents, boolean complete) {}

    private static final Sum NOTHING = new Sum(BigDecimal.ZERO, true);

    private final Map<LocalDateTime, Sum> sums = new HashMap<>();

    void add(SeriesScope window, UsageRow row) {
        sums.merge(
                local(window, row.bucket()),
                new Sum(
                        row.sums().costCents().orElse(BigDecimal.ZERO),
                        row.sums().unpricedInvocations() == 0),
                // Two hours have the same name when clocks go back.
                (a, b) -> new Sum(a.cents().add(b.cents()), a.complete() && b.complete()));
    }

    /** The start of the bucket's day or hour by the clocks, even where the bucket begins later. */
    static LocalDateTime local(SeriesScope window, int bucket) {
        return LocalDateTime.ofInstant(window.buckets().starts().get(bucket), window.zone())
                .truncatedTo(window.granularity() == Granularity.DAY ? ChronoUnit.DAYS : ChronoUnit.HOURS);
    }

    /** When the first of them began; empty without any. */
    Optional<LocalDateTime> first() {
        return sums.keySet().stream().min(LocalDateTime::compareTo);
    }

    /** US cents. */
    BigDecimal at(LocalDateTime bucket) {
        return sums.getOrDefault(bucket, NOTHING).cents();
    }

    /** Whether everything in the bucket has a price. */
    boolean isComplete(LocalDateTime bucket) {
        return sums.getOrDefault(bucket, NOTHING).complete();
    }

    /**
     * US cents of the same bucket in the weeks before.
     *
     * @param since when the organisation's usage began; earlier weeks say nothing
     */
    List<BigDecimal> before(LocalDateTime bucket, LocalDateTime since) {
        return IntStream.rangeClosed(1, AnomalyRule.WEEKS_MAX)
                .mapToObj(bucket::minusWeeks)
                .filter(earlier -> !earlier.isBefore(since))
                .map(this::at)
                .toList();
    }
}
