package io.inference.analytics.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import io.inference.analytics.price.Repricing;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.MovedClock;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transitions and their messages, with the time that each test says. */
@QuarkusTest
@WithBackends
class BudgetTransitionsIT {

    private static final Duration DAY = Duration.ofDays(1);

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    ApiDatabase api;

    @Inject
    BudgetStore store;

    @Inject
    DeliveryStore deliveries;

    @Inject
    BudgetEvaluation evaluation;

    @Inject
    DeliveryJob sending;

    @Inject
    BudgetJob job;

    @Inject
    PriceBook prices;

    @Inject
    Repricing repricing;

    @Inject
    NameStore names;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private Instant now = Instant.parse("2026-03-10T12:00:00Z");
    private Receiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new Receiver();
        names.nameModel(model, "a model");
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    /** A budget of 10 dollars with thresholds 50 and 100. */
    private Budgets.Stored put(BudgetPeriod period, ZoneId zone) {
        Budgets budgets = new Budgets(api, store, deliveries, evaluation, new MovedClock(() -> now));
        Budgets.Stored stored = budgets.put(
                org,
                "b",
                new Budget.Definition(
                        BigDecimal.TEN,
                        period,
                        zone,
                        new Budget.Scope(Optional.empty(), Optional.empty()),
                        List.of(50, 100),
                        List.of(receiver.url())),
                false,
                "tester");
        jdbi.useHandle(this::keepFromTheJob);
        return stored;
    }

    private Budget.State evaluate() {
        return jdbi.inTransaction(handle -> {
            Budget.State state =
                    evaluation.evaluate(handle, store.find(handle, org, "b").orElseThrow(), now);
            keepFromTheJob(handle);
            return state;
        });
    }

    /** The application's own job would evaluate the budget with the time of this machine. */
    private void keepFromTheJob(Handle handle) {
        handle.createUpdate("update analytics.budgets set evaluated_at = now() + interval '1 hour' where org_id = :org")
                .bind("org", org)
                .execute();
    }

    private void spend(String at, String cents) throws Exception {
        new StoredUsage().add(Event.of(org, model, at).cost(cents)).store(database);
    }

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

    private long number(String sql) {
        return jdbi.withHandle(handle ->
                handle.createQuery(sql).bind("org", org).mapTo(Long.class).one());
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
                        Optional.empty()),
                "tester",
                "");
        repricing.apply(
                new TimeRange(Instant.parse("2026-03-10T00:00:00Z"), Instant.parse("2026-03-11T00:00:00Z")), "tester");
    }

    @Test
    void messageIsSentUntilItIsTakenAlwaysWithTheSameIdAndText() throws Exception {
        now = Instant.now();
        receiver.answers(500);
        String secret = put(BudgetPeriod.MONTH, ZoneOffset.UTC).secret().orElseThrow();
        spend(now.toString(), "700");
        evaluate();
        sendUntil(1);
        assertThat(problem()).contains("status 500", "is tried again", "tries: 1");
        receiver.answers(302);
        dueNow();
        sendUntil(2);
        receiver.answers(200);
        dueNow();
        sendUntil(3);
        assertThat(deliveries()).isEqualTo("delivered");
        sending.runOnce();
        assertThat(receiver.messages()).hasSize(3).allSatisfy(message -> {
            assertThat(message.isSignedWith(secret)).isTrue();
            assertThat(message.body()).isEqualTo(receiver.messages().get(0).body());
        });
        var body = receiver.messages().get(0).json();
        assertThat(body.get("id").asText()).isEqualTo(transitionId());
        assertThat(body.get("type").asText()).isEqualTo("budget.reached");
        assertThat(body.get("orgId").asText()).isEqualTo(org.toString());
        assertThat(body.get("budget").asText()).isEqualTo("b");
        assertThat(body.get("threshold").asInt()).isEqualTo(50);
        assertThat(body.get("spent").asText()).isEqualTo("7");
        assertThat(Instant.parse(body.get("occurredAt").asText())).isEqualTo(now.truncatedTo(ChronoUnit.MICROS));
        assertThat(problems()).isEmpty();
    }

    /** The job of the application may be first. */
    private void sendUntil(int messages) {
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            sending.runOnce();
            return receiver.messages().size() == messages
                    && number(
                                    "select sum(tries) from analytics.budget_deliveries join analytics.budget_transitions using (transition_id) where org_id = :org and (last_problem is not null or delivered_at is not null)")
                            == messages;
        });
    }

    private void dueNow() {
        jdbi.useHandle(handle -> handle.createUpdate(
                        "update analytics.budget_deliveries set next_try_at = now() where transition_id in (select transition_id from analytics.budget_transitions where org_id = :org)")
                .bind("org", org)
                .execute());
    }

    private String transitionId() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select transition_id::text from analytics.budget_transitions where org_id = :org")
                .bind("org", org)
                .mapTo(String.class)
                .one());
    }

    private String deliveries() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select case when delivered_at is not null then 'delivered' when failed_at is not null then 'failed' else 'open' end from analytics.budget_deliveries join analytics.budget_transitions using (transition_id) where org_id = :org")
                .bind("org", org)
                .mapTo(String.class)
                .one());
    }

    private Map<String, String> problems() {
        return jdbi.withHandle(handle ->
                deliveries.problems(handle, org).values().stream().findFirst().orElse(Map.of()));
    }

    private String problem() {
        return problems().get(receiver.url());
    }

    @Test
    void addressThatWasRemovedGetsNoFurtherMessage() throws Exception {
        now = Instant.now();
        receiver.answers(500);
        put(BudgetPeriod.MONTH, ZoneOffset.UTC);
        spend(now.toString(), "700");
        evaluate();
        sendUntil(1);
        receiver.close();
        receiver = new Receiver();
        put(BudgetPeriod.MONTH, ZoneOffset.UTC);
        assertThat(
                        number(
                                "select count(*) from analytics.budget_deliveries join analytics.budget_transitions using (transition_id) where org_id = :org"))
                .isZero();
        assertThat(problems()).isEmpty();
    }

    @Test
    void messageThatNoReceiverTakesForADayHasFailedForEverybodyToSee() throws Exception {
        now = Instant.now().minus(DAY);
        receiver.answers(500);
        spend(now.toString(), "700");
        put(BudgetPeriod.MONTH, ZoneOffset.UTC);
        sendUntil(1);
        assertThat(deliveries()).isEqualTo("failed");
        assertThat(problem()).contains("status 500", "given up after a day");
        Map<UUID, Integer> failed = jdbi.withHandle(handle -> deliveries.failed(handle));
        assertThat(failed).containsValue(1);
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
