package io.inference.analytics.series;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What every series by time is asked for, checked: when, in which buckets, and of whom.
 *
 * @param range edges snapped outward to whole hours
 * @param granularity length of a bucket
 * @param zone whose days and months
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param buckets the buckets of the range
 */
public record SeriesScope(
        TimeRange range, Granularity granularity, ZoneId zone, Set<UUID> models, Set<String> clients, Buckets buckets) {

    /** Reads the parameters start, end, granularity, modelId, clientId and timeZone; empty only when one of them is faulty. */
    public static Optional<SeriesScope> parse(QueryParameters parameters) {
        Optional<Instant> start = parameters.required("start", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        Optional<Instant> end = parameters.required("end", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        Granularity granularity = parameters
                .optional("granularity", QueryParameters.oneOf(Granularity.values(), Granularity::wireName))
                .orElse(Granularity.DAY);
        Set<UUID> models = parameters.repeatable("modelId", ParameterValues::uuid);
        Set<String> clients = parameters.repeatable("clientId", ParameterValues::clientId);
        ZoneId zone = parameters.optional("timeZone", ParameterValues::zone).orElse(ZoneOffset.UTC);
        if (start.isEmpty() || end.isEmpty()) {
            return Optional.empty();
        }
        return range(parameters, start.get(), end.get(), granularity, zone).map(range -> {
            Buckets buckets = Buckets.of(range, granularity, zone);
            checkZone(parameters, buckets, granularity, zone);
            return new SeriesScope(range, granularity, zone, models, clients, buckets);
        });
    }

    private static Optional<TimeRange> range(
            QueryParameters parameters, Instant start, Instant end, Granularity granularity, ZoneId zone) {
        if (!start.isBefore(end)) {
            parameters.fault("end", "end: not after start (expected: start < end)");
            return Optional.empty();
        }
        if (end.isAfter(granularity.latestEnd(start.atZone(zone)).toInstant())) {
            parameters.fault(
                    "end",
                    "range: too long for granularity " + granularity.wireName() + " (expected: at most "
                            + granularity.rangeMax() + ")");
            return Optional.empty();
        }
        Instant low = start.truncatedTo(ChronoUnit.HOURS);
        Instant high = end.truncatedTo(ChronoUnit.HOURS);
        return Optional.of(new TimeRange(low, high.equals(end) ? high : high.plus(1, ChronoUnit.HOURS)));
    }

    private static void checkZone(QueryParameters parameters, Buckets buckets, Granularity granularity, ZoneId zone) {
        if (!buckets.onWholeHours()) {
            parameters.fault(
                    "timeZone",
                    "timeZone: " + granularity.wireName() + "s of " + zone
                            + " do not begin on whole UTC hours, and usage is kept by UTC hour"
                            + " (expected: granularity=hour, or a zone whose offset is whole hours)");
        }
    }

    /** The name of the zone as answers show it. */
    public String zoneName() {
        return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
    }
}
