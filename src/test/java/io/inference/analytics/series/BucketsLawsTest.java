package io.inference.analytics.series;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.series.Buckets.Rollup;
import io.inference.analytics.series.Buckets.Slice;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class BucketsLawsTest {

    private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

    /** Every instant of a range in any zone is read once: from a part of an hour, or from a rollup without the cut hours. */
    @Property
    void everyInstantIsReadOnceInEveryZone(
            @ForAll @IntRange(min = 0, max = 36_000) int startQuarter,
            @ForAll @IntRange(min = 1, max = 8_000) int quarters,
            @ForAll Granularity granularity,
            @ForAll("zones") String zone) {
        Instant start = Instant.parse("2025-06-01T00:00:00Z").plus(15L * startQuarter, ChronoUnit.MINUTES);
        TimeRange range = new TimeRange(start, start.plus(15L * quarters, ChronoUnit.MINUTES));
        Buckets buckets = Buckets.of(range, granularity, ZoneId.of(zone));
        CutHours cuts = buckets.cuts(range);
        Set<Instant> cutHours = Set.copyOf(cuts.hours());
        List<TimeRange> read = new ArrayList<>(cuts.parts());
        for (Slice slice : buckets.slices(range)) {
            Duration step = slice.rollup() == Rollup.DAILY ? Duration.ofDays(1) : Duration.ofHours(1);
            Instant row = slice.range()
                    .start()
                    .truncatedTo(slice.rollup() == Rollup.DAILY ? ChronoUnit.DAYS : ChronoUnit.HOURS);
            for (; row.isBefore(slice.range().end()); row = row.plus(step)) {
                boolean left = slice.rollup() == Rollup.HOURLY && cutHours.contains(row);
                if (!row.isBefore(slice.range().start()) && !left) {
                    read.add(new TimeRange(row, row.plus(step)));
                }
            }
        }
        read.sort(Comparator.comparing(TimeRange::start));
        Instant covered = range.start();
        for (TimeRange part : read) {
            assertThat(part.start()).isEqualTo(covered);
            covered = part.end();
        }
        assertThat(covered).isEqualTo(range.end());
        // What comes from a rollup lies in one bucket.
        for (TimeRange part : read) {
            assertThat(cuts.parts().contains(part)
                            || buckets.starts().stream()
                                    .noneMatch(edge -> edge.isAfter(part.start()) && edge.isBefore(part.end())))
                    .isTrue();
        }
    }

    @Provide
    Arbitrary<String> zones() {
        return Arbitraries.of(new TreeSet<>(ZoneId.getAvailableZoneIds()));
    }

    /** Whatever is asked, slices cover the range without gap or overlap, and a daily slice never crosses a bucket's edge inside a day. */
    @Property
    void slicesCoverTheRangeExactly(
            @ForAll @IntRange(min = 0, max = 9_000) int startHour,
            @ForAll @IntRange(min = 1, max = 4_000) int hours,
            @ForAll Granularity granularity,
            @ForAll @IntRange(min = 0, max = 4) int zone) {
        ZoneId at = List.of(
                        ZoneId.of("UTC"),
                        NEW_YORK,
                        ZoneId.of("Europe/Berlin"),
                        ZoneId.of("Asia/Tokyo"),
                        ZoneId.of("Pacific/Apia"))
                .get(zone);
        Instant start = Instant.parse("2025-06-01T00:00:00Z").plus(startHour, ChronoUnit.HOURS);
        TimeRange range = new TimeRange(start, start.plus(hours, ChronoUnit.HOURS));
        Buckets buckets = Buckets.of(range, granularity, at);
        Instant covered = range.start();
        Rollup last = null;
        for (Slice slice : buckets.slices(range)) {
            assertThat(slice.range().start()).isEqualTo(covered);
            assertThat(slice.rollup()).isNotEqualTo(last);
            covered = slice.range().end();
            last = slice.rollup();
            if (slice.rollup() == Rollup.DAILY) {
                assertThat(slice.range().start())
                        .isEqualTo(slice.range().start().truncatedTo(ChronoUnit.DAYS));
                assertThat(slice.range().end()).isEqualTo(slice.range().end().truncatedTo(ChronoUnit.DAYS));
                assertThat(buckets.starts())
                        .filteredOn(edge -> edge.isAfter(slice.range().start())
                                && edge.isBefore(slice.range().end()))
                        .allMatch(edge -> edge.equals(edge.truncatedTo(ChronoUnit.DAYS)));
            }
        }
        assertThat(covered).isEqualTo(range.end());
        assertThat(buckets.starts().get(0)).isBeforeOrEqualTo(range.start());
        assertThat(buckets.end()).isAfterOrEqualTo(range.end());
    }
}
