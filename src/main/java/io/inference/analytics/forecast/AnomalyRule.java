package io.inference.analytics.forecast;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Optional;

/**
 * When a cost is unusual: it is compared with those of the same place in the week, in the weeks
 * before. It is unusual when it departs from their median by all of: {@link #DEVIATIONS_MIN} standard
 * deviations, half of the median, and a minimum amount.
 *
 * <p>The standard deviation is the median of the absolute deviations, scaled as for a normal
 * distribution. So an unusual week among those before does not hide the next one.
 *
 * @param minimum cents; a smaller departure is never unusual, however small the organisation is
 */
record AnomalyRule(BigDecimal minimum) {

    static final int WEEKS_MIN = 4;
    static final int WEEKS_MAX = 8;

    private static final BigDecimal DEVIATIONS_MIN = BigDecimal.valueOf(4);
    private static final BigDecimal SHARE_MIN = new BigDecimal("0.5");

    /**
     * What was expected.
     *
     * @param expected cents
     * @param difference cents; negative when it cost less
     */
    record Departure(BigDecimal expected, BigDecimal difference) {

        boolean isHigher() {
            return difference.signum() > 0;
        }
    }

    /**
     * Compares a cost.
     *
     * @param before costs of the weeks before
     * @return empty when it is usual, or when there are fewer than {@link #WEEKS_MIN} weeks
     */
    Optional<Departure> judge(BigDecimal cents, List<BigDecimal> before) {
        if (!canJudge(before)) {
            return Optional.empty();
        }
        Departure departure = compare(cents, before);
        BigDecimal deviation = WeekdayProfile.deviation(before, departure.expected());
        BigDecimal limit = minimum.max(departure.expected().multiply(SHARE_MIN))
                .max(deviation.multiply(DEVIATIONS_MIN, MathContext.DECIMAL64));
        return departure.difference().abs().compareTo(limit) >= 0 ? Optional.of(departure) : Optional.empty();
    }

    /** Whether there are enough weeks before to compare with. */
    static boolean canJudge(List<BigDecimal> before) {
        return before.size() >= WEEKS_MIN;
    }

    /** The difference to the median of the weeks before. */
    static Departure compare(BigDecimal cents, List<BigDecimal> before) {
        BigDecimal expected = WeekdayProfile.median(before);
        return new Departure(expected, cents.subtract(expected));
    }
}
