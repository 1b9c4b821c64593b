package io.inference.analytics.intake;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.ingest.IngestLab;
import io.inference.analytics.ingest.OnStream;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class EventsOverHttpIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    AgroalDataSource database;

    @Inject
    MeterRegistry meters;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private IngestLab lab;

    @BeforeEach
    void open() throws Exception {
        lab = new IngestLab(brokerUrl, database);
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private ValidatableResponse post(String body) {
        return post(Tokens.of("analytics:events:write", lab.org()), body);
    }

    private ValidatableResponse post(String token, String body) {
        return given().auth()
                .oauth2(token)
                .contentType("application/json")
                .body(body)
                .post("/analytics/v1/orgs/" + lab.org() + "/events")
                .then();
    }

    private static String array(EventJson... events) {
        return Arrays.stream(events).map(EventJson::toString).collect(Collectors.joining(", ", "[", "]"));
    }

    private void awaitStored(long events) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.stored()).isEqualTo(events));
    }

    @Test
    void eventIsAcceptedAndLeadsBackToItsRequest() throws Exception {
        String id = "request-" + lab.org();
        given().auth()
                .oauth2(Tokens.of("system-admin"))
                .header("X-Request-Id", id)
                .contentType("application/json")
                .body(lab.event().toString())
                .post("/analytics/v1/orgs/" + lab.org() + "/events")
                .then()
                .statusCode(202)
                .header("X-Request-Id", id)
                .body("accepted", equalTo(1))
                .body("rejected", empty());
        awaitStored(1);
        assertThat(lab.number("select stored from analytics.ingestion_batches where correlation_id = ?", id))
                .isEqualTo(1);
    }

    @Test
    void eachEventOfAnArrayHasItsOutcome() throws Exception {
        EventJson good = lab.event();
        EventJson foreign = lab.event().with("orgId", "\"" + UUID.randomUUID() + "\"");
        post(array(
                        good,
                        lab.event().without("latencyMs"),
                        foreign,
                        lab.event(Instant.now().plusSeconds(3_600)),
                        lab.event().with("latencyMs", "-1"),
                        lab.event()))
                .statusCode(202)
                .body("accepted", equalTo(2))
                .body("rejected.index", contains(1, 2, 3, 4))
                .body(
                        "rejected.reason",
                        contains("missing_field", "invalid_field", "timestamp_out_of_range", "negative_value"))
                .body("rejected[1].detail", containsString("orgId"));
        awaitStored(2);
        assertThat(lab.isStored(good)).isTrue();
    }

    @Test
    void eventSentAgainIsStoredOnce() throws Exception {
        EventJson event = lab.event();
        post(event.toString()).statusCode(202).body("accepted", equalTo(1));
        post(array(event, event, lab.event())).statusCode(202).body("accepted", equalTo(3));
        awaitStored(2);
    }

    /** On a busy machine the confirm of so large a message may come too late; then a client sends it again. */
    @Test
    void aThousandEventsArriveInOneMessage() throws Exception {
        String events = array(Stream.generate(() -> lab.event().with("clientId", "\"" + "c".repeat(200) + "\""))
                .limit(1_000)
                .toArray(EventJson[]::new));
        AtomicReference<String> id = new AtomicReference<>();
        await().atMost(PATIENCE).untilAsserted(() -> {
            id.set("thousand-" + UUID.randomUUID());
            given().auth()
                    .oauth2(Tokens.of("analytics:events:write", lab.org()))
                    .header("X-Request-Id", id.get())
                    .contentType("application/json")
                    .body(events)
                    .post("/analytics/v1/orgs/" + lab.org() + "/events")
                    .then()
                    .statusCode(202)
                    .body("accepted", equalTo(1_000));
        });
        awaitStored(1_000);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.number(
                        "select count(*) from analytics.ingestion_batches where correlation_id = ?", id.get()))
                .isEqualTo(1));
    }

    @Test
    void emptyArrayIsNoEvent() {
        post("[]").statusCode(202).body("accepted", equalTo(0)).body("rejected", empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "7", "null", "[{]", "{\"orgId\":1,\"orgId\":2}"})
    void whatHoldsNoEventsIsRefusedAsAWhole(String body) {
        post(body).statusCode(400).contentType("application/problem+json").body("errors.message", notNullValue());
    }

    @Test
    void moreThanAThousandEventsAreRefusedAsAWhole() {
        post(Stream.generate(() -> "1").limit(1_001).collect(Collectors.joining(",", "[", "]")))
                .statusCode(400)
                .body("detail", containsString("at most 1000"));
        post("[" + " ".repeat(1024 * 1024) + "]").statusCode(413);
    }

    @Test
    void onlyProducersAndSystemAdminsMayPublish() throws Exception {
        for (String role : List.of("org-admin", "engineer", "finance", "company-finance")) {
            post(Tokens.of(role, lab.org()), lab.event().toString()).statusCode(403);
        }
        post(Tokens.of("analytics:events:write", UUID.randomUUID()), lab.event().toString())
                .statusCode(403);
        assertThat(lab.stored()).isZero();
    }

    @Test
    void keyOfAProducerPublishesForItsOrganisationOnly() throws Exception {
        String key = given().auth()
                .oauth2(Tokens.of("system-admin"))
                .contentType("application/json")
                .body("{\"name\":\"producer\",\"orgIds\":[\"%s\"],\"permissions\":[\"analytics:events:write\"]}"
                        .formatted(lab.org()))
                .post("/analytics/v1/api-keys")
                .then()
                .statusCode(201)
                .extract()
                .path("key");
        for (UUID org : List.of(lab.org(), UUID.randomUUID())) {
            given().header("X-API-Key", key)
                    .contentType("application/json")
                    .body(lab.event().toString())
                    .post("/analytics/v1/orgs/" + org + "/events")
                    .then()
                    .statusCode(org.equals(lab.org()) ? 202 : 403);
        }
        awaitStored(1);
    }

    @Test
    void onlyJsonIsTaken() {
        given().auth()
                .oauth2(Tokens.of("system-admin"))
                .contentType("text/plain")
                .body(lab.event().toString())
                .post("/analytics/v1/orgs/" + lab.org() + "/events")
                .then()
                .statusCode(415)
                .contentType("application/problem+json");
    }

    @Test
    void eventThatTheBrokerHasNoPlaceForIsNotAccepted() throws Exception {
        EventJson event = lab.event();
        double before = counted("unavailable");
        lab.unbind(true);
        try {
            postUntil(503, event);
        } finally {
            lab.bind(true);
        }
        assertThat(counted("unavailable")).isGreaterThan(before);
        assertThat(lab.isStored(event)).isFalse();
        postUntil(202, event);
        awaitStored(1);
    }

    @Test
    void eventThatAQueueRefusesIsNotAccepted() throws Exception {
        EventJson event = lab.event();
        String full = "full-" + lab.org();
        lab.bindFullQueue(full);
        try {
            postUntil(503, event).body("detail", containsString("full"));
        } finally {
            lab.deleteQueue(full);
        }
        postUntil(202, event);
        awaitStored(1);
    }

    /** For a moment after a failure, callers are refused without a try. */
    private ValidatableResponse postUntil(int status, EventJson event) {
        AtomicReference<ValidatableResponse> answer = new AtomicReference<>();
        await().atMost(PATIENCE).untilAsserted(() -> {
            answer.set(post(event.toString()));
            answer.get().statusCode(status);
        });
        return answer.get();
    }

    private double counted(String outcome) {
        return meters.get("analytics.intake.events")
                .tag("outcome", outcome)
                .counter()
                .count();
    }

    /** A broker that is gone refuses at once, one that hangs lets callers wait for a bounded time. */
    @ParameterizedTest
    @ValueSource(strings = {"kill", "pause"})
    void brokerThatIsDownIsUnavailableUntilItIsBack(String fault) throws Exception {
        EventJson first = lab.event();
        post(first.toString()).statusCode(202);
        awaitStored(1);
        LocalDev.act(Backend.RABBITMQ, fault);
        try {
            for (int i = 0; i < 3; i++) {
                post(lab.event().toString())
                        .statusCode(503)
                        .header("Retry-After", notNullValue())
                        .contentType("application/problem+json");
            }
        } finally {
            LocalDev.act(Backend.RABBITMQ, fault.equals("kill") ? "start" : "resume");
        }
        EventJson again = lab.event();
        await().atMost(PATIENCE).untilAsserted(() -> post(again.toString()).statusCode(202));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(lab.isStored(again)).isTrue());
    }
}
