package io.inference.analytics.series;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.Locale;

/**
 * A range named by where it lies from now. Its days, weeks (from Monday), months, quarters and years are those of a time zone;
 * a period that is still running ends now.
 */
public enum Period {
    TODAY,
    YESTERDAY,
    LAST_24_HOURS,
    LAST_7_DAYS,
    LAST_30_DAYS,
    WEEK_TO_DATE,
    MONTH_TO_DATE,
    LAST_MONTH,
    QUARTER_TO_DATE,
    YEAR_TO_DATE;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it is a unit of the calendar that has not ended yet. */
    public boolean isRunning() {
        return switch (this) {
            case TODAY, WEEK_TO_DATE, MONTH_TO_DATE, QUARTER_TO_DATE, YEAR_TO_DATE -> true;
            case YESTERDAY, LAST_24_HOURS, LAST_7_DAYS, LAST_30_DAYS, LAST_MONTH -> false;
        };
    }

    /**
     * End of the unit that is running, exclusive.
     *
     * @throws IllegalStateException when none is
     */
    public Instant unitEnd(Instant now, ZoneId zone) {
        LocalDate first = LocalDate.ofInstant(at(now, zone).start(), zone);
        LocalDate end =
                switch (this) {
                    case TODAY -> first.plusDays(1);
                    case WEEK_TO_DATE -> first.plusWeeks(1);
                    case MONTH_TO_DATE -> first.plusMonths(1);
                    case QUARTER_TO_DATE -> first.plusMonths(3);
                    case YEAR_TO_DATE -> first.plusYears(1);
                    case YESTERDAY, LAST_24_HOURS, LAST_7_DAYS, LAST_30_DAYS, LAST_MONTH ->
                        throw new IllegalStateException(wireName() + " is over (expected: a unit that is running)");
                };
        return end.atStartOfDay(zone).toInstant();
    }

    /** The range as of {@code now}. It holds at least a millisecond, also in the instant in which its unit begins. */
    TimeRange at(Instant now, ZoneId zone) {
        ZonedDateTime local = now.atZone(zone);
        LocalDate today = local.toLocalDate();
        return switch (this) {
            case TODAY -> toDate(today, now, zone);
            case YESTERDAY -> days(today.minusDays(1), today, zone);
            case LAST_24_HOURS -> new TimeRange(now.minus(24, ChronoUnit.HOURS), now);
            case LAST_7_DAYS -> new TimeRange(local.minusDays(7).toInstant(), now);
            case LAST_30_DAYS -> new TimeRange(local.minusDays(30).toInstant(), now);
            case WEEK_TO_DATE -> toDate(today.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)), now, zone);
            case MONTH_TO_DATE -> toDate(today.withDayOfMonth(1), now, zone);
            case LAST_MONTH -> days(today.withDayOfMonth(1).minusMonths(1), today.withDayOfMonth(1), zone);
            case QUARTER_TO_DATE ->
                toDate(today.withDayOfMonth(1).minusMonths((today.getMonthValue() - 1) % 3), now, zone);
            case YEAR_TO_DATE -> toDate(today.withDayOfYear(1), now, zone);
        };
    }

    /** The same part of the unit before; for a range without a calendar unit, the one of the same length right before it. */
    TimeRange previous(TimeRange range, ZoneId zone) {
        return switch (this) {
            case YESTERDAY, LAST_24_HOURS, LAST_7_DAYS, LAST_30_DAYS -> before(range, zone);
            case TODAY -> earlier(range, zone, java.time.Period.ofDays(1));
            case WEEK_TO_DATE -> earlier(range, zone, java.time.Period.ofWeeks(1));
            case MONTH_TO_DATE -> earlier(range, zone, java.time.Period.ofMonths(1));
            case LAST_MONTH ->
                new TimeRange(range.start().atZone(zone).minusMonths(1).toInstant(), range.start());
            case QUARTER_TO_DATE -> earlier(range, zone, java.time.Period.ofMonths(3));
            case YEAR_TO_DATE -> earlier(range, zone, java.time.Period.ofYears(1));
        };
    }

    /** The range of the same length, by the clocks of the zone, right before. */
    static TimeRange before(TimeRange range, ZoneId zone) {
        LocalDateTime start = LocalDateTime.ofInstant(range.start(), zone);
        Duration length = Duration.between(start, LocalDateTime.ofInstant(range.end(), zone));
        Instant earlier = start.minus(length).atZone(zone).toInstant();
        // The clocks may have gone back in the range, so that it has no length by them.
        return new TimeRange(
                earlier.isBefore(range.start())
                        ? earlier
                        : range.start().minus(Duration.between(range.start(), range.end())),
                range.start());
    }

    /** As much of the unit before, which may be shorter. */
    private static TimeRange earlier(TimeRange range, ZoneId zone, java.time.Period unit) {
        LocalDateTime start = LocalDateTime.ofInstant(range.start(), zone);
        Duration length = Duration.between(start, LocalDateTime.ofInstant(range.end(), zone));
        LocalDateTime earlier = start.minus(unit);
        Instant low = earlier.atZone(zone).toInstant();
        Instant high = earlier.plus(length).atZone(zone).toInstant();
        return new TimeRange(low, high.isAfter(low) && high.isBefore(range.start()) ? high : range.start());
    }

    private static TimeRange toDate(LocalDate first, Instant now, ZoneId zone) {
        Instant start = first.atStartOfDay(zone).toInstant();
        return new TimeRange(start, now.isAfter(start) ? now : start.plusMillis(1));
    }

    private static TimeRange days(LocalDate first, LocalDate end, ZoneId zone) {
        return new TimeRange(
                first.atStartOfDay(zone).toInstant(), end.atStartOfDay(zone).toInstant());
    }
}
