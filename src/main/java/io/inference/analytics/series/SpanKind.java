package io.inference.analytics.series;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What is added up once for a time zone, when it is over; a span is the part of time that it is of. */
public enum SpanKind {
    /** Sums of a day. */
    USAGE,
    /** Sums of a day by user. */
    USERS,
    /** Latencies of the parts of an hour that a midnight cuts, or that lies an hour before a midnight. */
    HISTOGRAMS;

    private static final Duration HOUR = Duration.ofHours(1);

    /** As the database bounds it; days of 23 to 25 hours are usual. */
    private static final Duration SPAN_MAX = Duration.ofHours(26);

    /** As in the database. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The spans of a zone that lie in a range, in order. Days of UTC are none: their rollup exists without being asked for. */
    public List<TimeRange> within(ZoneId zone, TimeRange range) {
        List<TimeRange> spans = new ArrayList<>();
        ZonedDateTime day = range.start().atZone(zone).toLocalDate().atStartOfDay(zone);
        while (!day.toInstant().isAfter(range.end())) {
            ZonedDateTime next = day.toLocalDate().plusDays(1).atStartOfDay(zone);
            (this == HISTOGRAMS ? parts(day.toInstant()) : day(day.toInstant(), next.toInstant()))
                    .filter(range::contains)
                    .forEach(spans::add);
            day = next;
        }
        return spans;
    }

    private static Stream<TimeRange> day(Instant start, Instant end) {
        boolean ofUtc = start.equals(start.truncatedTo(ChronoUnit.DAYS))
                && Duration.between(start, end).equals(Duration.ofDays(1));
        boolean tooLong = Duration.between(start, end).compareTo(SPAN_MAX) > 0;
        return ofUtc || tooLong ? Stream.empty() : Stream.of(new TimeRange(start, end));
    }

    private static Stream<TimeRange> parts(Instant midnight) {
        return Stream.of(midnight.minus(HOUR), midnight).flatMap(edge -> {
            Instant hour = edge.truncatedTo(ChronoUnit.HOURS);
            return hour.equals(edge)
                    ? Stream.empty()
                    : Stream.of(new TimeRange(hour, edge), new TimeRange(edge, hour.plus(HOUR)));
        });
    }
}
