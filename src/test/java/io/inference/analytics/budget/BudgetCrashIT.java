package io.inference.analytics.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two packaged services that share the budgets, one of which is killed at the worst moments. */
class BudgetCrashIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES);
    private static Map<String, String> settings;
    private static Sql sql;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();

    @BeforeAll
    static void start() {
        settings = new HashMap<>(BACKENDS.start());
        settings.put("WEBHOOK_PRIVATE_HOSTS", "localhost");
        sql = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterAll
    static void stop() {
        BACKENDS.stop();
    }

    /** Of 100 dollars, with a threshold at each ten percent. */
    private HttpResponse<String> put(ServiceProcess replica, Receiver receiver) {
        return replica.put(
                "/analytics/v1/orgs/" + org + "/budgets/b",
                """
                {"amount": 100, "period": "month", "thresholds": [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
                 "webhooks": [{"url": "%s"}]}"""
                        .formatted(receiver.url()),
                Tokens.sign(Tokens.claims(List.of("finance"), org), settings));
    }

    private void spend(int dollars) throws Exception {
        new StoredUsage()
                .add(Event.of(org, model, Instant.now().toString()).cost(dollars + "00"))
                .store(sql.dataSource());
    }

    @Test
    void eachTransitionHappensOnceAndItsMessageArrivesWithItsIdAlthoughReplicasAreKilled() throws Exception {
        try (Receiver receiver = new Receiver();
                ServiceProcess first = ServiceProcess.start(settings);
                ServiceProcess second = ServiceProcess.start(settings)) {
            first.awaitReady();
            second.awaitReady();
            // The first one has to be the sender that is killed.
            second.signal("STOP");
            receiver.beforeAnswer(first::kill);
            spend(50);
            assertThat(put(first, receiver).statusCode()).isEqualTo(201);
            assertThat(first.awaitEnd())
                    .as("killed between its message and the answer")
                    .isNotZero();
            receiver.beforeAnswer(() -> {});
            second.signal("CONT");
            assertThat(sql.number("select count(*) from analytics.budget_transitions"))
                    .isEqualTo(5);
            sql.execute("update analytics.budget_deliveries set next_try_at = now()");
            spendWhileReplicasComeAndGo(second, receiver);
            await("all messages").atMost(PATIENCE).until(() -> idsOf(receiver).size() == 10 && openMessages() == 0);
            assertThat(transitions())
                    .containsExactlyElementsOf(IntStream.rangeClosed(1, 10)
                            .mapToObj(ten -> "reached " + ten * 10 + " 1")
                            .toList());
            assertThat(idsOf(receiver)).isEqualTo(storedIds());
            assertThat(receiver.messages()).as("one was sent again").hasSizeGreaterThan(10);
            assertThat(receiver.messages().stream()
                            .map(message -> new String(message.body(), StandardCharsets.UTF_8))
                            .distinct())
                    .as("with the same text")
                    .hasSize(10);
        }
    }

    /** Both evaluate each step at the same time, and the one that has just started is killed meanwhile. */
    private void spendWhileReplicasComeAndGo(ServiceProcess staying, Receiver receiver) throws Exception {
        try (ServiceProcess going = ServiceProcess.start(settings).awaitReady()) {
            for (int step = 1; step <= 5; step++) {
                spend(10);
                CompletableFuture<?> other = CompletableFuture.runAsync(() -> put(going, receiver));
                CompletableFuture<HttpResponse<String>> own =
                        CompletableFuture.supplyAsync(() -> put(staying, receiver));
                if (step == 3) {
                    going.kill();
                }
                assertThat(own.get().statusCode()).isEqualTo(200);
                assertThat(other.handle((done, failed) -> failed != null).get())
                        .as("step %d was cut", step)
                        .isIn(step > 3, step >= 3);
            }
        }
    }

    private static long openMessages() {
        return sql.number("select count(*) from analytics.budget_deliveries where delivered_at is null");
    }

    private static List<String> transitions() {
        return sql
                .rows(
                        "select kind || ' ' || threshold || ' ' || ordinal from analytics.budget_transitions order by threshold")
                .stream()
                .map(row -> row.toList().get(0).toString())
                .toList();
    }

    private static Set<String> storedIds() {
        return sql.rows("select transition_id::text from analytics.budget_transitions").stream()
                .map(row -> row.toList().get(0).toString())
                .collect(Collectors.toSet());
    }

    private static Set<String> idsOf(Receiver receiver) {
        return receiver.messages().stream().map(BudgetCrashIT::id).collect(Collectors.toSet());
    }

    private static String id(Receiver.Message message) {
        try {
            return message.json().get("id").asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
