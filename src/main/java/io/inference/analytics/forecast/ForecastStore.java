package io.inference.analytics.forecast;

import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import io.inference.analytics.usage.UsageSums;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Reads what a forecast is made from, as the usage API shows it. */
@ApplicationScoped
class ForecastStore {

    private final UsageStore usage;

    ForecastStore(UsageStore usage) {
        this.usage = usage;
    }

    /**
     * What has happened.
     *
     * @param spent of the period until now
     * @param days cents of each whole day before today, from the first one with usage
     * @param unpriced invocations of these days without a price
     * @param left how much of today is still to come, from 0 to 1, by the hours of the days before
     */
    record Past(UsageSums spent, List<BigDecimal> days, long unpriced, BigDecimal left) {}

    Past read(Handle handle, UUID org, ForecastQuery query) {
        UsageSums spent =
                rows(handle, org, query.spent()).stream().map(UsageRow::sums).reduce(UsageSums.NONE, UsageSums::plus);
        SeriesScope history = query.history();
        List<UsageRow> rows = rows(handle, org, history);
        return new Past(
                spent,
                days(rows, history.buckets().starts().size()),
                rows.stream().mapToLong(row -> row.sums().unpricedInvocations()).sum(),
                left(rows(handle, org, query.hours()), query));
    }

    private List<UsageRow> rows(Handle handle, UUID org, SeriesScope scope) {
        return usage.read(handle, org, new UsageQuery(scope, Set.of(), Set.of(), false));
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
        LocalTime time = LocalTime.ofInstant(query.now(), zone);
        List<Instant> starts = query.hours().buckets().starts();
        BigDecimal all = BigDecimal.ZERO;
        BigDecimal after = BigDecimal.ZERO;
        for (UsageRow row : hours) {
            int hour = starts.get(row.bucket()).atZone(zone).getHour();
            all = all.add(cents(row));
            if (hour > time.getHour()) {
                after = after.add(cents(row));
            } else if (hour == time.getHour()) {
                after = after.add(cents(row).multiply(ofHourLeft(time)));
            }
        }
        if (all.signum() > 0) {
            return after.divide(all, MathContext.DECIMAL64);
        }
        return BigDecimal.valueOf(23 - time.getHour())
                .add(ofHourLeft(time))
                .divide(BigDecimal.valueOf(24), MathContext.DECIMAL64);
    }

    private static BigDecimal ofHourLeft(LocalTime time) {
        return BigDecimal.valueOf(60 - time.getMinute()).divide(BigDecimal.valueOf(60), MathContext.DECIMAL64);
    }
}
