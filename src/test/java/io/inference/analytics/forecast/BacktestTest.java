package io.inference.analytics.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.StoredDocument;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Forecasts of months whose end is known. Each kind of spend is made from fixed seeds, so the table
 * is the same on each run.
 */
class BacktestTest {

    private static final Path PAGE = Path.of("docs", "forecast.md");
    private static final int SERIES = 40;
    private static final int HISTORY = 56;
    private static final int MONTH = 30;
    private static final int[] DAYS_OF_MONTH = {5, 10, 15, 20, 25};
    private static final double[] OFFICE = {1.2, 1.3, 1.3, 1.25, 1.1, 0.45, 0.4};

    private enum Kind {
        STEADY("the same on each day of the week, 10 % noise"),
        OFFICE_HOURS("little on weekends, 15 % noise"),
        GROWING("as before, and 3 % more each week"),
        SPIKES("as before without growth, one day in 20 costs five times as much"),
        NEW_LEVEL("doubles on one day of the 60 before the month's end"),
        FEW_DAYS("nothing on half of the days");

        private final String meaning;

        Kind(String meaning) {
            this.meaning = meaning;
        }

        double factor(int day, int newLevelAt, Random random) {
            double noise = Math.exp(random.nextGaussian() * (this == STEADY ? 0.1 : 0.15));
            double office = OFFICE[day % 7] * noise;
            return switch (this) {
                case STEADY -> noise;
                case OFFICE_HOURS -> office;
                case GROWING -> office * Math.pow(1.03, day / 7.0);
                case SPIKES -> random.nextInt(20) == 0 ? 5 * office : office;
                case NEW_LEVEL -> day >= newLevelAt ? 2 * office : office;
                case FEW_DAYS -> random.nextBoolean() ? 0 : office;
            };
        }

        List<BigDecimal> days(int seed) {
            Random random = new Random(31L * ordinal() + seed);
            int newLevelAt = HISTORY + MONTH - 1 - random.nextInt(60);
            return IntStream.range(0, HISTORY + MONTH)
                    .mapToObj(day -> BigDecimal.valueOf(Math.round(10_000 * factor(day, newLevelAt, random))))
                    .toList();
        }
    }

    private record Result(double error, boolean held) {}

    private static BigDecimal sum(List<BigDecimal> days) {
        return days.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    /** At the beginning of a day of the month. */
    private static Result forecast(List<BigDecimal> days, int dayOfMonth) {
        int today = HISTORY + dayOfMonth - 1;
        BigDecimal total = sum(days.subList(HISTORY, HISTORY + MONTH));
        Outlook outlook = Outlook.of(
                        sum(days.subList(HISTORY, today)),
                        days.subList(today - HISTORY, today),
                        BigDecimal.ONE,
                        MONTH - dayOfMonth)
                .orElseThrow();
        double error = outlook.expected()
                .subtract(total)
                .abs()
                .divide(total, MathContext.DECIMAL64)
                .doubleValue();
        return new Result(
                error, outlook.low().compareTo(total) <= 0 && outlook.high().compareTo(total) >= 0);
    }

    private static List<Result> results(Kind kind, int dayOfMonth) {
        return IntStream.range(0, SERIES)
                .mapToObj(seed -> forecast(kind.days(seed), dayOfMonth))
                .toList();
    }

    private static double percentile(List<Result> results, int percent) {
        double[] errors = results.stream().mapToDouble(Result::error).sorted().toArray();
        return errors[(int) Math.ceil(errors.length * percent / 100.0) - 1];
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String page() {
        StringBuilder page = new StringBuilder(
                """
                # Forecast

                `GET /analytics/v1/orgs/{orgId}/forecast?period=month-to-date` answers where the running
                month (day, week, quarter, year) will end: what is spent, what the whole is expected to cost,
                and a range that holds the total in 80 of 100 cases.

                * **Learnt from** the organisation's own last 8 weeks. Each day of the week has the middle of
                  its shares of the weeks' means: the mean without the highest and the lowest quarter. The
                  level is the middle of the last 14 days, each divided by its share. One unusual day moves
                  neither much.
                * **Today** counts by the hours of the last 14 days: the hours still to come have their share
                  of the day.
                * **The range** comes from how far days lay from their share, and from how much the mean moved
                  from week to week.
                * **Too little history**: with fewer than 14 whole days since the first usage there is a
                  `reason` instead of a forecast.
                * **Usage without a price** is missing from what is spent and from what is expected.
                  `unpricedInvocations` counts it.

                ## How far off it is

                Months of 30 days were made from %d fixed seeds for each kind of spend, with 8 weeks before
                them. The error is the difference between the expected and the actual total, as a share of
                the actual one. `mvn test -Dtest=BacktestTest` makes the table again and compares it with this
                page. Spend that doubles, or that comes and goes, is forecast badly: then the range says less
                than it claims.

                | Spend | Day of the month | Median error | 9 of 10 below | Total within the range |
                |---|---|---|---|---|
                """
                        .formatted(SERIES));
        for (Kind kind : Kind.values()) {
            for (int day : DAYS_OF_MONTH) {
                List<Result> results = results(kind, day);
                page.append("| %s | %d | %s | %s | %d of %d |\n"
                        .formatted(
                                day == DAYS_OF_MONTH[0] ? kind.meaning : "",
                                day,
                                percent(percentile(results, 50)),
                                percent(percentile(results, 90)),
                                results.stream().filter(Result::held).count(),
                                SERIES));
            }
        }
        return page.toString();
    }

    @Test
    void theStoredPageSaysHowFarOffForecastsAre() throws IOException {
        StoredDocument.assertStored(PAGE, page());
    }

    @Test
    void aSteadyRhythmIsForecastWithinAFewPercent() {
        for (Kind kind : List.of(Kind.STEADY, Kind.OFFICE_HOURS)) {
            for (int day : DAYS_OF_MONTH) {
                assertThat(percentile(results(kind, day), 90))
                        .as(kind + " on day " + day)
                        .isLessThan(0.1);
            }
        }
    }

    @Test
    void rangesHoldAsOftenAsTheySay() {
        List<Result> all = new ArrayList<>();
        for (Kind kind : List.of(Kind.STEADY, Kind.OFFICE_HOURS, Kind.GROWING)) {
            for (int day : DAYS_OF_MONTH) {
                all.addAll(results(kind, day));
            }
        }
        assertThat(all.stream().filter(Result::held).count()).isGreaterThanOrEqualTo((long) (all.size() * 0.75));
    }
}
