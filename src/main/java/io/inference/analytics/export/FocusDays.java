package io.inference.analytics.export;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;

/**
 * The billed days of a window. Bills have UTC days, and a window has days of its zone. The bill of
 * a day belongs to the window in which the day of the same date begins. So the file of March holds
 * the bill of March in every zone, and windows side by side hold each day once.
 *
 * @param end the day after the last
 */
record FocusDays(LocalDate first, LocalDate end) {

    static FocusDays of(ExportOrder order) {
        ZoneId zone = order.zone();
        return new FocusDays(
                firstFrom(order.range().start(), zone), firstFrom(order.range().end(), zone));
    }

    private static LocalDate firstFrom(Instant time, ZoneId zone) {
        LocalDate day = LocalDate.ofInstant(time, zone);
        return day.atStartOfDay(zone).toInstant().isBefore(time) ? day.plusDays(1) : day;
    }
}
