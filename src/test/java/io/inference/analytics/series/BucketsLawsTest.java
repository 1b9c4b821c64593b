package io.inference.analytics.series;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.series.Buckets.Rollup;
import io.inference.analytics.series.Buckets.Slice;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BucketsLawsTest {

    private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

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
