package io.inference.analytics.company;

import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

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

        /**
         * One bill of several tiers and context windows. Tokens count only if a charge of their kind
         * fits their tier and window. Others, such as those of the priority tier, are in no bill.
         */
        static Billed of(List<Tier> tiers) {
            BigDecimal[] tokens = zeros();
            BigDecimal[] cost = zeros();
            BigDecimal other = BigDecimal.ZERO;
            BigDecimal fixed = BigDecimal.ZERO;
            for (Tier tier : tiers) {
                for (int kind = 0; kind < KINDS; kind++) {
                    cost[kind] = cost[kind].add(tier.bill().cost()[kind]);
                    if (tier.isCharged(kind, tiers)) {
                        tokens[kind] = tokens[kind].add(tier.bill().tokens()[kind]);
                    }
                }
                other = other.add(tier.bill().other());
                fixed = fixed.add(tier.bill().fixed());
            }
            return new Billed(tokens, cost, other, fixed);
        }

        static Billed none() {
            return new Billed(zeros(), zeros(), BigDecimal.ZERO, BigDecimal.ZERO);
        }

        BigDecimal usage() {
            return sum(cost).add(other);
        }
    }

    /**
     * The provider's side of one service tier and context window.
     *
     * @param tier empty in charges that name none
     * @param window likewise
     */
    record Tier(Optional<String> tier, Optional<String> window, Billed bill) {

        private boolean isCharged(int kind, List<Tier> tiers) {
            return tiers.stream()
                    .filter(charge -> charge.bill().cost()[kind].signum() != 0)
                    .anyMatch(charge -> fits(tier, charge.tier()) && fits(window, charge.window()));
        }

        private static boolean fits(Optional<String> used, Optional<String> charged) {
            return used.isEmpty() || charged.isEmpty() || used.equals(charged);
        }
    }

    /**
     * The service's own side.
     *
     * @param tokens of each kind
     * @param unpriced those of the tokens that have no price
     * @param listed what the other tokens of each kind cost by the price book
     * @param cost in US dollars
     * @param known whether a provider is known for the model
     */
    record Estimated(
            long invocations,
            long unpricedInvocations,
            BigDecimal[] tokens,
            BigDecimal[] unpriced,
            BigDecimal[] listed,
            BigDecimal cost,
            boolean known) {

        static Estimated none() {
            return new Estimated(0, 0, zeros(), zeros(), zeros(), BigDecimal.ZERO, true);
        }

        /**
         * The cost of each kind. Events that brought their own cost have one for all kinds: it is
         * divided as the price book would, or by tokens where the book has no price.
         */
        private BigDecimal[] costs() {
            BigDecimal[] weights = sum(listed).signum() > 0 ? listed : tokens;
            BigDecimal whole = sum(weights);
            if (whole.signum() == 0 || whole.compareTo(cost) == 0) {
                return weights;
            }
            return Arrays.stream(weights)
                    .map(weight -> cost.multiply(weight).divide(whole, MathContext.DECIMAL128))
                    .toArray(BigDecimal[]::new);
        }
    }

    private static BigDecimal sum(BigDecimal... amounts) {
        return Arrays.stream(amounts).reduce(BigDecimal.ZERO, BigDecimal::add);
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

    /**
     * Compares kind by kind. Tokens that only the bill has cost their billed price, and tokens that
     * only the events have their estimated price. For the tokens that both have, the two prices are
     * compared, except where the events have none.
     */
    private void compare(Billed bill, Estimated ours) {
        coverage = bill.other();
        BigDecimal[] costs = ours.costs();
        for (int kind = 0; kind < KINDS; kind++) {
            BigDecimal billedTokens = bill.tokens()[kind];
            BigDecimal ourTokens = ours.tokens()[kind];
            if (billedTokens.signum() <= 0) {
                quantity = quantity.subtract(costs[kind]);
            } else if (ourTokens.signum() <= 0) {
                quantity = quantity.add(bill.cost()[kind]);
            } else {
                BigDecimal both = billedTokens.min(ourTokens);
                BigDecimal billedBoth = share(bill.cost()[kind], both, billedTokens);
                BigDecimal ourBoth = share(costs[kind], both, ourTokens);
                BigDecimal unpricedBoth = share(billedBoth, ours.unpriced()[kind], ourTokens);
                quantity = quantity.add(bill.cost()[kind]).subtract(billedBoth).subtract(costs[kind].subtract(ourBoth));
                unpriced = unpriced.add(unpricedBoth);
                price = price.add(billedBoth).subtract(unpricedBoth).subtract(ourBoth);
            }
        }
        quantity = part(quantity);
        unpriced = part(unpriced);
        price = part(price);
    }

    /** Exact when the part is the whole. */
    private static BigDecimal share(BigDecimal amount, BigDecimal part, BigDecimal whole) {
        return part.compareTo(whole) == 0 ? amount : amount.multiply(part).divide(whole, MathContext.DECIMAL128);
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
