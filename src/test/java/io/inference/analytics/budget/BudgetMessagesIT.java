package io.inference.analytics.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Messages about transitions: tried again, signed, cancelled and given up. */
@QuarkusTest
@WithBackends
class BudgetMessagesIT extends BudgetScenario {

    @Inject
    DeliveryJob sending;

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
}
