package io.inference.analytics.series;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * A half-open window of time.
 *
 * @param start first instant inside
 * @param end first instant after it, later than {@code start}
 */
public record TimeRange(Instant start, Instant end) {

    public TimeRange {
        if (!start.isBefore(end)) {
            throw new IllegalArgumentException("range: [" + start + ", " + end + ") (expected: start < end)");
        }
    }

    /** The parts that lie in one UTC day each, in order. */
    public List<TimeRange> byDay() {
        List<TimeRange> parts = new ArrayList<>();
        Instant from = start;
        while (from.isBefore(end)) {
            Instant midnight = from.truncatedTo(ChronoUnit.DAYS).plus(1, ChronoUnit.DAYS);
            Instant to = midnight.isBefore(end) ? midnight : end;
            parts.add(new TimeRange(from, to));
            from = to;
        }
        return parts;
    }

    /** Whether all of another one lies in this one. */
    public boolean contains(TimeRange other) {
        return !other.start.isBefore(start) && !other.end.isAfter(end);
    }
}
