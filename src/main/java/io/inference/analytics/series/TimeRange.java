package io.inference.analytics.series;

import java.time.Instant;

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
}
