package io.inference.analytics.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import io.inference.analytics.price.PriceScope;
import io.inference.analytics.price.Repricing;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Transitions, with the time that each test says. */
@QuarkusTest
@WithBackends
class BudgetTransitionsIT extends BudgetScenario {

    @Inject
    BudgetJob job;

    @Inject
    PriceBook prices;

    @Inject
    Repricing repricing;

    /** Such as {@code reached 50 of 2026-03-10}, in order. */
    private List<String> transitions() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        """
                        select kind || ' ' || threshold || ' of ' || to_char(period_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24')
                        from analytics.budget_transitions where org_id = :org
                        order by period_start, ordinal, threshold
                        """)
                .bind("org", org)
                .mapTo(String.class)
                .list());
    }

    @Test
    void eachTransitionHappensOnceHoweverOftenItIsEvaluated() throws Exception {
        put(BudgetPeriod.DAY, ZoneOffset.UTC);
        assertThat(evaluate().status()).isEqualTo(BudgetStatus.OK);
        spend("2026-03-10T11:00:00Z", "500");
        Budget.State reached = evaluate();
        assertThat(reached.status()).isEqualTo(BudgetStatus.REACHED);
        assertThat(reached.threshold()).hasValue(50);
        assertThat(reached.since()).isEqualTo(now);
        now = now.plusSeconds(60);
        assertThat(evaluate()).isEqualTo(reached);
        spend("2026-03-10T11:30:00Z", "499.99999999");
        assertThat(evaluate().threshold()).hasValue(50);
        spend("2026-03-10T11:30:00Z", "0.00000001");
        assertThat(evaluate().threshold()).hasValue(100);
        evaluate();
        assertThat(transitions()).containsExactly("reached 50 of 2026-03-10T00", "reached 100 of 2026-03-10T00");
    }

    @Test
    void replicasThatEvaluateAtTheSameTimeStoreATransitionOnce() throws Exception {
        put(BudgetPeriod.DAY, ZoneOffset.UTC);
        spend("2026-03-10T11:00:00Z", "1000");
        Budget budget = jdbi.withHandle(handle -> store.find(handle, org, "b").orElseThrow());
        ExecutorService replicas = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Budget.State>> rounds = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                // Without the claim that keeps replicas apart: the unique key has to do it alone.
                rounds.add(() -> jdbi.inTransaction(handle -> evaluation.evaluate(handle, budget, now)));
            }
            for (Future<Budget.State> done : replicas.invokeAll(rounds)) {
                assertThat(done.get().threshold()).hasValue(100);
            }
        } finally {
            replicas.shutdownNow();
        }
        assertThat(transitions()).containsExactly("reached 50 of 2026-03-10T00", "reached 100 of 2026-03-10T00");
        assertThat(
                        number(
                                "select count(*) from analytics.budget_deliveries join analytics.budget_transitions using (transition_id) where org_id = :org"))
                .isEqualTo(2);
    }

    @Test
    void evaluationThatFailsAfterATransitionLeavesNothingBehind() throws Exception {
        put(BudgetPeriod.DAY, ZoneOffset.UTC);
        spend("2026-03-10T11:00:00Z", "1000");
        jdbi.useHandle(handle -> {
            handle.begin();
            evaluation.evaluate(handle, store.find(handle, org, "b").orElseThrow(), now);
            handle.rollback();
        });
        assertThat(transitions()).isEmpty();
        evaluate();
        assertThat(transitions()).hasSize(2);
    }

    @Test
    void newPeriodBeginsAgainAndALateEventCountsInItsOwn() throws Exception {
        put(BudgetPeriod.DAY, ZoneOffset.UTC);
        spend("2026-03-10T11:00:00Z", "500");
        evaluate();
        now = Instant.parse("2026-03-11T00:00:01Z");
        Budget.State next = evaluate();
        assertThat(next.status()).isEqualTo(BudgetStatus.OK);
        assertThat(next.periodStart()).isEqualTo("2026-03-11T00:00:00Z");
        now = now.plus(DAY.multipliedBy(5));
        spend("2026-03-10T11:00:00Z", "600");
        evaluate();
        assertThat(transitions()).containsExactly("reached 50 of 2026-03-10T00", "reached 100 of 2026-03-10T00");
    }

    @Test
    void periodsBeforeTheDefinitionAreNotReported() throws Exception {
        spend("2026-03-09T11:00:00Z", "5000");
        put(BudgetPeriod.DAY, ZoneOffset.UTC);
        assertThat(evaluate().status()).isEqualTo(BudgetStatus.OK);
        assertThat(transitions()).isEmpty();
    }

    @Test
    void periodsFollowTheirTimeZone() throws Exception {
        put(BudgetPeriod.WEEK, ZoneId.of("America/New_York"));
        spend("2026-03-09T03:59:00Z", "1000");
        assertThat(evaluate().spentCents()).isZero();
        spend("2026-03-09T04:00:00Z", "500");
        Budget.State state = evaluate();
        assertThat(state.periodStart()).isEqualTo("2026-03-09T04:00:00Z");
        assertThat(state.spentCents()).isEqualByComparingTo("500");
        assertThat(transitions()).containsExactly("reached 50 of 2026-03-09T04");
    }

    @Test
    void periodsThatBeginWithinAnHourSplitIt() throws Exception {
        put(BudgetPeriod.WEEK, ZoneId.of("Asia/Kolkata"));
        spend("2026-03-08T18:29:59Z", "1000");
        assertThat(evaluate().spentCents()).isZero();
        spend("2026-03-08T18:30:00Z", "500");
        Budget.State state = evaluate();
        assertThat(state.periodStart()).isEqualTo("2026-03-08T18:30:00Z");
        assertThat(state.spentCents()).isEqualByComparingTo("500");
    }

    @Test
    void repricingReachesAndRecoversAndReachesAgain() throws Exception {
        put(BudgetPeriod.MONTH, ZoneOffset.UTC);
        new StoredUsage()
                .add(Event.of(org, model, "2026-03-10T11:00:00Z")
                        .tokens(1_000_000, 0)
                        .cost(null))
                .store(database);
        assertThat(evaluate().status()).isEqualTo(BudgetStatus.INCOMPLETE);
        assertThat(transitions()).isEmpty();
        for (String dollars : List.of("6", "1", "10")) {
            price(dollars);
            evaluate();
            evaluate();
        }
        assertThat(transitions())
                .containsExactly(
                        "reached 50 of 2026-03-01T00",
                        "reached 100 of 2026-03-01T00",
                        "recovered 50 of 2026-03-01T00",
                        "reached 50 of 2026-03-01T00");
    }

    private void price(String dollarsPerMillion) throws InterruptedException {
        prices.add(
                new Price(
                        model,
                        Instant.parse("2026-03-01T00:00:00Z"),
                        new BigDecimal(dollarsPerMillion),
                        BigDecimal.ONE,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        PriceScope.GENERAL),
                "tester",
                "");
        repricing.apply(
                new TimeRange(Instant.parse("2026-03-10T00:00:00Z"), Instant.parse("2026-03-11T00:00:00Z")), "tester");
    }

    @Test
    void roundEvaluatesEveryBudgetThatIsDue() throws Exception {
        now = Instant.now();
        put(BudgetPeriod.MONTH, ZoneOffset.UTC);
        spend(now.toString(), "1000");
        jdbi.useHandle(
                handle -> handle.createUpdate("update analytics.budgets set evaluated_at = null where org_id = :org")
                        .bind("org", org)
                        .execute());
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            job.runOnce(Duration.ofSeconds(30));
            assertThat(transitions()).hasSize(2);
        });
    }
}
