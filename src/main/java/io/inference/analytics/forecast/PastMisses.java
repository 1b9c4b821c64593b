package io.inference.analytics.forecast;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How far an organisation's own past was from what {@link WeekdayProfile} would have expected of it: from days of its history, the
 * days after them are forecast and compared. So spend that jumps has a wide range.
 */
final class PastMisses {

    /** More days than this leave too few places in the history to begin at. */
    private static final int DAYS_MAX = 4 * WeekdayProfile.WEEK;

    /** Neighbouring days miss by nearly the same. */
    private static final int STEP = 2;

    /**
     * Of 100 misses so many are smaller. A little more than {@link Outlook#PROBABILITY_PERCENT}, because misses that overlap vary less
     * than those to come; chosen with the table of docs/forecast.md.
     */
    private static final int MISSES_PERCENT = 85;

    private PastMisses() {}

    /**
     * Half the width of the range of some days to come, in cents.
     *
     * @param history cents of whole days, the oldest first
     * @param level what a day of an average place in the week costs, in cents
     * @param days how many are to come, the rest of a day counted as one
     * @return 0 when the history is too short to look back
     */
    static BigDecimal width(List<BigDecimal> history, BigDecimal level, int days) {
        int length = Math.min(Math.min(days, DAYS_MAX), (history.size() - WeekdayProfile.DAYS_MIN) / 2);
        if (length < 1) {
            return BigDecimal.ZERO;
        }
        List<BigDecimal> misses = IntStream.iterate(
                        WeekdayProfile.DAYS_MIN, start -> start + length <= history.size(), start -> start + STEP)
                .mapToObj(start -> miss(history, start, length))
                .filter(miss -> miss.signum() >= 0)
                .sorted()
                .toList();
        if (misses.isEmpty()) {
            return BigDecimal.ZERO;
        }
        BigDecimal longer = BigDecimal.valueOf(days).divide(BigDecimal.valueOf(length), MathContext.DECIMAL64);
        return misses.get((misses.size() * MISSES_PERCENT + 99) / 100 - 1)
                .multiply(level)
                .multiply(BigDecimal.valueOf(days))
                .multiply(longer.sqrt(MathContext.DECIMAL64), MathContext.DECIMAL64);
    }

    /** As a share of the level, per day; negative where there was no level. */
    private static BigDecimal miss(List<BigDecimal> history, int start, int length) {
        WeekdayProfile profile = WeekdayProfile.of(history.subList(0, start)).orElseThrow();
        if (profile.level().signum() <= 0) {
            return BigDecimal.ONE.negate();
        }
        BigDecimal miss = BigDecimal.ZERO;
        for (int day = 0; day < length; day++) {
            miss = miss.add(history.get(start + day)).subtract(profile.day(day));
        }
        return miss.abs().divide(profile.level().multiply(BigDecimal.valueOf(length)), MathContext.DECIMAL64);
    }
}
