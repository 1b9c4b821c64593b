package io.inference.analytics.series;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The buckets of a range: bucket {@code i} is {@code [starts[i], starts[i + 1])}, the last one ends at {@code end}. The first may
 * start before the range and the last may end after it; both keep their own edges.
 *
 * @param starts start of each bucket, ascending, at least one
 * @param end end of the last bucket
 */
public record Buckets(List<Instant> starts, Instant end) {

    public Buckets {
        starts = List.copyOf(starts);
    }

    /** All buckets that a range touches. Hours do not follow the zone: rollups are kept by whole UTC hours. */
    public static Buckets of(TimeRange range, Granularity granularity, ZoneId zone) {
        if (granularity == Granularity.TOTAL) {
            return new Buckets(List.of(range.start()), range.end());
        }
        ZoneId edges = granularity == Granularity.HOUR ? ZoneOffset.UTC : zone;
        List<Instant> starts = new ArrayList<>();
        ZonedDateTime bucket = granularity.floor(range.start().atZone(edges));
        while (bucket.toInstant().isBefore(range.end())) {
            starts.add(bucket.toInstant());
            bucket = granularity.next(bucket);
        }
        return new Buckets(starts, bucket.toInstant());
    }

    /** End of a bucket, exclusive. */
    public Instant endOf(int bucket) {
        return bucket + 1 < starts.size() ? starts.get(bucket + 1) : end;
    }

    /** Which rollup answers for a part of a range. */
    public enum Rollup {
        HOURLY,
        DAILY
    }

    /**
     * A part of a range that one rollup answers for.
     *
     * @param rollup which one
     * @param range what part
     */
    public record Slice(Rollup rollup, TimeRange range) {}

    /**
     * Cuts the range so that whole UTC days which lie inside of one bucket come from the daily rollup and the rest from the
     * hourly one. For days and months of UTC that is at most three slices; for days of another zone it is hourly throughout. What
     * {@link #cuts} names is part of hourly slices too; a reader leaves out its hours there.
     */
    public List<Slice> slices(TimeRange range) {
        List<Slice> slices = new ArrayList<>();
        for (int bucket = 0; bucket < starts.size(); bucket++) {
            Instant low = later(starts.get(bucket), range.start());
            Instant high = earlier(endOf(bucket), range.end());
            Instant firstDay = ceilDay(low);
            Instant lastDay = high.truncatedTo(ChronoUnit.DAYS);
            if (firstDay.isBefore(lastDay)) {
                add(slices, Rollup.HOURLY, low, firstDay);
                add(slices, Rollup.DAILY, firstDay, lastDay);
                add(slices, Rollup.HOURLY, lastDay, high);
            } else {
                add(slices, Rollup.HOURLY, low, high);
            }
        }
        return slices;
    }

    /** The parts of the range that rollups cannot tell apart: hours in which the range or one of its buckets begins or ends. */
    public CutHours cuts(TimeRange range) {
        List<Instant> edges = new ArrayList<>(starts);
        edges.add(range.start());
        edges.add(range.end());
        return CutHours.of(range, edges);
    }

    private static void add(List<Slice> slices, Rollup rollup, Instant low, Instant high) {
        if (!low.isBefore(high)) {
            return;
        }
        int last = slices.size() - 1;
        if (last >= 0 && slices.get(last).rollup() == rollup) {
            slices.set(
                    last,
                    new Slice(rollup, new TimeRange(slices.get(last).range().start(), high)));
        } else {
            slices.add(new Slice(rollup, new TimeRange(low, high)));
        }
    }

    private static Instant ceilDay(Instant time) {
        Instant day = time.truncatedTo(ChronoUnit.DAYS);
        return day.equals(time) ? day : day.plus(1, ChronoUnit.DAYS);
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
