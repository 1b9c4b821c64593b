package io.inference.analytics.reliability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ten minutes from 12:20 in which one model times out for one client. */
@QuarkusTest
@WithBackends
class IncidentSummaryIT {

    private static final UUID GOOD = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID BAD = UUID.fromString("f0000000-0000-0000-0000-000000000002");
    private static final Instant START = Instant.parse("2026-03-01T12:20:00Z");
    private static final Instant END = Instant.parse("2026-03-01T12:30:00Z");

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();

    @BeforeEach
    void store() throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (Instant at = START.minusSeconds(3600); at.isBefore(END.plusSeconds(3600)); at = at.plusSeconds(15)) {
            boolean incident = !at.isBefore(START) && at.isBefore(END);
            stored.add(Event.of(org, GOOD, at.toString()).client("<b>|app").latency(100, 20L));
            stored.add(Event.of(org, BAD, at.toString()).client("other").latency(100, 20L));
            stored.add(Event.of(org, BAD, at.toString())
                    .client("<b>|app")
                    .status(incident ? "timeout" : "success")
                    .latency(incident ? 30_000 : 100, incident ? null : 20L)
                    .cost(incident ? "0.25" : "1"));
        }
        stored.store(database);
    }

    private RequestSpecification asked() {
        return given().auth()
                .oauth2(Tokens.of("engineer", org))
                .queryParam("start", START.toString())
                .queryParam("end", END.toString());
    }

    @Test
    void oneAnswerTellsWhoWasAffectedAndWhatItCost() {
        asked().get("/analytics/v1/orgs/{org}/incident-summary", org)
                .then()
                .statusCode(200)
                .contentType("application/json")
                .body("orgName", equalTo(org.toString()))
                .body("before.start", equalTo("2026-03-01T11:20:00Z"))
                .body("after.end", equalTo("2026-03-01T13:30:00Z"))
                .body("whole.before.invocations", equalTo(720))
                .body("whole.before.errors", equalTo(0))
                .body("whole.during.invocations", equalTo(120))
                .body("whole.during.errorsByStatus.timeout", equalTo(40))
                .body("whole.during.latencyMs.p99", equalTo(30_000f))
                .body("whole.after.errors", equalTo(0))
                .body("modelsByClient", hasSize(3))
                .body("modelsByClient[0].modelId", equalTo(BAD.toString()))
                .body("modelsByClient[0].clientId", equalTo("<b>|app"))
                .body("modelsByClient[0].affected", equalTo(true))
                .body("modelsByClient[0].figures.during.errorRate", equalTo(1f))
                .body("modelsByClient.affected", equalTo(java.util.List.of(true, false, false)))
                .body("models[0].modelId", equalTo(BAD.toString()))
                .body("models[0]", not(hasKey("clientId")))
                .body("models[1].affected", equalTo(false))
                .body("errorClasses", hasSize(1))
                .body("errorClasses[0].status", equalTo("timeout"))
                .body("errorClasses[0].invocations", equalTo(40))
                .body("failed.invocations", equalTo(40))
                .body("failed.inputTokens", equalTo(400))
                .body("failed.cost.amount", equalTo("0.1"))
                .body("failed.firstAt", equalTo(START.toString()))
                .body("timeline", hasSize(10))
                .body("timeline[0].errors", equalTo(4));
    }

    @Test
    void markdownIsForPeopleAndClientsCanNotBreakOut() {
        String text = asked().accept("text/markdown")
                .get("/analytics/v1/orgs/{org}/incident-summary", org)
                .then()
                .statusCode(200)
                .contentType("text/markdown")
                .extract()
                .asString();
        assertThat(text)
                .startsWith("# Incident of ")
                .contains("| Error rate | 0.00 % | 33.33 % | 0.00 % |")
                .contains(
                        BAD
                                + " for &lt;b\\>\\|app | 0.00 % | 100.00 % | 0.00 % | 100 | 30000 | 100 | 40 | errorRate, p95 |")
                .contains("| timeout | – | 40 |")
                .doesNotContain("<b>");
    }

    @Test
    void aQuietTimeIsNoError() {
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get(
                        "/analytics/v1/orgs/{org}/incident-summary?start=2020-01-01T00:00:00Z&end=2020-01-01T01:00:00Z",
                        org)
                .then()
                .statusCode(200)
                .body("whole.during.invocations", equalTo(0))
                .body("models", hasSize(0))
                .body("failed.invocations", equalTo(0));
        asked().accept("image/png")
                .get("/analytics/v1/orgs/{org}/incident-summary", org)
                .then()
                .statusCode(406);
        given().auth()
                .oauth2(Tokens.of("finance", org))
                .get("/analytics/v1/orgs/{org}/incident-summary", org)
                .then()
                .statusCode(403);
    }
}
