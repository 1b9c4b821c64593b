package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static java.time.temporal.ChronoUnit.DAYS;
import static java.time.temporal.ChronoUnit.HOURS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class UsageIT {

    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();

    @BeforeEach
    void store() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:59:59.999Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-01T23:30:00Z")
                        .status("timeout")
                        .cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-03T00:00:00Z")
                        .client("=cmd")
                        .cost(null))
                .store(database);
    }

    private RequestSpecification asked(String... parameters) {
        RequestSpecification request = given().auth().oauth2(Tokens.of("engineer", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request;
    }

    private ValidatableResponse usage(String... parameters) {
        return asked(parameters).get("/analytics/v1/orgs/{org}/usage", org).then();
    }

    @Test
    void daysOfTheWholeOrganisation() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z")
                .statusCode(200)
                .body("orgId", equalTo(org.toString()))
                .body("granularity", equalTo("day"))
                .body("timeZone", equalTo("UTC"))
                .body("start", equalTo("2026-03-01T00:00:00Z"))
                .body("series", hasSize(2))
                .body("series[0].bucketStart", equalTo("2026-03-01T00:00:00Z"))
                .body("series[0].invocations", equalTo(3))
                .body("series[0].errors", equalTo(1))
                .body("series[0].inputTokens", equalTo(30))
                .body("series[0].costEstimateCents", equalTo(1))
                .body("series[0].cost.amount", equalTo("0.0062345678"))
                .body("series[0].cost.currency", equalTo("USD"))
                .body("series[0].unpricedInvocations", equalTo(1))
                .body("series[0].costComplete", equalTo(false))
                .body("series[1].cost", nullValue())
                .body("series[1].costEstimateCents", nullValue())
                .body("totals.invocations", equalTo(4))
                .body("totals.cost.amount", equalTo("0.0062345678"))
                .body("freshness.status", equalTo("unknown"));
    }

    @Test
    void csvHasTheSameRowsAndHarmlessCells() {
        String csv = asked("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "groupBy", "client")
                .accept("text/csv")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .contentType("text/csv")
                .extract()
                .asString();
        assertThat(csv.lines()).hasSize(4).first().asString().startsWith("bucketStart,clientId,invocations,errors");
        assertThat(csv).contains(",'=cmd,1,0,10,5,2,1,,,,1,false");
    }

    @Test
    void groupsAreSortedByTheirIdsAndClientsMayBeNobody() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "groupBy", "client", "groupBy", "model")
                .statusCode(200)
                .body("series.modelId", equalTo(List.of(MODEL_A.toString(), MODEL_F.toString(), MODEL_A.toString())))
                .body("series.clientId", equalTo(Arrays.asList(null, "app", "=cmd")))
                .body("series[0]", hasKey("clientId"))
                .body("series[0]", not(hasKey("status")));
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "groupBy", "status")
                .body("series.status", equalTo(List.of("success", "timeout", "success")))
                .body("series[0]", not(hasKey("clientId")))
                .body("series.errors", equalTo(List.of(0, 1, 0)));
    }

    @Test
    void filtersNarrowSeriesAndTotals() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "modelId", MODEL_A.toString())
                .body("totals.invocations", equalTo(3));
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "clientId", "app", "clientId", "nobody")
                .body("totals.invocations", equalTo(1));
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "clientId", "'; drop table x; --")
                .body("series", hasSize(0))
                .body("totals.cost.amount", equalTo("0"))
                .body("totals.costComplete", equalTo(true));
        String[] more = {"start", "2026-03-01", "end", "2026-03-08", "status", "timeout", "withoutClient", "true"};
        usage(more).body("totals.invocations", equalTo(1)).body("totals.errors", equalTo(1));
        usage(Arrays.copyOf(more, 6)).body("totals.invocations", equalTo(1));
        more[4] = "clientId";
        more[5] = "app";
        usage(more).body("totals.invocations", equalTo(3));
    }

    @Test
    void aBucketKeepsItsStartWhenTheRangeBeginsInside() {
        usage("start", "2026-03-01T10:30:00Z", "end", "2026-03-01T23:00:00Z")
                .body("start", equalTo("2026-03-01T10:00:00Z"))
                .body("series", hasSize(1))
                .body("series[0].bucketStart", equalTo("2026-03-01T00:00:00Z"))
                .body("series[0].invocations", equalTo(2));
    }

    @Test
    void daysFollowTheTimeZone() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "timeZone", "Asia/Tokyo")
                .body("timeZone", equalTo("Asia/Tokyo"))
                .body(
                        "series.bucketStart",
                        equalTo(List.of("2026-02-28T15:00:00Z", "2026-03-01T15:00:00Z", "2026-03-02T15:00:00Z")))
                .body("series.invocations", equalTo(List.of(2, 1, 1)));
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "timeZone", "Asia/Kolkata")
                .statusCode(200)
                .body("series", hasSize(3))
                .body("series[0].partial", equalTo(true));
        usage("start", "2026-03-01", "end", "2026-03-02", "timeZone", "Asia/Kolkata", "granularity", "hour")
                .statusCode(200)
                .body("start", equalTo("2026-02-28T18:30:00Z"))
                .body("series.bucketStart", equalTo(List.of("2026-03-01T10:00:00Z")));
    }

    @Test
    void daysThatBeginWithinAnHourSplitIt() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_A, "2026-03-04T18:29:59.999Z").cost("0.25"))
                .add(Event.of(org, MODEL_A, "2026-03-04T18:30:00Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-05T18:29:59.999Z").cost("1"))
                .add(Event.of(org, MODEL_A, "2026-03-05T18:30:00Z").cost("2"))
                .store(database);
        String[] day = {"start", "2026-03-05", "end", "2026-03-06", "timeZone", "Asia/Kolkata"};
        usage(day)
                .statusCode(200)
                .body("start", equalTo("2026-03-04T18:30:00Z"))
                .body("end", equalTo("2026-03-05T18:30:00Z"))
                .body("series.bucketStart", equalTo(List.of("2026-03-04T18:30:00Z")))
                .body("series[0].cost.amount", equalTo("0.015"))
                .body("series[0]", not(hasKey("partial")))
                .body("totals.invocations", equalTo(2));
        asked(day)
                .queryParam("by", "model")
                .get("/analytics/v1/orgs/{org}/breakdown", org)
                .then()
                .statusCode(200)
                .body("previous.start", equalTo("2026-03-03T18:30:00Z"))
                .body("rows.cost.amount", equalTo(List.of("0.015")))
                .body("rows.previous.cost.amount", equalTo(List.of("0.0025")));
    }

    @Test
    void aTotalIsOnePointPerGroupAndAWeekBeginsOnMonday() {
        usage("start", "2026-03-01", "end", "2026-03-08", "granularity", "total", "groupBy", "model,client")
                .statusCode(200)
                .body("granularity", equalTo("total"))
                .body("series", hasSize(3))
                .body("series[0].bucketStart", equalTo("2026-03-01T00:00:00Z"))
                .body("series[0]", not(hasKey("partial")))
                .body("series.clientId", equalTo(Arrays.asList(null, "=cmd", "app")))
                .body("totals.invocations", equalTo(4));
        usage("start", "2026-03-01", "end", "2026-03-09", "granularity", "week")
                .body("series.bucketStart", equalTo(List.of("2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z")))
                .body("series.invocations", equalTo(List.of(3, 1)))
                .body("series[0].partial", equalTo(true))
                .body("series[1]", not(hasKey("partial")));
    }

    @Test
    void aPeriodEchoesItsRangeAndMarksTheDayThatIsStillRunning() throws SQLException {
        Instant now = Instant.now();
        new StoredUsage().add(Event.of(org, MODEL_A, now.toString())).store(database);
        usage("period", "last-7-days", "timeZone", "Asia/Tokyo", "granularity", "hour")
                .statusCode(200)
                .body("end", equalTo(now.truncatedTo(HOURS).plus(1, HOURS).toString()))
                .body("start", equalTo(now.minus(7, DAYS).truncatedTo(HOURS).toString()))
                .body("series[0].partial", equalTo(true))
                .body("totals.invocations", equalTo(1));
        usage("period", "last-month", "start", "2026-03-01")
                .statusCode(400)
                .body("detail", containsString("period: given together with start or end"))
                .body("errors.field", equalTo(List.of("period")));
        usage("period", "fortnight").statusCode(400).body("detail", containsString("month-to-date"));
    }

    @Test
    void emptyBucketsShowOnlyWhenAskedFor() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "fill", "zero")
                .body("series", hasSize(7))
                .body("series[1].invocations", equalTo(0))
                .body("series[1].cost.amount", equalTo("0"));
    }

    @Test
    void everyFaultIsToldAsAProblem() {
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get(
                        "/analytics/v1/orgs/{org}/usage?start=2026-03-32&end=now&granularity=year&foo=1&fill=zero&fill=zero&modelId=",
                        org)
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body("type", equalTo("urn:analytics:problem:invalid-request"))
                .body("status", equalTo(400))
                .body("instance", equalTo("/analytics/v1/orgs/" + org + "/usage"))
                .body("traceId", matchesPattern("[0-9a-f]{32}"))
                .body("errors.field", containsInAnyOrder("start", "end", "granularity", "foo", "fill", "modelId"));
    }

    @Test
    void anEntityTagHoldsUntilTheFiguresChange() throws SQLException {
        String[] range = {"start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z"};
        String json =
                usage(range).header("Vary", containsString("Accept")).extract().header("ETag");
        String csv = asked(range)
                .accept("text/csv")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .header("ETag");
        assertThat(json).startsWith("W/").isNotEqualTo(csv);
        noteFreshness();
        asked(range)
                .header("If-None-Match", json)
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(304)
                .header("ETag", equalTo(json))
                .body(emptyString());
        new StoredUsage().add(Event.of(org, MODEL_A, "2026-03-05T00:00:00Z")).store(database);
        asked(range)
                .header("If-None-Match", json)
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200);
    }

    private void noteFreshness() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into analytics.freshness_status (org_id, model_id, last_event_at, last_rollup_at, updated_at)"
                                + " values (?, ?, now(), now(), now())")) {
            insert.setObject(1, org);
            insert.setObject(2, MODEL_A);
            insert.execute();
        }
    }

    @Test
    void theFormIsNegotiated() {
        String[] range = {"start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z"};
        for (String accept : List.of("*/*", "application/json", "text/csv;q=0.5, application/json", "application/*")) {
            asked(range)
                    .accept(accept)
                    .get("/analytics/v1/orgs/{org}/usage", org)
                    .then()
                    .statusCode(200)
                    .contentType("application/json");
        }
        for (String accept : List.of("text/csv", "text/*", "text/csv, application/json;q=0.5")) {
            asked(range)
                    .accept(accept)
                    .get("/analytics/v1/orgs/{org}/usage", org)
                    .then()
                    .statusCode(200)
                    .contentType("text/csv");
        }
        asked(range)
                .accept("application/xml")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(406)
                .contentType("application/problem+json")
                .body("status", equalTo(406));
    }

    @Test
    void tokensBeyondALongAreExact() throws SQLException {
        UUID big = UUID.randomUUID();
        new StoredUsage()
                .add(Event.of(big, MODEL_A, "2026-03-01T00:00:00Z").tokens(Long.MAX_VALUE, 0))
                .add(Event.of(big, MODEL_A, "2026-03-01T00:00:01Z").tokens(Long.MAX_VALUE, 0))
                .store(database);
        given().auth()
                .oauth2(Tokens.of("engineer", big))
                .get("/analytics/v1/orgs/{org}/usage?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z", big)
                .then()
                .body("totals.inputTokens", equalTo(new BigInteger("18446744073709551614")));
    }
}
