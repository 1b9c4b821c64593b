package io.inference.analytics.series;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What every series by time is asked for, checked: when, in which buckets, and of whom.
 *
 * @param asked the range before its edges are snapped, and the zone
 * @param range edges snapped outward to whole hours
 * @param granularity length of a bucket
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param buckets the buckets of the range
 * @param now when the question was asked; a bucket that ends later is still running
 */
public record SeriesScope(
        AskedRange asked,
        TimeRange range,
        Granularity granularity,
        Set<UUID> models,
        Set<String> clients,
        Buckets buckets,
        Instant now) {

    private static final int RAW_DAYS_MAX = 7;

    /**
     * Reads the parameters start, end, period, granularity, modelId, clientId and timeZone; empty only when one of them is
     * faulty.
     */
    public static Optional<SeriesScope> parse(QueryParameters parameters, Instant now) {
        return parse(parameters, AskedRange.parse(parameters, now), now);
    }

    /** The same without period, and with a required end: for a request that must mean the same whenever it is read. */
    public static Optional<SeriesScope> parseFixed(QueryParameters parameters) {
        return parse(parameters, AskedRange.parseFixed(parameters), Instant.MAX);
    }

    /** The same without granularity: the whole range is one bucket. */
    public static Optional<SeriesScope> parseTotal(QueryParameters parameters, Instant now) {
        return parse(parameters, AskedRange.parse(parameters, now), Granularity.TOTAL, now);
    }

    /** The same for a range that is known. */
    public static Optional<SeriesScope> parseTotal(QueryParameters parameters, AskedRange asked, Instant now) {
        return parse(parameters, Optional.of(asked), Granularity.TOTAL, now);
    }

    /** The same range of these models and clients; empty means all. */
    public SeriesScope with(Set<UUID> someModels, Set<String> someClients) {
        return new SeriesScope(asked, range, granularity, someModels, someClients, buckets, now);
    }

    /** The same models and clients in the same zone, in another range of whole hours. */
    public SeriesScope of(TimeRange other, Granularity length) {
        AskedRange range = new AskedRange(other, zone(), Optional.empty(), "end");
        return new SeriesScope(range, other, length, models, clients, Buckets.of(other, length, zone()), now);
    }

    private static Optional<SeriesScope> parse(QueryParameters parameters, Optional<AskedRange> asked, Instant now) {
        Granularity granularity = parameters
                .optional("granularity", QueryParameters.oneOf(Granularity.values(), Granularity::wireName))
                .orElse(Granularity.DAY);
        return parse(parameters, asked, granularity, now);
    }

    /** The same with a granularity and a range that are known; empty when there was a fault in the range. */
    public static Optional<SeriesScope> parse(
            QueryParameters parameters, Optional<AskedRange> asked, Granularity granularity, Instant now) {
        Set<UUID> models = parameters.repeatable("modelId", ParameterValues::uuid);
        Set<String> clients = parameters.repeatableWhole("clientId", ParameterValues::clientId);
        return asked.filter(range -> fits(parameters, range, granularity)).map(range -> {
            TimeRange snapped = snapped(range.range());
            Buckets buckets = Buckets.of(snapped, granularity, range.zone());
            checkZone(parameters, range, granularity, buckets);
            return new SeriesScope(range, snapped, granularity, models, clients, buckets, now);
        });
    }

    private static boolean fits(QueryParameters parameters, AskedRange asked, Granularity granularity) {
        Instant latest = granularity
                .latestEnd(asked.range().start().atZone(asked.zone()))
                .toInstant();
        if (asked.range().end().isAfter(latest)) {
            parameters.fault(
                    asked.field(),
                    "range: too long for granularity " + granularity.wireName() + " (expected: at most "
                            + granularity.rangeMax() + ")");
            return false;
        }
        return true;
    }

    private static TimeRange snapped(TimeRange range) {
        Instant low = range.start().truncatedTo(ChronoUnit.HOURS);
        Instant high = range.end().truncatedTo(ChronoUnit.HOURS);
        return new TimeRange(low, high.equals(range.end()) ? high : high.plus(1, ChronoUnit.HOURS));
    }

    private static void checkZone(
            QueryParameters parameters, AskedRange asked, Granularity granularity, Buckets buckets) {
        // A total has the edges of the range; where they are midnights of the zone, they must not be snapped away from
        // them.
        boolean whole = granularity == Granularity.TOTAL
                ? !splitMidnight(asked.range().start(), asked.zone())
                        && !splitMidnight(asked.range().end(), asked.zone())
                : buckets.onWholeHours();
        if (!whole) {
            parameters.fault(
                    "timeZone",
                    "timeZone: " + (granularity == Granularity.TOTAL ? "day" : granularity.wireName()) + "s of "
                            + asked.zone()
                            + " do not begin on whole UTC hours, and usage is kept by UTC hour (expected: "
                            + (granularity == Granularity.TOTAL ? "" : "granularity=hour, or ")
                            + "a zone whose offset is whole hours)");
        }
    }

    /** Whether a day of the zone begins at this time, and within a UTC hour. */
    private static boolean splitMidnight(Instant time, ZoneId zone) {
        return !time.equals(time.truncatedTo(ChronoUnit.HOURS))
                && time.equals(
                        time.atZone(zone).toLocalDate().atStartOfDay(zone).toInstant());
    }

    /** Whether a bucket is not whole: the range cuts it, or it is still running. */
    public boolean partial(int bucket) {
        Instant end = buckets.endOf(bucket);
        return buckets.starts().get(bucket).isBefore(range.start()) || end.isAfter(range.end()) || end.isAfter(now);
    }

    /**
     * Notes a fault when the range is longer than a week, whose raw events the database adds up within the time-out of a request.
     *
     * @param asked what needs raw events, as the caller wrote it
     */
    public void checkRawLength(QueryParameters parameters, String asked) {
        TimeRange range = this.asked.range();
        if (range.end().isAfter(range.start().plus(RAW_DAYS_MAX, ChronoUnit.DAYS))
                && range.end()
                        .isAfter(range.start()
                                .atZone(zone())
                                .plusDays(RAW_DAYS_MAX)
                                .toInstant())) {
            parameters.fault(
                    this.asked.field(),
                    "range: too long for " + asked + ", which reads raw events (expected: at most " + RAW_DAYS_MAX
                            + " days)");
        }
    }

    /** Which rollups answer for a range as one bucket. */
    public List<Buckets.Slice> slicesOf(TimeRange total) {
        return Buckets.of(total, Granularity.TOTAL, zone()).slices(total);
    }

    public ZoneId zone() {
        return asked.zone();
    }

    /** The name of the zone as answers show it. */
    public String zoneName() {
        return zone().equals(ZoneOffset.UTC) ? "UTC" : zone().getId();
    }
}
