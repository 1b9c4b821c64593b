package io.inference.analytics.bills;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;

class DailyScheduleTest {

    private final DailySchedule schedule = new DailySchedule(LocalTime.of(6, 0), ZoneId.of("America/Los_Angeles"));

    private LocalDate slot(String at) {
        return schedule.slot(Instant.parse(at));
    }

    @Test
    void sixInLosAngelesIsThirteenOrFourteenInUtc() {
        assertThat(slot("2025-07-10T12:59:59Z")).isEqualTo(LocalDate.of(2025, 7, 9));
        assertThat(slot("2025-07-10T13:00:00Z")).isEqualTo(LocalDate.of(2025, 7, 10));
        assertThat(slot("2025-12-10T13:59:59Z")).isEqualTo(LocalDate.of(2025, 12, 9));
        assertThat(slot("2025-12-10T14:00:00Z")).isEqualTo(LocalDate.of(2025, 12, 10));
    }

    @Test
    void aDoubledAndAMissingHourAreOneSlotEach() {
        DailySchedule doubled = new DailySchedule(LocalTime.of(1, 30), schedule.zone());
        assertThat(doubled.slot(Instant.parse("2025-11-02T08:30:00Z"))).isEqualTo(LocalDate.of(2025, 11, 2));
        assertThat(doubled.slot(Instant.parse("2025-11-02T09:30:00Z"))).isEqualTo(LocalDate.of(2025, 11, 2));
        DailySchedule missing = new DailySchedule(LocalTime.of(2, 30), schedule.zone());
        assertThat(missing.slot(Instant.parse("2025-03-09T10:29:00Z")))
                .isEqualTo(LocalDate.of(2025, 3, 9).minusDays(1));
        assertThat(missing.slot(Instant.parse("2025-03-09T10:30:00Z"))).isEqualTo(LocalDate.of(2025, 3, 9));
    }

    @Test
    void recentDaysAreReadAgainAndMonthsAreClosed() {
        assertThat(schedule.days(LocalDate.of(2025, 10, 15), Instant.parse("2025-10-15T13:00:00Z")))
                .containsExactly(LocalDate.of(2025, 10, 12), LocalDate.of(2025, 10, 13), LocalDate.of(2025, 10, 14));
        assertThat(schedule.days(LocalDate.of(2025, 10, 13), Instant.parse("2025-10-13T13:00:00Z")))
                .as("a Monday")
                .hasSize(35)
                .contains(LocalDate.of(2025, 9, 8));
        assertThat(schedule.days(LocalDate.of(2025, 11, 5), Instant.parse("2025-11-05T14:00:00Z")))
                .as("the fifth")
                .hasSize(31 + 3)
                .contains(LocalDate.of(2025, 10, 1), LocalDate.of(2025, 10, 31));
        assertThat(schedule.closed(LocalDate.of(2025, 11, 5)))
                .as("the slot itself reads the month")
                .isEmpty();
        assertThat(schedule.closed(LocalDate.of(2025, 11, 6))).contains(Instant.parse("2025-11-05T14:00:00Z"));
    }
}
