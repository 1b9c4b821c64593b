package io.inference.analytics.forecast;

import io.inference.analytics.series.AskedRange;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.QueryParameters;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where a caller looks for unusual cost, checked.
 *
 * @param scope when, in days or hours
 */
record AnomalyQuery(SeriesScope scope) {

    private static final Duration DAYS_MAX = Duration.ofDays(31);

    /** Each hour is compared with 8 others, which have to be read as well. */
    private static final Duration HOURS_MAX = Duration.ofHours(48);

    /**
     * Reads and checks the parameters of a query string.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static AnomalyQuery parse(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Granularity granularity = parameters
                .optional(
                        "granularity",
                        QueryParameters.oneOf(
                                new Granularity[] {Granularity.DAY, Granularity.HOUR}, Granularity::wireName))
                .orElse(Granularity.DAY);
        Optional<AskedRange> asked = AskedRange.parse(parameters, now);
        asked.ifPresent(range -> checkLength(parameters, range, granularity));
        Optional<SeriesScope> scope = SeriesScope.parse(parameters, asked, granularity, now);
        parameters.finish();
        return new AnomalyQuery(scope.orElseThrow());
    }

    private static void checkLength(QueryParameters parameters, AskedRange asked, Granularity granularity) {
        TimeRange range = asked.range();
        Duration longest = granularity == Granularity.DAY ? DAYS_MAX : HOURS_MAX;
        // Clocks that go back make a range of days an hour longer.
        if (Duration.between(range.start(), range.end()).compareTo(longest.plusHours(1)) > 0) {
            parameters.fault(
                    asked.field(),
                    "%s: range too long for granularity %s (expected: at most %s)"
                            .formatted(
                                    asked.field(),
                                    granularity.wireName(),
                                    granularity == Granularity.DAY ? "31 days" : "48 hours"));
        }
    }

    /** What has to be read: the range and the weeks before it, in one piece or week by week. */
    List<SeriesScope> windows() {
        if (scope.granularity() == Granularity.DAY) {
            return List.of(withWeeksBefore(Granularity.DAY));
        }
        return IntStream.rangeClosed(0, AnomalyRule.WEEKS_MAX)
                .mapToObj(weeks -> scope.of(
                        new TimeRange(
                                floorHour(earlier(scope.range().start(), weeks)),
                                ceilHour(earlier(scope.range().end(), weeks))),
                        Granularity.HOUR))
                .toList();
    }

    private static Instant floorHour(Instant time) {
        return time.truncatedTo(ChronoUnit.HOURS);
    }

    private static Instant ceilHour(Instant time) {
        return floorHour(time.plus(1, ChronoUnit.HOURS).minusNanos(1));
    }

    /** The range and the weeks before it, as one bucket. */
    SeriesScope whole() {
        return withWeeksBefore(Granularity.TOTAL);
    }

    private SeriesScope withWeeksBefore(Granularity granularity) {
        Instant first = scope.buckets().starts().get(0);
        return scope.of(
                new TimeRange(
                        earlier(first, AnomalyRule.WEEKS_MAX), scope.range().end()),
                granularity);
    }

    /** By the clocks of the zone. */
    private Instant earlier(Instant time, int weeks) {
        ZonedDateTime local = time.atZone(scope.zone());
        return local.minusWeeks(weeks).toInstant();
    }
}
