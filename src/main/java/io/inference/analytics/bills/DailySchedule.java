package io.inference.analytics.bills;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * When the daily import is due, and which days it reads.
 *
 * <p>A slot is a local date of the zone: a day on which the local time occurs twice has one slot, a
 * day without it has its slot an hour later. After an outage only the last slot is due. It also
 * reads the days that were missed, because they are missing in the ledger.
 */
record DailySchedule(LocalTime at, ZoneId zone) {

    private static final int WEEKLY_DAYS = 35;
    private static final int CLOSE_DAY = 5;

    /** The slot that began last. */
    LocalDate slot(Instant now) {
        LocalDate today = now.atZone(zone).toLocalDate();
        return now.isBefore(ZonedDateTime.of(today, at, zone).toInstant()) ? today.minusDays(1) : today;
    }

    /**
     * Days to read, in UTC: yesterday and the two days before it; on Mondays the last 35 days; on
     * the fifth also the whole previous month.
     */
    SortedSet<LocalDate> days(LocalDate slot, Instant now) {
        LocalDate yesterday = LocalDate.ofInstant(now, ZoneOffset.UTC).minusDays(1);
        LocalDate first = yesterday.minusDays(2);
        if (slot.getDayOfWeek() == DayOfWeek.MONDAY) {
            first = yesterday.minusDays(WEEKLY_DAYS - 1L);
        }
        SortedSet<LocalDate> days =
                new TreeSet<>(first.datesUntil(yesterday.plusDays(1)).toList());
        if (slot.getDayOfMonth() == CLOSE_DAY) {
            YearMonth closed = YearMonth.from(slot).minusMonths(1);
            closed.atDay(1).datesUntil(closed.atEndOfMonth().plusDays(1)).forEach(days::add);
        }
        return days;
    }

    /**
     * When the month before the slot's was to be closed; empty before that. Its days that were not
     * read since are due: the slot of the fifth was missed.
     */
    Optional<Instant> closed(LocalDate slot) {
        return slot.getDayOfMonth() <= CLOSE_DAY
                ? Optional.empty()
                : Optional.of(ZonedDateTime.of(slot.withDayOfMonth(CLOSE_DAY), at, zone)
                        .toInstant());
    }
}
