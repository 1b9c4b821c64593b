package io.inference.analytics.budget;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the figures of a period mean for a budget. Pure: the same figures give the same verdict.
 *
 * <p>A threshold is reached once the usage that has a price costs so much; what has no price can only add to it. For the same
 * reason no threshold recovers while some usage has no price.
 *
 * @param status what the period is like
 * @param threshold the highest one that is reached
 * @param crossings what changed since the transitions that are stored
 */
record BudgetVerdict(BudgetStatus status, Optional<Integer> threshold, List<Crossing> crossings) {

    /**
     * A threshold that was reached, or left again.
     *
     * @param threshold percent
     * @param ordinal counts the crossings of a threshold in a period from 1, so that those with an odd number are reached
     */
    record Crossing(int threshold, int ordinal) {

        boolean reached() {
            return isReached(ordinal);
        }
    }

    private static boolean isReached(int ordinal) {
        return ordinal % 2 == 1;
    }

    /**
     * Judges a period.
     *
     * @param amountUsd the budget
     * @param thresholds percent, ascending
     * @param spentCents US cents of the usage that has a price
     * @param complete whether all usage has one
     * @param ordinals of the last stored crossing of each threshold that has one
     */
    static BudgetVerdict of(
            BigDecimal amountUsd,
            List<Integer> thresholds,
            BigDecimal spentCents,
            boolean complete,
            Map<Integer, Integer> ordinals) {
        List<Crossing> crossings = new ArrayList<>();
        Optional<Integer> highest = Optional.empty();
        for (int threshold : thresholds) {
            int last = ordinals.getOrDefault(threshold, 0);
            // A percent of a dollar is a cent.
            boolean above = spentCents.compareTo(amountUsd.multiply(BigDecimal.valueOf(threshold))) >= 0;
            boolean reached = above || isReached(last) && !complete;
            if (reached != isReached(last)) {
                crossings.add(new Crossing(threshold, last + 1));
            }
            if (reached) {
                highest = Optional.of(threshold);
            }
        }
        BudgetStatus status =
                !complete ? BudgetStatus.INCOMPLETE : highest.isPresent() ? BudgetStatus.REACHED : BudgetStatus.OK;
        return new BudgetVerdict(status, highest, List.copyOf(crossings));
    }
}
