package io.inference.analytics.company;

import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;

/**
 * Estimate and bill of one day, platform and model, or the sum of several, in US dollars.
 *
 * <p>Amounts are exact; the parts are rounded to eight digits. The rest takes what rounding leaves,
 * so the parts always add up to the difference.
 */
final class ReconciliationSum {

    /** Plain input, output, cache reads, cache writes. */
    static final int KINDS = 4;

    private static final int PART_DIGITS = 8;

    private BigDecimal estimate = BigDecimal.ZERO;
    private BigDecimal billed = BigDecimal.ZERO;
    private BigDecimal coverage = BigDecimal.ZERO;
    private BigDecimal quantity = BigDecimal.ZERO;
    private BigDecimal price = BigDecimal.ZERO;
    private BigDecimal unpriced = BigDecimal.ZERO;
    private long unpricedInvocations;

    /**
     * The provider's side: tokens by kind and their cost.
     *
     * @param tokens of each kind
     * @param cost of each kind in US dollars
     * @param other cost that no kind of token explains
     * @param fixed cost that is not usage, such as seats
     */
    record Billed(BigDecimal[] tokens, BigDecimal[] cost, BigDecimal other, BigDecimal fixed) {

        static Billed none() {
            return new Billed(zeros(), zeros(), BigDecimal.ZERO, BigDecimal.ZERO);
        }

        BigDecimal usage() {
            return Arrays.stream(cost).reduce(other, BigDecimal::add);
        }
    }

    /**
     * The service's own side.
     *
     * @param tokens of each kind
     * @param unpriced those of the tokens that have no price
     * @param cost in US dollars
     * @param known whether a provider is known for the model
     */
    record Estimated(
            long invocations,
            long unpricedInvocations,
            BigDecimal[] tokens,
            BigDecimal[] unpriced,
            BigDecimal cost,
            boolean known) {

        static Estimated none() {
            return new Estimated(0, 0, zeros(), zeros(), BigDecimal.ZERO, true);
        }
    }

    static BigDecimal[] zeros() {
        BigDecimal[] zeros = new BigDecimal[KINDS];
        Arrays.fill(zeros, BigDecimal.ZERO);
        return zeros;
    }

    static ReconciliationSum of(Billed bill, Estimated ours) {
        ReconciliationSum sum = new ReconciliationSum();
        sum.estimate = ours.cost();
        sum.billed = bill.usage().add(bill.fixed());
        sum.unpricedInvocations = ours.unpricedInvocations();
        if (ours.invocations() == 0) {
            sum.coverage = bill.usage();
        } else if (ours.known() && bill.usage().signum() == 0) {
            sum.quantity = ours.cost().negate();
        } else if (ours.known()) {
            sum.compare(bill, ours);
        }
        return sum;
    }

    private void compare(Billed bill, Estimated ours) {
        coverage = bill.other();
        BigDecimal atBilledPrice = BigDecimal.ZERO;
        for (int kind = 0; kind < KINDS; kind++) {
            BigDecimal billedTokens = bill.tokens()[kind];
            if (billedTokens.signum() > 0) {
                BigDecimal perToken = bill.cost()[kind].divide(billedTokens, MathContext.DECIMAL128);
                quantity =
                        quantity.add(billedTokens.subtract(ours.tokens()[kind]).multiply(perToken));
                unpriced = unpriced.add(ours.unpriced()[kind].multiply(perToken));
                atBilledPrice = atBilledPrice.add(
                        ours.tokens()[kind].subtract(ours.unpriced()[kind]).multiply(perToken));
            }
        }
        quantity = part(quantity);
        unpriced = part(unpriced);
        price = part(atBilledPrice.subtract(ours.cost()));
    }

    private static BigDecimal part(BigDecimal amount) {
        return amount.setScale(PART_DIGITS, RoundingMode.HALF_UP);
    }

    void add(ReconciliationSum more) {
        estimate = estimate.add(more.estimate);
        billed = billed.add(more.billed);
        coverage = coverage.add(more.coverage);
        quantity = quantity.add(more.quantity);
        price = price.add(more.price);
        unpriced = unpriced.add(more.unpriced);
        unpricedInvocations += more.unpricedInvocations;
    }

    Reconciliation.Figures figures() {
        BigDecimal difference = billed.subtract(estimate);
        BigDecimal rest =
                difference.subtract(coverage).subtract(quantity).subtract(price).subtract(unpriced);
        return new Reconciliation.Figures(
                cost(estimate),
                cost(billed),
                cost(difference),
                new Reconciliation.Split(cost(coverage), cost(quantity), cost(price), cost(unpriced), cost(rest)),
                unpricedInvocations);
    }

    private static Cost cost(BigDecimal dollars) {
        return ProviderCosts.cost(dollars);
    }
}
