package io.inference.analytics.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WeekdayProfileTest {

    /** Ends on a Sunday. */
    private static final int[] OFFICE_WEEK = {100, 110, 120, 110, 100, 0, 0};

    private static List<BigDecimal> weeks(int count, int... week) {
        return new ArrayList<>(IntStream.range(0, count * week.length)
                .mapToObj(day -> BigDecimal.valueOf(week[day % week.length]))
                .toList());
    }

    private static WeekdayProfile profile(List<BigDecimal> days) {
        return WeekdayProfile.of(days).orElseThrow();
    }

    @Test
    void aRhythmThatNeverChangesComesAgainWithoutSpread() {
        WeekdayProfile profile = profile(weeks(4, OFFICE_WEEK));
        for (int day = 0; day < 14; day++) {
            assertThat(WeekdayProfile.cents(profile.day(day)))
                    .as("day " + day)
                    .isEqualByComparingTo(BigDecimal.valueOf(OFFICE_WEEK[day % 7]));
        }
        assertThat(profile.deviation(14)).isLessThan(BigDecimal.ONE);
    }

    @Test
    void oneUnusualDayMovesNothing() {
        List<BigDecimal> days = weeks(6, 100, 100, 100, 100, 100, 100, 100);
        days.set(days.size() - 3, BigDecimal.valueOf(5_000));
        assertThat(profile(days).day(4)).isEqualByComparingTo("100");
    }

    @Test
    void aNewLevelCountsAfterAWeek() {
        List<BigDecimal> days = weeks(6, 100, 100, 100, 100, 100, 100, 100);
        days.addAll(weeks(2, 300, 300, 300, 300, 300, 300, 300));
        assertThat(profile(days).day(0)).isEqualByComparingTo("300");
    }

    @Test
    void thirteenDaysAreTooFew() {
        assertThat(WeekdayProfile.of(weeks(13, 100))).isEmpty();
        assertThat(WeekdayProfile.of(weeks(14, 100))).isPresent();
    }

    @Test
    void daysThatCostNothingAreExpectedToCostNothing() {
        assertThat(profile(weeks(14, 0)).day(0)).isEqualByComparingTo(BigDecimal.ZERO);
        assertThat(profile(weeks(14, 0)).deviation(30)).isEqualByComparingTo(BigDecimal.ZERO);
    }

    @Test
    void whatIsToComeIsAddedToWhatIsSpent() {
        Optional<Outlook> outlook = Outlook.of(new BigDecimal("1234.5"), weeks(56, 100), new BigDecimal("0.25"), 10);
        assertThat(outlook)
                .contains(new Outlook(BigDecimal.valueOf(2_260), BigDecimal.valueOf(2_260), BigDecimal.valueOf(2_260)));
    }

    @Test
    void theRangeNeverBeginsBelowWhatIsSpent() {
        Outlook outlook = Outlook.of(BigDecimal.valueOf(900), weeks(8, 1, 900, 3, 20, 700, 2, 40), BigDecimal.ZERO, 1)
                .orElseThrow();
        assertThat(outlook.low()).isGreaterThanOrEqualTo(BigDecimal.valueOf(900));
        assertThat(outlook.high()).isGreaterThanOrEqualTo(outlook.expected());
    }
}
