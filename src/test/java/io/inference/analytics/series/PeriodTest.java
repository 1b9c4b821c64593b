package io.inference.analytics.series;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PeriodTest {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    /** A Wednesday, three days after Berlin's clocks went forward. */
    private static final Instant NOW = Instant.parse("2026-04-01T10:20:30Z");

    @ParameterizedTest
    @CsvSource({
        "today, 2026-03-31T22:00:00Z, 2026-04-01T10:20:30Z",
        "yesterday, 2026-03-30T22:00:00Z, 2026-03-31T22:00:00Z",
        "last-24-hours, 2026-03-31T10:20:30Z, 2026-04-01T10:20:30Z",
        "last-7-days, 2026-03-25T11:20:30Z, 2026-04-01T10:20:30Z",
        "last-30-days, 2026-03-02T11:20:30Z, 2026-04-01T10:20:30Z",
        "week-to-date, 2026-03-29T22:00:00Z, 2026-04-01T10:20:30Z",
        "month-to-date, 2026-03-31T22:00:00Z, 2026-04-01T10:20:30Z",
        "last-month, 2026-02-28T23:00:00Z, 2026-03-31T22:00:00Z",
        "quarter-to-date, 2026-03-31T22:00:00Z, 2026-04-01T10:20:30Z",
        "year-to-date, 2025-12-31T23:00:00Z, 2026-04-01T10:20:30Z",
    })
    void unitsAreThoseOfTheZone(String name, Instant start, Instant end) {
        Period period = Period.valueOf(name.replace('-', '_').toUpperCase(java.util.Locale.ROOT));
        assertThat(period.wireName()).isEqualTo(name);
        assertThat(period.at(NOW, BERLIN)).isEqualTo(new TimeRange(start, end));
    }

    @ParameterizedTest
    @EnumSource(Period.class)
    void noPeriodIsEmptyInTheInstantInWhichAllUnitsBegin(Period period) {
        Instant newYear = Instant.parse("2029-01-01T00:00:00Z"); // a Monday
        assertThat(period.at(newYear, ZoneId.of("UTC")).start()).isBeforeOrEqualTo(newYear);
    }

    @ParameterizedTest
    @CsvSource({
        "TODAY, 2026-03-30T22:00:00Z, 2026-03-31T10:00:00Z",
        "YESTERDAY, 2026-03-29T22:00:00Z, 2026-03-30T22:00:00Z",
        "WEEK_TO_DATE, 2026-03-22T23:00:00Z, 2026-03-25T11:00:00Z",
        "MONTH_TO_DATE, 2026-02-28T23:00:00Z, 2026-03-01T11:00:00Z",
        "LAST_MONTH, 2026-01-31T23:00:00Z, 2026-02-28T23:00:00Z",
        "QUARTER_TO_DATE, 2025-12-31T23:00:00Z, 2026-01-01T11:00:00Z",
        "YEAR_TO_DATE, 2024-12-31T23:00:00Z, 2025-04-01T10:00:00Z",
    })
    void thePreviousRangeIsTheSamePartOfTheUnitBefore(Period period, Instant start, Instant end) {
        Instant hour = Instant.parse("2026-04-01T10:00:00Z");
        assertThat(period.previous(period.at(hour, BERLIN), BERLIN)).isEqualTo(new TimeRange(start, end));
    }

    @Test
    void thePartOfAShorterUnitIsTheWholeUnit() {
        Instant march31 = Instant.parse("2026-03-31T10:00:00Z");
        ZoneId utc = ZoneId.of("UTC");
        assertThat(Period.MONTH_TO_DATE.previous(Period.MONTH_TO_DATE.at(march31, utc), utc))
                .isEqualTo(new TimeRange(Instant.parse("2026-02-01T00:00:00Z"), Instant.parse("2026-03-01T00:00:00Z")));
    }

    @Test
    void aQuarterBeginsWithItsFirstMonth() {
        assertThat(Period.QUARTER_TO_DATE
                        .at(Instant.parse("2026-12-31T12:00:00Z"), ZoneId.of("UTC"))
                        .start())
                .isEqualTo(Instant.parse("2026-10-01T00:00:00Z"));
    }
}
