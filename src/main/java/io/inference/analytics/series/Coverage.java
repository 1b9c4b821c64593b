package io.inference.analytics.series;

import io.inference.analytics.series.Buckets.Slice;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What answers for a range, each moment of it in one place: days that are built, rollups for the rest, and raw events for the hours
 * of the rest that these cannot tell apart.
 *
 * @param built days of the range, in order, each in one bucket
 * @param slices which rollup answers for which part
 * @param cuts what comes from raw events; hourly slices leave out its hours
 */
public record Coverage(List<TimeRange> built, List<Slice> slices, CutHours cuts) {

    /**
     * A statement has at least one part per gap between built days, and planning each costs about as much as reading a day. Behind
     * so many, built days are not used.
     */
    static final int GAPS_MAX = 8;

    /** @param built days that are built, in order; those outside of the range do not count */
    public static Coverage of(Buckets buckets, TimeRange range, List<TimeRange> built) {
        List<TimeRange> used = new ArrayList<>();
        List<TimeRange> gaps = new ArrayList<>();
        Instant at = range.start();
        for (TimeRange day : built) {
            if (!range.contains(day)) {
                continue;
            }
            if (at.isBefore(day.start())) {
                if (gaps.size() + 1 == GAPS_MAX) {
                    break;
                }
                gaps.add(new TimeRange(at, day.start()));
            }
            used.add(day);
            at = day.end();
        }
        if (at.isBefore(range.end())) {
            gaps.add(new TimeRange(at, range.end()));
        }
        List<Slice> slices = new ArrayList<>();
        List<TimeRange> parts = new ArrayList<>();
        for (TimeRange gap : gaps) {
            slices.addAll(buckets.slices(gap));
            parts.addAll(buckets.cuts(gap).parts());
        }
        return new Coverage(List.copyOf(used), List.copyOf(slices), new CutHours(parts));
    }
}
