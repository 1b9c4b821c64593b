package io.inference.analytics.reliability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.path.json.config.JsonPathConfig;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One model that works and one that breaks at 11:00 for client app, in one quiet night before and a whole day after. */
@QuarkusTest
@WithBackends
class ReliabilityIT {

    private static final UUID GOOD = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID BAD = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();

    @BeforeEach
    void store() throws SQLException {
        StoredUsage stored = new StoredUsage();
        hour(stored, GOOD, "", "10", 0, 100);
        hour(stored, BAD, "app", "10", 1, 100);
        hour(stored, GOOD, "", "11", 0, 100);
        hour(stored, BAD, "app", "11", 10, 300);
        hour(stored, GOOD, "", "12", 0, 100);
        hour(stored, BAD, "app", "12", 10, 300);
        stored.store(database);
    }

    /** Thirty events of an hour, the first of them timeouts. */
    private void hour(StoredUsage stored, UUID model, String client, String hour, int timeouts, long latencyMs) {
        for (int i = 0; i < 30; i++) {
            stored.add(Event.of(org, model, "2026-03-01T%s:%02d:00Z".formatted(hour, i))
                    .client(client)
                    .status(i < timeouts ? "timeout" : "success")
                    .latency(latencyMs, i < timeouts ? null : latencyMs / 4));
        }
    }

    private RequestSpecification asked(String... parameters) {
        RequestSpecification request = given().auth().oauth2(Tokens.of("engineer", org));
        request.queryParam("start", "2026-03-01T00:00:00Z").queryParam("end", "2026-03-02T00:00:00Z");
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request;
    }

    private ValidatableResponse reliability(String... parameters) {
        return asked(parameters)
                .get("/analytics/v1/orgs/{org}/reliability", org)
                .then();
    }

    @Test
    void daysOfTheWholeOrganisation() {
        reliability()
                .statusCode(200)
                .body("orgId", equalTo(org.toString()))
                .body("granularity", equalTo("day"))
                .body("start", equalTo("2026-03-01T00:00:00Z"))
                .body("availableFrom", notNullValue())
                .body("freshness.status", equalTo("unknown"))
                .body("series", hasSize(1))
                .body("series[0].bucketStart", equalTo("2026-03-01T00:00:00Z"))
                .body("series[0].invocations", equalTo(180))
                .body("series[0].errors", equalTo(21))
                .body("series[0].errorsByStatus.timeout", equalTo(21))
                .body("series[0].errorsByStatus.error", equalTo(0))
                .body("series[0]", not(hasKey("modelId")))
                .body("series[0]", not(hasKey("highlighted")))
                .body("series[0]", not(hasKey("spike")))
                .body("totals.invocations", equalTo(180));
        JsonPath exact = reliability()
                .extract()
                .jsonPath(JsonPathConfig.jsonPathConfig().numberReturnType(JsonPathConfig.NumberReturnType.DOUBLE));
        assertThat(exact.getDouble("totals.errorRate")).isEqualTo(21 / 180.0);
    }

    @Test
    void theHourInWhichItBeganIsASpikeOfItsModel() {
        reliability("granularity", "hour", "groupBy", "model")
                .body("series", hasSize(6))
                .body("series.modelId[2]", equalTo(GOOD.toString()))
                .body("series.modelId[3]", equalTo(BAD.toString()))
                .body("series.spike", equalTo(Arrays.asList(null, null, null, true, null, null)))
                .body("series[3].spikeCauses", equalTo(List.of("errorRate", "p95")))
                .body("series[3].latencyMs.p95", closeTo300())
                .body("series[3].timeToFirstTokenMs.p50", notNullValue());
        reliability("granularity", "hour", "groupBy", "model", "spike", "true")
                .body("series.modelId", equalTo(List.of(BAD.toString())))
                .body("totals.invocations", equalTo(180));
        reliability("granularity", "hour", "groupBy", "model", "start2", "x").statusCode(400);
    }

    @Test
    void theHourBeforeTheRangeCountsForTheFirstBucket() {
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get(
                        "/analytics/v1/orgs/{org}/reliability?start=2026-03-01T11:00:00Z&end=2026-03-01T12:00:00Z&granularity=hour&clientId=app&groupBy=client",
                        org)
                .then()
                .body("series", hasSize(1))
                .body("series[0].invocations", equalTo(30))
                .body("series[0].clientId", equalTo("app"))
                .body("series[0].spike", equalTo(true))
                .body("totals.invocations", equalTo(30));
    }

    /** A day of Kolkata begins at 18:30, so the hour before it is that from 17:30, and no other. */
    @Test
    void theHourBeforeADayThatBeginsWithinAnHourIsExact() throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 30; i++) {
            stored.add(cut("17:%02d:59.999".formatted(i), "timeout"))
                    .add(cut("17:%02d:00".formatted(30 + i), "success"))
                    .add(cut("18:%02d:59.999".formatted(i), "success"))
                    .add(cut("18:%02d:00".formatted(30 + i), i < 10 ? "timeout" : "success"));
        }
        stored.store(database);
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get(
                        "/analytics/v1/orgs/{org}/reliability?start=2026-03-05&end=2026-03-07&timeZone=Asia/Kolkata&clientId=cut",
                        org)
                .then()
                .statusCode(200)
                .body("series.bucketStart", equalTo(List.of("2026-03-04T18:30:00Z", "2026-03-05T18:30:00Z")))
                .body("series.invocations", equalTo(List.of(90, 30)))
                .body("series.errors", equalTo(List.of(30, 10)))
                .body("series.spike", equalTo(Arrays.asList(null, true)))
                .body("totals.invocations", equalTo(120));
    }

    private Event cut(String time, String status) {
        return Event.of(org, GOOD, "2026-03-05T" + time + "Z").client("cut").status(status);
    }

    @Test
    void percentileHighlightsOne() {
        reliability("percentile", "p95", "modelId", BAD.toString())
                .body("series[0].highlighted.percentile", equalTo("p95"))
                .body("series[0].highlighted.valueMs", closeTo300())
                .body("totals.highlighted.valueMs", closeTo300());
    }

    private static org.hamcrest.Matcher<Float> closeTo300() {
        return new org.hamcrest.CustomTypeSafeMatcher<>("300 within 2 %") {
            @Override
            protected boolean matchesSafely(Float value) {
                return closeTo(300, 6).matches(value.doubleValue());
            }
        };
    }

    @Test
    void nothingFoundIsEmptyAndNotAnError() {
        reliability("clientId", "nobody")
                .statusCode(200)
                .body("series", hasSize(0))
                .body("totals.invocations", equalTo(0))
                .body("totals.errorRate", equalTo(0f))
                .body("totals", not(hasKey("latencyMs")));
    }

    @Test
    void csvHasTheSameRows() {
        String csv = asked("granularity", "hour", "groupBy", "client", "groupBy", "model")
                .accept("text/csv")
                .get("/analytics/v1/orgs/{org}/reliability", org)
                .then()
                .statusCode(200)
                .contentType("text/csv")
                .extract()
                .asString();
        assertThat(csv.lines())
                .hasSize(7)
                .first()
                .asString()
                .startsWith("bucketStart,modelId,clientId,invocations,errors,errorRate,");
        assertThat(csv).contains("2026-03-01T11:00:00Z," + BAD + ",app,30,10,0.3333333333333333,0,10,0,");
        assertThat(csv).contains(",true,errorRate p95\r\n");
    }

    @Test
    void anEntityTagHoldsUntilTheFiguresChange() throws SQLException {
        String tag = reliability().extract().header("ETag");
        asked().header("If-None-Match", tag)
                .get("/analytics/v1/orgs/{org}/reliability", org)
                .then()
                .statusCode(304);
        new StoredUsage().add(Event.of(org, GOOD, "2026-03-01T20:00:00Z")).store(database);
        asked().header("If-None-Match", tag)
                .get("/analytics/v1/orgs/{org}/reliability", org)
                .then()
                .statusCode(200);
    }

    @Test
    void everyFaultIsToldAsAProblem() {
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get(
                        "/analytics/v1/orgs/{org}/reliability?start=2026-03-32&end=now&groupBy=status&percentile=p42&fill=zero",
                        org)
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("errors.field", containsInAnyOrder("start", "end", "groupBy", "percentile", "fill"));
    }

    @Test
    void financeMayNot() {
        given().auth()
                .oauth2(Tokens.of("finance", org))
                .get("/analytics/v1/orgs/{org}/reliability", org)
                .then()
                .statusCode(403);
    }
}
