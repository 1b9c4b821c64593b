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

    /** So many standard deviations to either side hold 80 of 100 cases of a normal distribution. */
    private static final BigDecimal WIDTH = new BigDecimal("1.2816");

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
            BigDecimal width = profile.deviation(daysAfterToday + (left.signum() > 0 ? 1 : 0))
                    .multiply(WIDTH);
            return new Outlook(
                    WeekdayProfile.cents(expected),
                    WeekdayProfile.cents(expected.subtract(width).max(spent)),
                    WeekdayProfile.cents(expected.add(width)));
        });
    }
}
