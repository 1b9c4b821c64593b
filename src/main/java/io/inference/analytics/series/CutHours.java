package io.inference.analytics.series;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * The parts of a range that come from raw events, as rollups are kept by UTC hour: all of an hour in which a bucket ends and the
 * next one begins, and the part of the first and of the last hour that a range holds.
 *
 * @param parts each within one UTC hour, in order, none twice
 */
public record CutHours(List<TimeRange> parts) {

    public CutHours {
        parts = List.copyOf(parts);
    }

    /** The hours of a range that one of the edges cuts; edges outside of the range do not count. */
    public static CutHours of(TimeRange range, Collection<Instant> edges) {
        return new CutHours(edges.stream()
                .filter(edge -> !edge.isBefore(range.start()) && !edge.isAfter(range.end()))
                .filter(edge -> !edge.equals(floor(edge)))
                .map(CutHours::floor)
                .distinct()
                .sorted()
                .map(hour -> part(range, hour))
                .toList());
    }

    /** All hours of a range, for a question that no rollup answers. */
    public static CutHours all(TimeRange range) {
        return new CutHours(Stream.iterate(
                        floor(range.start()),
                        hour -> hour.isBefore(range.end()),
                        hour -> hour.plus(1, ChronoUnit.HOURS))
                .map(hour -> part(range, hour))
                .toList());
    }

    private static TimeRange part(TimeRange range, Instant hour) {
        Instant next = hour.plus(1, ChronoUnit.HOURS);
        return new TimeRange(
                hour.isBefore(range.start()) ? range.start() : hour, next.isAfter(range.end()) ? range.end() : next);
    }

    private static Instant floor(Instant time) {
        return time.truncatedTo(ChronoUnit.HOURS);
    }

    public boolean isEmpty() {
        return parts.isEmpty();
    }

    /** The parts, each cut further where one of the edges lies in it. */
    public CutHours splitAt(Collection<Instant> edges) {
        List<TimeRange> split = new ArrayList<>();
        for (TimeRange part : parts) {
            Instant from = part.start();
            for (Instant edge : edges.stream().distinct().sorted().toList()) {
                if (edge.isAfter(from) && edge.isBefore(part.end())) {
                    split.add(new TimeRange(from, edge));
                    from = edge;
                }
            }
            split.add(new TimeRange(from, part.end()));
        }
        return new CutHours(split);
    }

    /** What is left without some of the parts. */
    public CutHours without(Collection<TimeRange> some) {
        return new CutHours(parts.stream().filter(part -> !some.contains(part)).toList());
    }

    /** The hours that rollups must leave out. */
    public List<Instant> hours() {
        return parts.stream().map(part -> floor(part.start())).distinct().toList();
    }

    public List<Instant> starts() {
        return parts.stream().map(TimeRange::start).toList();
    }

    public List<Instant> ends() {
        return parts.stream().map(TimeRange::end).toList();
    }

    /**
     * Refuses a question whose raw events may be gone while the rollups are still there: the answer would be too low.
     *
     * @throws Failure.Invalid when one of the hours lies before the raw events that are kept
     */
    public void requireKept(Retention retention, Instant now) {
        Instant raw = Retention.availableFrom(now, retention.raw());
        Instant rollups = Retention.availableFrom(now, retention.rollups());
        if (parts.stream()
                .anyMatch(part -> part.start().isBefore(raw) && part.end().isAfter(rollups))) {
            throw new Failure.Invalid(
                    "timeZone",
                    "timeZone: its days begin within UTC hours, and those come from raw events, which are kept since "
                            + raw
                            + " (expected: no day, start or end before that, or a zone whose offset is whole hours)");
        }
    }
}
