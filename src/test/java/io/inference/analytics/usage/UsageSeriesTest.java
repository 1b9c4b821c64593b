package io.inference.analytics.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.series.SeriesGroup;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageSeriesTest {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static final UUID LOW = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID HIGH = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    private static UsageQuery query(String... more) {
        Map<String, List<String>> given = new java.util.HashMap<>();
        given.put("start", List.of("2026-01-01T00:00:00Z"));
        given.put("end", List.of("2026-01-04T00:00:00Z"));
        for (int i = 0; i < more.length; i += 2) {
            given.put(more[i], List.of(more[i + 1].split(",", -1)));
        }
        return UsageQuery.parse(given, NOW);
    }

    private static UsageSums sums(String cents, long unpriced) {
        BigInteger tokens = BigInteger.TEN;
        return new UsageSums(
                2, 1, tokens, tokens, tokens, tokens, Optional.ofNullable(cents).map(BigDecimal::new), unpriced);
    }

    private static SeriesGroup none() {
        return SeriesGroup.ALL;
    }

    private static UsageSeries series(UsageQuery query, UsageRow... rows) {
        return UsageSeries.of(
                UUID.randomUUID(), query, List.of(rows), new GroupNames(Map.of(), Map.of(), Map.of()), Instant.EPOCH);
    }

    @ParameterizedTest
    @CsvSource({
        "0.49999999, 0, 0.0049999999",
        "0.5, 1, 0.005",
        "1.5, 2, 0.015",
        "2.5, 3, 0.025",
        "12345678901234567890.12345678, 12345678901234567890, 123456789012345678.9012345678",
        "0E-8, 0, 0",
        "1000.00000000, 1000, 10",
        "0.00000001, 0, 0.0000000001",
    })
    void centsAreRoundedHalfUpAndTheAmountIsExact(String cents, BigInteger rounded, String amount) {
        UsageSeries.Sums shown =
                series(query(), new UsageRow(0, none(), sums(cents, 0))).totals();
        assertThat(shown.costEstimateCents()).isEqualTo(rounded);
        assertThat(shown.cost().amount()).isEqualTo(amount);
        assertThat(shown.cost().currency()).isEqualTo("USD");
        assertThat(shown.costComplete()).isTrue();
    }

    @Test
    void totalsAreSumsOfExactValuesNotOfRoundedOnes() {
        UsageSeries usage = series(
                query(),
                new UsageRow(0, none(), sums("0.4", 0)),
                new UsageRow(1, none(), sums("0.4", 0)),
                new UsageRow(2, none(), sums("0.4", 0)));
        assertThat(usage.series()).allSatisfy(point -> assertThat(point.sums().costEstimateCents())
                .isZero());
        assertThat(usage.totals().costEstimateCents()).isEqualTo(1);
        assertThat(usage.totals().cost().amount()).isEqualTo("0.012");
    }

    @Test
    void unpricedIsNeverFree() {
        UsageSeries usage = series(query(), new UsageRow(0, none(), sums(null, 2)));
        assertThat(usage.totals().cost()).isNull();
        assertThat(usage.totals().costEstimateCents()).isNull();
        assertThat(usage.totals().costComplete()).isFalse();
        assertThat(usage.totals().unpricedInvocations()).isEqualTo(2);
    }

    @Test
    void aPartialSumIsShownAsIncomplete() {
        UsageSeries usage =
                series(query(), new UsageRow(0, none(), sums(null, 2)), new UsageRow(1, none(), sums("3", 0)));
        assertThat(usage.totals().cost().amount()).isEqualTo("0.03");
        assertThat(usage.totals().costComplete()).isFalse();
    }

    @Test
    void noUsageCostsNothingAndThatIsKnown() {
        UsageSeries usage = series(query("fill", "zero"));
        assertThat(usage.series()).hasSize(3);
        assertThat(usage.series()).allSatisfy(point -> {
            assertThat(point.sums().invocations()).isZero();
            assertThat(point.sums().cost().amount()).isEqualTo("0");
            assertThat(point.sums().costComplete()).isTrue();
        });
        assertThat(usage.totals().cost().amount()).isEqualTo("0");
        assertThat(usage.totals().costEstimateCents()).isZero();
    }

    @Test
    void tokensMayExceedALong() {
        BigInteger huge = BigInteger.valueOf(Long.MAX_VALUE);
        UsageSums sums = new UsageSums(1, 0, huge, huge, huge, huge, Optional.empty(), 1);
        UsageSeries usage = series(query(), new UsageRow(0, none(), sums), new UsageRow(1, none(), sums));
        assertThat(usage.totals().inputTokens()).isEqualTo(huge.add(huge));
    }

    @Test
    void filledBucketsHaveEveryGroupInTheOrderOfTheirIds() {
        SeriesGroup high = new SeriesGroup(
                Optional.empty(), Optional.of(HIGH), Optional.of(""), Optional.empty(), Optional.empty());
        SeriesGroup low = new SeriesGroup(
                Optional.empty(), Optional.of(LOW), Optional.of("z"), Optional.empty(), Optional.empty());
        UsageSeries usage = series(
                query("fill", "zero", "groupBy", "model,client"),
                new UsageRow(0, high, sums("1", 0)),
                new UsageRow(2, low, sums("1", 0)));
        assertThat(usage.series())
                .extracting(UsageSeries.Point::modelId)
                .containsExactly(LOW, HIGH, LOW, HIGH, LOW, HIGH);
        assertThat(usage.series())
                .extracting(point -> point.sums().invocations())
                .containsExactly(0L, 2L, 0L, 0L, 2L, 0L);
        assertThat(usage.series().get(1).clientId()).isEmpty();
        assertThat(usage.series().get(0).clientId()).contains("z");
    }

    @Test
    void csvHasItsColumnsAndHarmlessCells() {
        UsageQuery query = query("groupBy", "client");
        UsageSeries usage = series(
                query,
                new UsageRow(
                        0,
                        new SeriesGroup(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of("=HYPERLINK(\"x\")"),
                                Optional.empty(),
                                Optional.empty()),
                        sums("1", 0)),
                new UsageRow(
                        1,
                        new SeriesGroup(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of("a,b\nc"),
                                Optional.empty(),
                                Optional.empty()),
                        sums(null, 2)));
        assertThat(UsageCsv.of(usage.series(), query.groupBy()))
                .isEqualTo("bucketStart,clientId,invocations,errors,inputTokens,outputTokens,cacheReadInputTokens,"
                        + "cacheWriteInputTokens,costEstimateCents,costAmount,costCurrency,unpricedInvocations,costComplete\r\n"
                        + "2026-01-01T00:00:00Z,\"'=HYPERLINK(\"\"x\"\")\",2,1,10,10,10,10,1,0.01,USD,0,true\r\n"
                        + "2026-01-02T00:00:00Z,\"a,b\nc\",2,1,10,10,10,10,,,,2,false\r\n");
    }
}
