package io.inference.analytics.series;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;

class CutHoursTest {

    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    private record Kept(Period rollups, Period raw) implements Retention {}

    /** Days of Kolkata, from and to midnight there. */
    private static CutHours days(String start, String end) {
        TimeRange range = new TimeRange(Instant.parse(start), Instant.parse(end));
        return Buckets.of(range, Granularity.DAY, ZoneId.of("Asia/Kolkata")).cuts(range);
    }

    @Test
    void aQuestionWhoseRawEventsAreGoneIsRefusedAndSaysSinceWhenTheyAreKept() {
        Retention month = new Kept(Period.ofMonths(13), Period.ofDays(30));
        assertThatThrownBy(() ->
                        days("2026-05-01T18:30:00Z", "2026-05-31T18:30:00Z").requireKept(month, NOW))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("timeZone")
                .hasMessageContaining("2026-05-03T00:00:00Z");
        assertThatCode(() ->
                        days("2026-05-03T18:30:00Z", "2026-05-31T18:30:00Z").requireKept(month, NOW))
                .doesNotThrowAnyException();
    }

    @Test
    void rawEventsThatAreKeptAsLongAsRollupsAnswerEverything() {
        Retention usual = new Kept(Period.ofMonths(13), Period.ofDays(400));
        assertThatCode(() ->
                        days("2025-01-01T18:30:00Z", "2025-12-31T18:30:00Z").requireKept(usual, NOW))
                .doesNotThrowAnyException();
    }
}
