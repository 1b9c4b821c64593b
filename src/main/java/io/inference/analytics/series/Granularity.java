package io.inference.analytics.series;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.DayOfWeek;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;

/**
 * How long a bucket is. Days, weeks (from Monday) and months are those of a time zone; hours are hours everywhere; a total is one
 * bucket, as long as the range.
 */
public enum Granularity {
    HOUR("31 days"),
    DAY("400 days"),
    WEEK("400 days"),
    MONTH("13 months"),
    TOTAL("400 days");

    private final String rangeMax;

    Granularity(String rangeMax) {
        this.rangeMax = rangeMax;
    }

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The longest range in words, for messages. */
    public String rangeMax() {
        return rangeMax;
    }

    /** The latest end that a range from {@code start} may have; counted in the zone, so that a month with 745 hours fits. */
    ZonedDateTime latestEnd(ZonedDateTime start) {
        return switch (this) {
            case HOUR -> start.plusDays(31);
            case DAY, WEEK, TOTAL -> start.plusDays(400);
            case MONTH -> start.plusMonths(13);
        };
    }

    /** Start of the bucket that holds {@code time}. */
    ZonedDateTime floor(ZonedDateTime time) {
        return switch (this) {
            case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
            case DAY -> time.toLocalDate().atStartOfDay(time.getZone());
            case WEEK ->
                time.toLocalDate()
                        .with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                        .atStartOfDay(time.getZone());
            case MONTH -> time.toLocalDate().withDayOfMonth(1).atStartOfDay(time.getZone());
            case TOTAL -> throw noEdges();
        };
    }

    /** Start of the bucket after the one that starts at {@code bucketStart}. */
    ZonedDateTime next(ZonedDateTime bucketStart) {
        return switch (this) {
            case HOUR -> bucketStart.plusHours(1);
            case DAY -> bucketStart.toLocalDate().plusDays(1).atStartOfDay(bucketStart.getZone());
            case WEEK -> bucketStart.toLocalDate().plusWeeks(1).atStartOfDay(bucketStart.getZone());
            case MONTH -> bucketStart.toLocalDate().plusMonths(1).atStartOfDay(bucketStart.getZone());
            case TOTAL -> throw noEdges();
        };
    }

    private static IllegalStateException noEdges() {
        return new IllegalStateException("granularity: total (expected: one whose buckets have edges of their own)");
    }
}
