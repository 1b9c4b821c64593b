package io.inference.analytics.forecast;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a day costs by its place in the week, learnt from the days before it.
 *
 * <p>Days are counted in weeks that end with the last whole day. Each place in the week has the
 * middle of its shares of the weeks' daily means: the mean without the highest and the lowest
 * quarter. The level is the middle of the latest {@link #LEVEL_DAYS} days, each divided by the share
 * of its place. So one unusual day moves neither much.
 *
 * <p>The spread has two parts: how far days lie from their share, scaled to a standard deviation,
 * and how far the mean moves from one week to the next. Both are medians.
 *
 * @param level what a day of an average place in the week costs, in cents
 * @param shares of the seven days of the next week, the first being the day after the history; 1 is
 *     average
 * @param noise standard deviation of one day, in cents
 * @param drift standard deviation of the level from one week to the next, in cents
 */
record WeekdayProfile(BigDecimal level, List<BigDecimal> shares, BigDecimal noise, BigDecimal drift) {

    static final int WEEK = 7;

    /** Fewer days than this say nothing about days of the week. */
    static final int DAYS_MIN = 2 * WEEK;

    /** Older days say more about the past than about what comes. */
    static final int DAYS_MAX = 8 * WEEK;

    private static final int LEVEL_DAYS = 2 * WEEK;

    /** Scales a median of absolute deviations to a standard deviation, for a normal distribution. */
    private static final BigDecimal TO_DEVIATION = new BigDecimal("1.4826");

    private static final MathContext DIGITS = MathContext.DECIMAL64;

    /**
     * Learns from whole days.
     *
     * @param cents cost of each day, the oldest first
     * @return empty when there are fewer than {@link #DAYS_MIN} days
     */
    static Optional<WeekdayProfile> of(List<BigDecimal> cents) {
        if (cents.size() < DAYS_MIN) {
            return Optional.empty();
        }
        List<List<BigDecimal>> weeks = weeks(cents.subList(Math.max(0, cents.size() - DAYS_MAX), cents.size()));
        List<BigDecimal> means = weeks.stream().map(WeekdayProfile::mean).toList();
        List<BigDecimal> shares = IntStream.range(0, WEEK)
                .mapToObj(place -> middle(shares(weeks, means, place)))
                .toList();
        BigDecimal level = middle(levels(cents.subList(cents.size() - LEVEL_DAYS, cents.size()), shares));
        Stream<BigDecimal> misses = IntStream.range(0, WEEK)
                .boxed()
                .flatMap(place -> shares(weeks, means, place).stream()
                        .map(share -> share.subtract(shares.get(place)).abs()));
        Stream<BigDecimal> moves = IntStream.range(1, means.size())
                .filter(i -> means.get(i - 1).signum() > 0)
                .mapToObj(i -> divide(means.get(i).subtract(means.get(i - 1)).abs(), means.get(i - 1)));
        return Optional.of(new WeekdayProfile(
                level,
                shares,
                median(misses.toList()).multiply(TO_DEVIATION).multiply(level, DIGITS),
                median(moves.toList()).multiply(level, DIGITS)));
    }

    /** What a day is expected to cost, in cents; day 0 is the one after the history. */
    BigDecimal day(int day) {
        return level.multiply(shares.get(day % WEEK), DIGITS);
    }

    /**
     * Standard deviation of the sum of some days to come, in cents: days are independent of each
     * other, the level goes its way for all of them.
     *
     * @param days how many, the rest of a day counted as one
     */
    BigDecimal deviation(int days) {
        BigDecimal count = BigDecimal.valueOf(days);
        BigDecimal weeks = divide(count, BigDecimal.valueOf(WEEK));
        BigDecimal ofDays = noise.pow(2).multiply(count);
        BigDecimal ofLevel = drift.multiply(count).pow(2).multiply(weeks.add(BigDecimal.ONE));
        return ofDays.add(ofLevel).sqrt(DIGITS);
    }

    /** Whole weeks, the oldest first; the last one ends with the last day. */
    private static List<List<BigDecimal>> weeks(List<BigDecimal> days) {
        List<List<BigDecimal>> weeks = new ArrayList<>();
        for (int start = days.size() % WEEK; start < days.size(); start += WEEK) {
            weeks.add(days.subList(start, start + WEEK));
        }
        return weeks;
    }

    /** A place's share of its week's mean, in each week that cost anything. */
    private static List<BigDecimal> shares(List<List<BigDecimal>> weeks, List<BigDecimal> means, int place) {
        return IntStream.range(0, weeks.size())
                .filter(week -> means.get(week).signum() > 0)
                .mapToObj(week -> divide(weeks.get(week).get(place), means.get(week)))
                .toList();
    }

    private static List<BigDecimal> levels(List<BigDecimal> lastDays, List<BigDecimal> shares) {
        return IntStream.range(0, lastDays.size())
                .filter(day -> shares.get(day % WEEK).signum() > 0)
                .mapToObj(day -> divide(lastDays.get(day), shares.get(day % WEEK)))
                .toList();
    }

    private static BigDecimal mean(List<BigDecimal> values) {
        return divide(values.stream().reduce(BigDecimal.ZERO, BigDecimal::add), BigDecimal.valueOf(values.size()));
    }

    /** The mean without the highest and the lowest quarter; 0 when there is no value. */
    private static BigDecimal middle(List<BigDecimal> values) {
        int cut = values.size() / 4;
        List<BigDecimal> sorted = values.stream().sorted().toList();
        return values.isEmpty() ? BigDecimal.ZERO : mean(sorted.subList(cut, sorted.size() - cut));
    }

    /** Standard deviation of values around their median, estimated so that a few strays do not count. */
    static BigDecimal deviation(List<BigDecimal> values, BigDecimal median) {
        return median(values.stream().map(value -> value.subtract(median).abs()).toList())
                .multiply(TO_DEVIATION);
    }

    /** 0 when there is no value. */
    static BigDecimal median(List<BigDecimal> values) {
        List<BigDecimal> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        return sorted.isEmpty()
                ? BigDecimal.ZERO
                : mean(sorted.subList(sorted.size() % 2 == 0 ? half - 1 : half, half + 1));
    }

    private static BigDecimal divide(BigDecimal part, BigDecimal whole) {
        return part.divide(whole, DIGITS);
    }

    /** Rounded to whole cents. */
    static BigDecimal cents(BigDecimal exact) {
        return exact.setScale(0, RoundingMode.HALF_EVEN);
    }
}
