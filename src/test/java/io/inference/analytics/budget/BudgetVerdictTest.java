package io.inference.analytics.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.budget.BudgetVerdict.Crossing;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BudgetVerdictTest {

    private static final List<Integer> THRESHOLDS = List.of(50, 100);

    /** Of a budget of 2 dollars. */
    private static BudgetVerdict verdict(String cents, boolean complete, Map<Integer, Integer> ordinals) {
        return BudgetVerdict.of(new BigDecimal("2"), THRESHOLDS, new BigDecimal(cents), complete, ordinals);
    }

    @Test
    void thresholdIsReachedAtItsExactAmount() {
        assertThat(verdict("99.99999999", true, Map.of()))
                .isEqualTo(new BudgetVerdict(BudgetStatus.OK, Optional.empty(), List.of()));
        assertThat(verdict("100", true, Map.of()))
                .isEqualTo(new BudgetVerdict(BudgetStatus.REACHED, Optional.of(50), List.of(new Crossing(50, 1))));
        assertThat(verdict("1000", true, Map.of()).crossings())
                .containsExactly(new Crossing(50, 1), new Crossing(100, 1));
    }

    @Test
    void whatIsStoredIsNotCrossedAgain() {
        assertThat(verdict("150", true, Map.of(50, 1)))
                .isEqualTo(new BudgetVerdict(BudgetStatus.REACHED, Optional.of(50), List.of()));
        assertThat(verdict("20", true, Map.of(50, 2)).crossings()).isEmpty();
    }

    @Test
    void lessCostRecoversAndMoreReachesAgain() {
        assertThat(verdict("20", true, Map.of(50, 1)))
                .isEqualTo(new BudgetVerdict(BudgetStatus.OK, Optional.empty(), List.of(new Crossing(50, 2))));
        assertThat(verdict("100", true, Map.of(50, 2)).crossings()).containsExactly(new Crossing(50, 3));
        assertThat(new Crossing(50, 3).reached()).isTrue();
        assertThat(new Crossing(50, 2).reached()).isFalse();
    }

    @Test
    void usageWithoutAPriceReachesButDoesNotRecover() {
        assertThat(verdict("100", false, Map.of()))
                .isEqualTo(new BudgetVerdict(BudgetStatus.INCOMPLETE, Optional.of(50), List.of(new Crossing(50, 1))));
        assertThat(verdict("0", false, Map.of(50, 1)))
                .isEqualTo(new BudgetVerdict(BudgetStatus.INCOMPLETE, Optional.of(50), List.of()));
        assertThat(verdict("0", false, Map.of()))
                .isEqualTo(new BudgetVerdict(BudgetStatus.INCOMPLETE, Optional.empty(), List.of()));
    }

    /** Whatever the figures do, ordinals count by one, and the last one says what is reached. */
    @Property(tries = 300)
    void crossingsAlternate(@ForAll @Size(max = 20) List<@IntRange(max = 400) Integer> cents) {
        Map<Integer, Integer> ordinals = new HashMap<>();
        for (int spent : cents) {
            for (Crossing crossing :
                    verdict(Integer.toString(spent), true, ordinals).crossings()) {
                assertThat(crossing.ordinal()).isEqualTo(ordinals.getOrDefault(crossing.threshold(), 0) + 1);
                ordinals.put(crossing.threshold(), crossing.ordinal());
            }
            for (int threshold : THRESHOLDS) {
                assertThat(ordinals.getOrDefault(threshold, 0) % 2 == 1).isEqualTo(spent >= 2 * threshold);
            }
        }
    }
}
