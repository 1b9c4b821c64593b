package io.inference.analytics.forecast;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Optional;

/**
 * What a period will have cost at its end.
 *
 * @param expected cents
 * @param low cents; in {@link #PROBABILITY_PERCENT} of 100 cases the total lies between low and
 *     high
 * @param high cents
 */
record Outlook(BigDecimal expected, BigDecimal low, BigDecimal high) {

    static final int PROBABILITY_PERCENT = 80;

    /** Days before today that are looked at: those of the profile, and as many more to see how far it was off. */
    static final int DAYS_MAX = 2 * WeekdayProfile.DAYS_MAX;

    /**
     * So many standard deviations to either side. 1.28 would hold 80 of 100 cases of a normal distribution; a little less does for
     * spend with a steady rhythm, see the table of docs/forecast.md, and {@link PastMisses} widens the range of all other.
     */
    private static final BigDecimal DEVIATIONS = new BigDecimal("1.0253");

    /**
     * Adds what is still to come to what is spent.
     *
     * @param spent cents of the period so far
     * @param history cents of whole days before today, the oldest first
     * @param left how much of today is still to come, from 0 to 1
     * @param daysAfterToday whole days of the period after today
     * @return empty when there is too little history
     */
    static Optional<Outlook> of(BigDecimal spent, List<BigDecimal> history, BigDecimal left, int daysAfterToday) {
        return WeekdayProfile.of(history).map(profile -> {
            BigDecimal toCome = profile.day(0).multiply(left, MathContext.DECIMAL64);
            for (int day = 1; day <= daysAfterToday; day++) {
                toCome = toCome.add(profile.day(day));
            }
            BigDecimal expected = spent.add(toCome);
            int days = daysAfterToday + (left.signum() > 0 ? 1 : 0);
            BigDecimal width =
                    profile.deviation(days).multiply(DEVIATIONS).max(PastMisses.width(history, profile.level(), days));
            return new Outlook(
                    WeekdayProfile.cents(expected),
                    WeekdayProfile.cents(expected.subtract(width).max(spent)),
                    WeekdayProfile.cents(expected.add(width)));
        });
    }
}
