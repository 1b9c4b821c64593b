package io.inference.analytics.company;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.company.ReconciliationSum.Billed;
import io.inference.analytics.company.ReconciliationSum.Estimated;
import io.inference.analytics.company.ReconciliationSum.Tier;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReconciliationSumTest {

    private static BigDecimal[] first(String value) {
        BigDecimal[] kinds = ReconciliationSum.zeros();
        kinds[0] = new BigDecimal(value);
        return kinds;
    }

    private static String parts(Billed billed, Estimated estimated) {
        Reconciliation.Figures figures = ReconciliationSum.of(billed, estimated).figures();
        Reconciliation.Split split = figures.split();
        return String.join(
                " ",
                figures.difference().amount(),
                split.coverage().amount(),
                split.quantity().amount(),
                split.price().amount(),
                split.unpriced().amount(),
                split.rest().amount());
    }

    @Test
    void aDifferenceIsSplitWithoutARest() {
        Billed billed = new Billed(first("1000"), first("0.003"), BigDecimal.ZERO, BigDecimal.ZERO);
        Estimated ours = new Estimated(
                8, 1, first("800"), first("100"), ReconciliationSum.zeros(), new BigDecimal("0.0014"), true);
        assertThat(parts(billed, ours)).isEqualTo("0.0016 0 0.0006 0.0007 0.0003 0");
    }

    @Test
    void usageWithoutEventsIsCoverageAndWhatIsNoUsageIsRest() {
        Billed billed = new Billed(first("1000"), first("0.003"), new BigDecimal("0.12"), new BigDecimal("600"));
        assertThat(parts(billed, Estimated.none())).isEqualTo("600.123 0.123 0 0 0 600");
    }

    @Test
    void eventsThatNobodyBilledAreQuantityOrRest() {
        Estimated known =
                new Estimated(1, 0, first("10"), first("0"), ReconciliationSum.zeros(), new BigDecimal("2"), true);
        Estimated unmapped =
                new Estimated(1, 0, first("10"), first("0"), ReconciliationSum.zeros(), new BigDecimal("2"), false);
        assertThat(parts(Billed.none(), known)).isEqualTo("-2 0 -2 0 0 0");
        assertThat(parts(Billed.none(), unmapped)).isEqualTo("-2 0 0 0 0 -2");
    }

    @Test
    void aBillWithoutTokensIsRest() {
        Billed billed = new Billed(ReconciliationSum.zeros(), first("0.5"), BigDecimal.ZERO, BigDecimal.ZERO);
        Estimated ours = new Estimated(1, 0, first("10"), first("0"), ReconciliationSum.zeros(), BigDecimal.ZERO, true);
        assertThat(parts(billed, ours)).isEqualTo("0.5 0 0 0 0 0.5");
    }

    private static BigDecimal[] kinds(String... values) {
        BigDecimal[] kinds = ReconciliationSum.zeros();
        for (int kind = 0; kind < values.length; kind++) {
            kinds[kind] = new BigDecimal(values[kind]);
        }
        return kinds;
    }

    private static Estimated ours(BigDecimal[] tokens, BigDecimal[] listed, String cost) {
        return new Estimated(1, 0, tokens, ReconciliationSum.zeros(), listed, new BigDecimal(cost), true);
    }

    private static Tier tier(String name, String window, BigDecimal[] tokens, BigDecimal[] cost) {
        return new Tier(
                Optional.ofNullable(name),
                Optional.ofNullable(window),
                new Billed(tokens, cost, BigDecimal.ZERO, BigDecimal.ZERO));
    }

    @Test
    void aKindThatNobodyBilledIsQuantity() {
        Billed billed = new Billed(kinds("1000"), kinds("1"), BigDecimal.ZERO, BigDecimal.ZERO);
        Estimated ours = ours(kinds("1000", "0", "0", "500"), kinds("1", "0", "0", "2"), "3");
        assertThat(parts(billed, ours)).isEqualTo("-2 0 -2 0 0 0");
    }

    @Test
    void aKindThatOnlyTheBillHasIsQuantity() {
        Billed billed = new Billed(kinds("1000", "10"), kinds("1", "0.5"), BigDecimal.ZERO, BigDecimal.ZERO);
        assertThat(parts(billed, ours(kinds("1000"), kinds("1"), "1"))).isEqualTo("0.5 0 0.5 0 0 0");
    }

    @Test
    void tokensThatCostNothingWereNotBilled() {
        Billed billed = Billed.of(List.of(tier(null, null, kinds("1000", "10"), kinds("0", "1"))));
        Estimated ours = ours(kinds("1000", "10"), kinds("1", "1"), "2");
        assertThat(parts(billed, ours)).isEqualTo("-1 0 -1 0 0 0");
    }

    /** Standard at list price, batches at half of it, long contexts at twice; the priority tier is in no bill. */
    @Test
    void tiersAndWindowsArePriceAndThePriorityTierIsQuantity() {
        Billed billed = Billed.of(List.of(
                tier("standard", "0-200k", kinds("1000000", "0", "0", "1000000"), kinds("3", "0", "0", "6")),
                tier("priority", "0-200k", kinds("1000000"), kinds("0")),
                tier("batch", "0-200k", kinds("1000000"), kinds("1.5")),
                tier("standard", "200k-1M", kinds("300000"), kinds("1.8"))));
        Estimated ours = ours(kinds("3300000", "0", "0", "1000000"), kinds("9.9", "0", "0", "6"), "15.9");
        assertThat(parts(billed, ours)).isEqualTo("-3.6 0 -3 -0.6 0 0");
    }

    @Test
    void aChargeWithoutATierIsForEveryTier() {
        Billed billed = Billed.of(List.of(
                tier("standard", "0-200k", kinds("600"), kinds("0")),
                tier("batch", "0-200k", kinds("400"), kinds("0")),
                tier(null, null, kinds("0"), kinds("2"))));
        assertThat(parts(billed, ours(kinds("1000"), kinds("1"), "1"))).isEqualTo("1 0 0 1 0 0");
    }

    @Test
    void aCostOfItsOwnIsDividedAsThePriceBookWould() {
        Billed billed = new Billed(kinds("1000"), kinds("1"), BigDecimal.ZERO, BigDecimal.ZERO);
        assertThat(parts(billed, ours(kinds("1000", "1000"), kinds("1", "4"), "10")))
                .isEqualTo("-9 0 -8 -1 0 0");
        assertThat(parts(billed, ours(kinds("1000", "3000"), kinds("0"), "8"))).isEqualTo("-7 0 -6 -1 0 0");
    }

    /** Seeded: the parts of random days equal a calculation token by token, in fractions of the whole. */
    @Test
    void thePartsEqualACalculationByToken() {
        Random random = new Random(30);
        for (int day = 0; day < 1_000; day++) {
            BigDecimal[] billedTokens = ReconciliationSum.zeros();
            BigDecimal[] billedCost = ReconciliationSum.zeros();
            BigDecimal[] tokens = ReconciliationSum.zeros();
            BigDecimal[] unpriced = ReconciliationSum.zeros();
            BigDecimal[] listed = ReconciliationSum.zeros();
            long quantity = 0;
            long price = 0;
            long without = 0;
            for (int kind = 0; kind < ReconciliationSum.KINDS; kind++) {
                long theirs = random.nextInt(4) * 100L;
                long mine = random.nextInt(4) * 100L;
                long free = mine / 100 * random.nextInt(101);
                long billedPrice = 1L + random.nextInt(9);
                // The events' price is that of the priced tokens; per 100 tokens a whole number.
                long bookPrice = random.nextInt(9);
                billedTokens[kind] = BigDecimal.valueOf(theirs);
                billedCost[kind] = BigDecimal.valueOf(theirs * billedPrice);
                tokens[kind] = BigDecimal.valueOf(mine);
                unpriced[kind] = BigDecimal.valueOf(free);
                listed[kind] = BigDecimal.valueOf((mine - free) * bookPrice);
                long hundreds = Math.min(theirs, mine) / 100;
                long freePer100 = mine == 0 ? 0 : free * 100 / mine;
                long extra = mine == 0 ? 0 : (mine - Math.min(theirs, mine)) / 100;
                quantity += Math.max(0, theirs - mine) * billedPrice - extra * (100 - freePer100) * bookPrice;
                price += hundreds * (100 - freePer100) * (billedPrice - bookPrice);
                without += hundreds * freePer100 * billedPrice;
            }
            BigDecimal cost = Arrays.stream(listed).reduce(BigDecimal.ZERO, BigDecimal::add);
            Billed billed = new Billed(billedTokens, billedCost, BigDecimal.ZERO, BigDecimal.ZERO);
            if (cost.signum() == 0 || billed.usage().signum() == 0) {
                continue;
            }
            assertThat(parts(billed, new Estimated(1, 0, tokens, unpriced, listed, cost, true)))
                    .isEqualTo("%s 0 %d %d %d 0"
                            .formatted(billed.usage().subtract(cost).toPlainString(), quantity, price, without));
        }
    }
}
