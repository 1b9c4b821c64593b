package io.inference.analytics.company;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.company.ReconciliationSum.Billed;
import io.inference.analytics.company.ReconciliationSum.Estimated;
import java.math.BigDecimal;
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
        Estimated ours = new Estimated(8, 1, first("800"), first("100"), new BigDecimal("0.0014"), true);
        assertThat(parts(billed, ours)).isEqualTo("0.0016 0 0.0006 0.0007 0.0003 0");
    }

    @Test
    void usageWithoutEventsIsCoverageAndWhatIsNoUsageIsRest() {
        Billed billed = new Billed(first("1000"), first("0.003"), new BigDecimal("0.12"), new BigDecimal("600"));
        assertThat(parts(billed, Estimated.none())).isEqualTo("600.123 0.123 0 0 0 600");
    }

    @Test
    void eventsThatNobodyBilledAreQuantityOrRest() {
        Estimated known = new Estimated(1, 0, first("10"), first("0"), new BigDecimal("2"), true);
        Estimated unmapped = new Estimated(1, 0, first("10"), first("0"), new BigDecimal("2"), false);
        assertThat(parts(Billed.none(), known)).isEqualTo("-2 0 -2 0 0 0");
        assertThat(parts(Billed.none(), unmapped)).isEqualTo("-2 0 0 0 0 -2");
    }

    @Test
    void aBillWithoutTokensIsRest() {
        Billed billed = new Billed(ReconciliationSum.zeros(), first("0.5"), BigDecimal.ZERO, BigDecimal.ZERO);
        Estimated ours = new Estimated(1, 0, first("10"), first("0"), BigDecimal.ZERO, true);
        assertThat(parts(billed, ours)).isEqualTo("0.5 0 0 0 0 0.5");
    }
}
