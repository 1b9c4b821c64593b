package io.inference.analytics.forecast;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.AskedRange;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.Period;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What a caller wants forecast, checked.
 *
 * @param period the unit that is still running
 * @param end its end
 * @param spent from its start until now, as one bucket
 * @param users only these, by the ids that the organisation shows; empty means all
 * @param now when the question was asked
 */
record ForecastQuery(Period period, Instant end, SeriesScope spent, Set<UUID> users, Instant now) {

    /** Hours of the day are learnt from so many whole days. */
    private static final int HOURS_FROM_DAYS = 14;

    private static final Period[] RUNNING =
            Arrays.stream(Period.values()).filter(Period::isRunning).toArray(Period[]::new);

    /**
     * Reads and checks the parameters of a query string.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static ForecastQuery parse(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Period period = parameters
                .optional("period", QueryParameters.oneOf(RUNNING, Period::wireName))
                .orElse(Period.MONTH_TO_DATE);
        Optional<SeriesScope> spent = SeriesScope.parseTotal(parameters, AskedRange.of(parameters, period, now), now);
        Set<UUID> users = parameters.repeatable("userId", ParameterValues::uuid);
        parameters.finish();
        SeriesScope scope = spent.orElseThrow();
        return new ForecastQuery(period, period.unitEnd(now, scope.zone()), scope, users, now);
    }

    /** The same question about some clients, whose ids may hold a comma; empty means all. */
    ForecastQuery withClients(Set<String> some) {
        return new ForecastQuery(period, end, spent.with(spent.models(), some), users, now);
    }

    ZoneId zone() {
        return spent.zone();
    }

    LocalDate today() {
        return LocalDate.ofInstant(now, zone());
    }

    /** Whole days of the period after today. */
    int daysAfterToday() {
        return (int) ChronoUnit.DAYS.between(today(), LocalDate.ofInstant(end, zone())) - 1;
    }

    /**
     * The days before today that the profile and the range are learnt from. In a zone whose days need raw events, days whose events may
     * be gone are left out, as far as only the range is learnt from them.
     *
     * @param raw how long raw events are kept
     */
    SeriesScope history(java.time.Period raw) {
        SeriesScope all = before(Outlook.DAYS_MAX, Granularity.DAY);
        if (all.buckets().cuts(all.range()).isEmpty()) {
            return all;
        }
        LocalDate firstWhole = LocalDate.ofInstant(
                        Retention.availableFrom(now, raw).minusNanos(1), zone())
                .plusDays(1);
        int days = (int) ChronoUnit.DAYS.between(firstWhole, today());
        return before(Math.min(Outlook.DAYS_MAX, Math.max(WeekdayProfile.DAYS_MAX, days)), Granularity.DAY);
    }

    /** The hours of some days before today. */
    SeriesScope hours() {
        return before(HOURS_FROM_DAYS, Granularity.HOUR);
    }

    private SeriesScope before(int days, Granularity granularity) {
        Instant start = today().minusDays(days).atStartOfDay(zone()).toInstant();
        Instant end = today().atStartOfDay(zone()).toInstant();
        return spent.of(new TimeRange(start, end), granularity);
    }
}
