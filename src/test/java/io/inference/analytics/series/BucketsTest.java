package io.inference.analytics.series;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.series.Buckets.Rollup;
import io.inference.analytics.series.Buckets.Slice;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class BucketsTest {

    private static final ZoneId NEW_YORK = ZoneId.of("America/New_York");

    private static TimeRange range(String start, String end) {
        return new TimeRange(Instant.parse(start), Instant.parse(end));
    }

    private static List<Long> hours(Buckets buckets) {
        List<Instant> edges = new java.util.ArrayList<>(buckets.starts());
        edges.add(buckets.end());
        List<Long> hours = new java.util.ArrayList<>();
        for (int i = 1; i < edges.size(); i++) {
            hours.add(Duration.between(edges.get(i - 1), edges.get(i)).toHours());
        }
        return hours;
    }

    @Test
    void theDayOfTheSpringChangeHas23Hours() {
        Buckets buckets = Buckets.of(range("2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z"), Granularity.DAY, NEW_YORK);
        assertThat(buckets.starts())
                .containsExactly(
                        Instant.parse("2026-03-07T05:00:00Z"),
                        Instant.parse("2026-03-08T05:00:00Z"),
                        Instant.parse("2026-03-09T04:00:00Z"));
        assertThat(hours(buckets)).containsExactly(24L, 23L, 24L);
    }

    @Test
    void theDayOfTheAutumnChangeHas25Hours() {
        Buckets buckets = Buckets.of(range("2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z"), Granularity.DAY, NEW_YORK);
        assertThat(buckets.starts().get(1)).isEqualTo(Instant.parse("2026-11-01T04:00:00Z"));
        assertThat(hours(buckets)).containsExactly(24L, 25L, 24L);
    }

    @Test
    void monthsBeginAtLocalMidnightWhateverTheOffset() {
        Buckets buckets =
                Buckets.of(range("2026-02-10T00:00:00Z", "2026-04-02T00:00:00Z"), Granularity.MONTH, NEW_YORK);
        assertThat(buckets.starts())
                .containsExactly(
                        Instant.parse("2026-02-01T05:00:00Z"),
                        Instant.parse("2026-03-01T05:00:00Z"),
                        Instant.parse("2026-04-01T04:00:00Z"));
        assertThat(buckets.end()).isEqualTo(Instant.parse("2026-05-01T04:00:00Z"));
        assertThat(hours(buckets).get(1)).isEqualTo(31 * 24 - 1);
    }

    @Test
    void aMidnightThatTheClocksSkipIsTheFirstInstantOfTheDay() {
        // In Beirut clocks went from 00:00 to 01:00 on 2024-03-31.
        Buckets buckets = Buckets.of(
                range("2024-03-30T00:00:00Z", "2024-04-01T00:00:00Z"), Granularity.DAY, ZoneId.of("Asia/Beirut"));
        assertThat(buckets.starts()).contains(Instant.parse("2024-03-30T22:00:00Z"));
        assertThat(hours(buckets)).containsExactly(24L, 23L, 24L);
    }

    @Test
    void aBucketKeepsItsOwnStartWhenTheRangeBeginsInside() {
        Buckets buckets =
                Buckets.of(range("2026-01-01T13:00:00Z", "2026-01-02T01:00:00Z"), Granularity.DAY, ZoneOffset.UTC);
        assertThat(buckets.starts())
                .containsExactly(Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-02T00:00:00Z"));
    }

    @Test
    void hoursAreUtcHoursEverywhere() {
        Buckets buckets = Buckets.of(
                range("2026-01-01T13:00:00Z", "2026-01-01T15:00:00Z"), Granularity.HOUR, ZoneId.of("Asia/Kolkata"));
        assertThat(buckets.starts())
                .containsExactly(Instant.parse("2026-01-01T13:00:00Z"), Instant.parse("2026-01-01T14:00:00Z"));
        assertThat(buckets.cuts(range("2026-01-01T13:00:00Z", "2026-01-01T15:00:00Z"))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void hoursThatMidnightsCutComeFromRawEvents() {
        ZoneId kolkata = ZoneId.of("Asia/Kolkata");
        TimeRange days = range("2026-01-01T18:30:00Z", "2026-01-03T18:30:00Z");
        CutHours cuts = Buckets.of(days, Granularity.DAY, kolkata).cuts(days);
        assertThat(cuts.parts())
                .containsExactly(
                        range("2026-01-01T18:30:00Z", "2026-01-01T19:00:00Z"),
                        range("2026-01-02T18:00:00Z", "2026-01-02T19:00:00Z"),
                        range("2026-01-03T18:00:00Z", "2026-01-03T18:30:00Z"));
        assertThat(cuts.hours())
                .containsExactly(
                        Instant.parse("2026-01-01T18:00:00Z"),
                        Instant.parse("2026-01-02T18:00:00Z"),
                        Instant.parse("2026-01-03T18:00:00Z"));
        TimeRange minutes = range("2026-01-01T18:31:00Z", "2026-01-01T18:40:00Z");
        assertThat(Buckets.of(minutes, Granularity.TOTAL, kolkata).cuts(minutes).parts())
                .containsExactly(minutes);
        TimeRange hours = range("2026-01-01T18:00:00Z", "2026-01-02T18:00:00Z");
        assertThat(Buckets.of(hours, Granularity.TOTAL, kolkata).cuts(hours).isEmpty())
                .isTrue();
    }

    @Test
    void aDayOfLordHoweBeginsOnAWholeUtcHourInSummerOnly() {
        ZoneId lordHowe = ZoneId.of("Australia/Lord_Howe");
        TimeRange days = range("2026-04-03T13:00:00Z", "2026-04-06T13:30:00Z");
        Buckets buckets = Buckets.of(days, Granularity.DAY, lordHowe);
        assertThat(buckets.starts())
                .containsExactly(
                        Instant.parse("2026-04-03T13:00:00Z"),
                        Instant.parse("2026-04-04T13:00:00Z"),
                        Instant.parse("2026-04-05T13:30:00Z"));
        assertThat(buckets.cuts(days).hours())
                .containsExactly(Instant.parse("2026-04-05T13:00:00Z"), Instant.parse("2026-04-06T13:00:00Z"));
    }

    @Test
    void wholeDaysOfUtcComeFromTheDailyRollupAlone() {
        TimeRange week = range("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z");
        assertThat(Buckets.of(week, Granularity.DAY, ZoneOffset.UTC).slices(week))
                .containsExactly(new Slice(Rollup.DAILY, week));
        assertThat(Buckets.of(week, Granularity.MONTH, ZoneOffset.UTC).slices(week))
                .containsExactly(new Slice(Rollup.DAILY, week));
        assertThat(Buckets.of(week, Granularity.HOUR, ZoneOffset.UTC).slices(week))
                .containsExactly(new Slice(Rollup.HOURLY, week));
        assertThat(Buckets.of(week, Granularity.DAY, NEW_YORK).slices(week))
                .containsExactly(new Slice(Rollup.HOURLY, week));
    }

    @Test
    void partialDaysAtTheEdgesComeFromTheHourlyRollup() {
        TimeRange range = range("2026-01-01T13:00:00Z", "2026-01-07T02:00:00Z");
        assertThat(Buckets.of(range, Granularity.DAY, ZoneOffset.UTC).slices(range))
                .containsExactly(
                        new Slice(Rollup.HOURLY, range("2026-01-01T13:00:00Z", "2026-01-02T00:00:00Z")),
                        new Slice(Rollup.DAILY, range("2026-01-02T00:00:00Z", "2026-01-07T00:00:00Z")),
                        new Slice(Rollup.HOURLY, range("2026-01-07T00:00:00Z", "2026-01-07T02:00:00Z")));
    }

    @Test
    void monthsOfAnotherZoneAreHourlyOnlyAroundTheirEdges() {
        TimeRange range = range("2026-01-01T05:00:00Z", "2026-03-01T05:00:00Z");
        assertThat(Buckets.of(range, Granularity.MONTH, NEW_YORK).slices(range))
                .containsExactly(
                        new Slice(Rollup.HOURLY, range("2026-01-01T05:00:00Z", "2026-01-02T00:00:00Z")),
                        new Slice(Rollup.DAILY, range("2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z")),
                        new Slice(Rollup.HOURLY, range("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")),
                        new Slice(Rollup.DAILY, range("2026-02-02T00:00:00Z", "2026-03-01T00:00:00Z")),
                        new Slice(Rollup.HOURLY, range("2026-03-01T00:00:00Z", "2026-03-01T05:00:00Z")));
    }
}
