package io.inference.analytics.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.SeriesScope;
import java.time.Instant;
import java.time.Period;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForecastQueryTest {

    private static final Instant EVENING = Instant.parse("2026-11-29T21:23:00Z");

    /** Rollups are kept longer than any history. */
    private record Kept(Period raw) implements Retention {

        @Override
        public Period rollups() {
            return Period.ofMonths(13);
        }
    }

    private static SeriesScope history(String zone, Instant now, int rawDays) {
        Kept kept = new Kept(Period.ofDays(rawDays));
        SeriesScope history =
                ForecastQuery.parse(Map.of("timeZone", List.of(zone)), now).history(kept.raw());
        history.buckets().cuts(history.range()).requireKept(kept, now);
        return history;
    }

    private static int days(SeriesScope history) {
        return history.buckets().starts().size();
    }

    @ParameterizedTest
    @CsvSource({"Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Adelaide"})
    void aZoneOfHalfHoursNeedsNoRawEventsThatMayBeGone(String zone) {
        for (int hour = 0; hour < 24; hour++) {
            for (int raw = 58; raw <= 120; raw++) {
                assertThat(days(history(zone, EVENING.plusSeconds(hour * 3_600L), raw)))
                        .as("%s, %d days", zone, raw)
                        .isBetween(
                                Math.max(WeekdayProfile.DAYS_MAX, Math.min(raw - 2, Outlook.DAYS_MAX)),
                                Outlook.DAYS_MAX);
            }
        }
    }

    @Test
    void whereRollupsAnswerAllDaysAreLearntFrom() {
        assertThat(days(history("UTC", EVENING, 57))).isEqualTo(Outlook.DAYS_MAX);
        assertThat(days(history("Asia/Kolkata", EVENING, 400))).isEqualTo(Outlook.DAYS_MAX);
    }
}
