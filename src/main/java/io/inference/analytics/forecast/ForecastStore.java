package io.inference.analytics.forecast;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import io.inference.analytics.usage.UsageSums;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** Reads what a forecast is made from, as the usage API shows it. */
@ApplicationScoped
class ForecastStore {

    private static final int MINUTES_PER_DAY = 24 * 60;

    private final UsageStore usage;
    private final Retention retention;

    ForecastStore(UsageStore usage, Retention retention) {
        this.usage = usage;
        this.retention = retention;
    }

    /**
     * What has happened.
     *
     * @param spent of the period until now
     * @param days cents of each whole day before today, from the first one with usage
     * @param unpriced invocations without a price of the days that the profile is learnt from
     * @param left how much of today is still to come, from 0 to 1, by the hours of the days before
     */
    record Past(UsageSums spent, List<BigDecimal> days, long unpriced, BigDecimal left) {}

    /**
     * Reads what has happened.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when it is about users and the organisation does not show them
     */
    Past read(Handle handle, UUID org, ForecastQuery query) {
        return read(query, scope -> usage.read(handle, org, of(scope, query.users())));
    }

    /**
     * The same of users by their true ids, whatever the organisation shows. The caller shows it only where figures by user may be
     * shown.
     *
     * @param users only of these; empty means all
     */
    Past readOfUsers(Handle handle, UUID org, ForecastQuery query, Set<UUID> users) {
        return read(query, scope -> usage.readOfUsers(handle, org, of(scope, users)));
    }

    private Past read(ForecastQuery query, Function<SeriesScope, List<UsageRow>> rowsOf) {
        UsageSums spent =
                rowsOf.apply(query.spent()).stream().map(UsageRow::sums).reduce(UsageSums.NONE, UsageSums::plus);
        SeriesScope history = query.history(retention.raw());
        List<UsageRow> rows = rowsOf.apply(history);
        int days = history.buckets().starts().size();
        return new Past(
                spent,
                days(rows, days),
                rows.stream()
                        .filter(row -> row.bucket() >= days - WeekdayProfile.DAYS_MAX)
                        .mapToLong(row -> row.sums().unpricedInvocations())
                        .sum(),
                left(rowsOf.apply(query.hours()), query));
    }

    private static UsageQuery of(SeriesScope scope, Set<UUID> users) {
        return UsageQuery.of(scope, Set.of()).withUsers(users);
    }

    private static BigDecimal cents(UsageRow row) {
        return row.sums().costCents().orElse(BigDecimal.ZERO);
    }

    private static List<BigDecimal> days(List<UsageRow> rows, int count) {
        if (rows.isEmpty()) {
            return List.of();
        }
        int first = rows.get(0).bucket();
        List<BigDecimal> days = new ArrayList<>(Collections.nCopies(count - first, BigDecimal.ZERO));
        rows.forEach(row -> days.set(row.bucket() - first, cents(row)));
        return days;
    }

    /** The cost of the hours after this time of day, by that of all hours; without any cost, by the clock. */
    private static BigDecimal left(List<UsageRow> hours, ForecastQuery query) {
        ZoneId zone = query.zone();
        int now = minute(query.now(), zone);
        BigDecimal all = BigDecimal.ZERO;
        BigDecimal after = BigDecimal.ZERO;
        for (UsageRow row : hours) {
            TimeRange hour = within(query.hours(), row.bucket());
            int minutes = (int) Duration.between(hour.start(), hour.end()).toMinutes();
            all = all.add(cents(row));
            after = after.add(cents(row)
                    .multiply(BigDecimal.valueOf(minutesAfter(now, minute(hour.start(), zone), minutes)))
                    .divide(BigDecimal.valueOf(minutes), MathContext.DECIMAL64));
        }
        if (all.signum() > 0) {
            return after.divide(all, MathContext.DECIMAL64);
        }
        return BigDecimal.valueOf(MINUTES_PER_DAY - now)
                .divide(BigDecimal.valueOf(MINUTES_PER_DAY), MathContext.DECIMAL64);
    }

    /** The part of an hour that the scope's range holds. */
    private static TimeRange within(SeriesScope scope, int bucket) {
        Instant start = scope.buckets().starts().get(bucket);
        Instant end = scope.buckets().endOf(bucket);
        return new TimeRange(
                start.isBefore(scope.range().start()) ? scope.range().start() : start,
                end.isAfter(scope.range().end()) ? scope.range().end() : end);
    }

    private static int minute(Instant time, ZoneId zone) {
        return LocalTime.ofInstant(time, zone).toSecondOfDay() / 60;
    }

    /** How many minutes of an hour lie after a time of day; the hour may go on after midnight. */
    private static int minutesAfter(int now, int start, int minutes) {
        int today = Math.min(start + minutes, MINUTES_PER_DAY);
        int tomorrow = start + minutes - today;
        return Math.max(0, today - Math.max(start, now)) + Math.max(0, tomorrow - now);
    }
}
