package io.inference.analytics.series;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
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
 * @param asked the range before its edges are snapped, and the zone
 * @param range edges snapped outward to whole UTC hours, but never past a midnight of the zone
 * @param granularity length of a bucket
 * @param models only these; empty means all
 * @param clients only these; empty means all, and the empty string is that of events without a client
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

    /** As it stands in the rollups and raw events of those without one. */
    private static final String WITHOUT_CLIENT = "";

    /**
     * Reads the parameters start, end, period, granularity, modelId, clientId, withoutClient and timeZone; empty only when one of them is
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

    /** The same models and clients in the same zone, in another range. */
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
        parameters
                .optional("withoutClient", QueryParameters.oneOf(new String[] {"true"}, word -> word))
                .ifPresent(yes -> clients.add(WITHOUT_CLIENT));
        return asked.filter(range -> fits(parameters, range, granularity)).map(range -> {
            TimeRange snapped = snapped(range.range(), range.zone());
            Buckets buckets = Buckets.of(snapped, granularity, range.zone());
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
                    asked.field() + ": range too long for granularity " + granularity.wireName()
                            + " (expected: at most " + granularity.rangeMax() + ")");
            return false;
        }
        return true;
    }

    /** A day that begins within an hour begins there, so that a range of its days holds nothing of the day before or after. */
    private static TimeRange snapped(TimeRange range, ZoneId zone) {
        Instant hour = range.start().truncatedTo(ChronoUnit.HOURS);
        Instant midnight = midnight(range.start(), 0, zone);
        Instant lastHour =
                range.end().minusNanos(1).truncatedTo(ChronoUnit.HOURS).plus(1, ChronoUnit.HOURS);
        Instant nextMidnight = midnight(range.end().minusNanos(1), 1, zone);
        return new TimeRange(
                midnight.isAfter(hour) ? midnight : hour, nextMidnight.isBefore(lastHour) ? nextMidnight : lastHour);
    }

    /** Start of the day that holds {@code time}, or of one after it. */
    private static Instant midnight(Instant time, int daysLater, ZoneId zone) {
        return time.atZone(zone)
                .toLocalDate()
                .plusDays(daysLater)
                .atStartOfDay(zone)
                .toInstant();
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
                    this.asked.field() + ": range too long for " + asked
                            + ", which reads raw events (expected: at most " + RAW_DAYS_MAX + " days)");
        }
    }

    /**
     * Refuses a question to raw events when the range begins before those that are certain to be there: the answer would be too low.
     *
     * @param asked what needs raw events, as the caller wrote it
     * @throws Failure.Invalid when they may be gone
     */
    public void requireRawEvents(Retention retention, String asked) {
        Instant kept = Retention.availableFrom(now, retention.raw());
        if (range.start().isBefore(kept)) {
            String field = this.asked.period().isPresent() ? "period" : "start";
            throw new Failure.Invalid(
                    field,
                    field + ": range begins before " + kept + ", the first day of the raw events that " + asked
                            + " reads (expected: a later start; at most " + RAW_DAYS_MAX + " days)");
        }
    }

    public ZoneId zone() {
        return asked.zone();
    }

    /** The name of the zone as answers show it. */
    public String zoneName() {
        return zone().equals(ZoneOffset.UTC) ? "UTC" : zone().getId();
    }
}
