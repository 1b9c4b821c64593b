package io.inference.analytics.series;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** How long a bucket is. Days and months are those of a time zone; hours are hours everywhere. */
public enum Granularity {
    HOUR("31 days"),
    DAY("400 days"),
    MONTH("13 months");

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
            case DAY -> start.plusDays(400);
            case MONTH -> start.plusMonths(13);
        };
    }

    /** Start of the bucket that holds {@code time}. */
    ZonedDateTime floor(ZonedDateTime time) {
        return switch (this) {
            case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
            case DAY -> time.toLocalDate().atStartOfDay(time.getZone());
            case MONTH -> time.toLocalDate().withDayOfMonth(1).atStartOfDay(time.getZone());
        };
    }

    /** Start of the bucket after the one that starts at {@code bucketStart}. */
    ZonedDateTime next(ZonedDateTime bucketStart) {
        return switch (this) {
            case HOUR -> bucketStart.plusHours(1);
            case DAY -> bucketStart.toLocalDate().plusDays(1).atStartOfDay(bucketStart.getZone());
            case MONTH -> bucketStart.toLocalDate().plusMonths(1).atStartOfDay(bucketStart.getZone());
        };
    }
}
