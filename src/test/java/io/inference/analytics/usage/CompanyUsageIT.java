package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
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
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Usage of all organisations. Other tests store usage too, so these look at a client of their own. */
@QuarkusTest
@WithBackends
class CompanyUsageIT {

    private static final String PATH = "/analytics/v1/usage";
    private static final UUID MODEL = UUID.randomUUID();

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    NameStore names;

    private final String client = "company-" + UUID.randomUUID();
    private final List<UUID> orgs = Stream.generate(UUID::randomUUID)
            .limit(2)
            .sorted((a, b) -> a.toString().compareTo(b.toString()))
            .toList();

    @BeforeEach
    void store() throws SQLException {
        names.nameOrg(orgs.get(1), "Second");
        new StoredUsage()
                .add(Event.of(orgs.get(0), MODEL, "2026-03-01T10:00:00Z")
                        .client(client)
                        .cost("0.12345678"))
                .add(Event.of(orgs.get(1), MODEL, "2026-03-01T11:00:00Z")
                        .client(client)
                        .cost("0.00000001"))
                .add(Event.of(orgs.get(1), MODEL, "2026-03-02T11:00:00Z")
                        .client(client)
                        .status("timeout")
                        .cost(null))
                .store(database);
        jdbi.useHandle(handle -> handle.createUpdate(
                        "insert into analytics.freshness_status (org_id, model_id, last_event_at, last_rollup_at, updated_at)"
                                + " values (:org, :model, now(), now(), now())")
                .bind("org", orgs.get(0))
                .bind("model", MODEL)
                .execute());
    }

    private RequestSpecification asked(String... parameters) {
        RequestSpecification request = given().auth()
                .oauth2(Tokens.of("company-finance"))
                .queryParam("start", "2026-03-01")
                .queryParam("end", "2026-03-03");
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request;
    }

    private ValidatableResponse usage(String... parameters) {
        return asked(parameters).get(PATH).then();
    }

    @Test
    void rowsNameTheirOrganisationAndTotalsAreExact() {
        usage("groupBy", "org,status", "clientId", client)
                .statusCode(200)
                .body("$", not(hasKey("orgId")))
                .body("granularity", equalTo("day"))
                .body(
                        "series.orgId",
                        equalTo(List.of(
                                orgs.get(0).toString(),
                                orgs.get(1).toString(),
                                orgs.get(1).toString())))
                .body("series[0]", not(hasKey("orgName")))
                .body("series[1].orgName", equalTo("Second"))
                .body("series.status", equalTo(List.of("success", "success", "timeout")))
                .body("series[2].costComplete", equalTo(false))
                .body("totals.invocations", equalTo(3))
                .body("totals.errors", equalTo(1))
                .body("totals.unpricedInvocations", equalTo(1))
                .body("totals.cost.amount", equalTo("0.0012345679"))
                .body("availableFrom", notNullValue())
                .body("freshness.lastEventAt", notNullValue())
                .body("freshness", hasKey("lagSeconds"));
        usage("clientId", client, "granularity", "total")
                .body("$", not(hasKey("freshnessByOrg")))
                .body("series", hasSize(1))
                .body("series[0]", not(hasKey("orgId")))
                .body("series[0].cost.amount", equalTo("0.0012345679"));
        usage("clientId", client, "groupBy", "org", "fill", "zero")
                .body("series.invocations", equalTo(List.of(1, 1, 0, 1)));
    }

    /** The worst of all says nothing about the others. */
    @Test
    void freshnessIsThatOfEachOrganisationToo() {
        jdbi.useHandle(handle -> handle.createUpdate(
                        """
                        insert into analytics.freshness_status (org_id, model_id, last_event_at, last_rollup_at, updated_at)
                        values (:org, :model, '2026-03-01T10:00:00Z', '2026-03-01T10:00:07Z', now()),
                               (:org, :other, '2026-03-01T11:00:00Z', '2026-03-01T11:00:07Z', now())""")
                .bind("org", orgs.get(1))
                .bind("model", MODEL)
                .bind("other", UUID.randomUUID())
                .execute());
        JsonPath answer = usage("groupBy", "org,status", "clientId", client)
                .statusCode(200)
                .extract()
                .jsonPath();
        assertThat(answer.getList("freshnessByOrg.orgId", String.class))
                .isEqualTo(orgs.stream().map(UUID::toString).toList());
        assertThat(answer.getString("freshnessByOrg[1].lastEventAt")).isEqualTo("2026-03-01T11:00:00Z");
        assertThat(answer.getString("freshnessByOrg[1].lastRollupAt")).isEqualTo("2026-03-01T11:00:07Z");
        assertThat(Instant.parse(answer.getString("freshnessByOrg[0].lastEventAt")))
                .isAfter(Instant.now().minusSeconds(600));
        for (int i = 0; i < 2; i++) {
            JsonPath own = given().auth()
                    .oauth2(Tokens.of("company-finance"))
                    .get("/analytics/v1/orgs/{org}/freshness", orgs.get(i))
                    .then()
                    .statusCode(200)
                    .extract()
                    .jsonPath();
            assertThat(answer.getString("freshnessByOrg[" + i + "].status")).isEqualTo(own.getString("status"));
        }
    }

    @Test
    void daysThatBeginWithinAnHourSplitItForEveryOrganisation() throws SQLException {
        String split = "split-" + client;
        new StoredUsage()
                .add(Event.of(orgs.get(0), MODEL, "2026-03-01T18:29:59.999Z").client(split))
                .add(Event.of(orgs.get(1), MODEL, "2026-03-01T18:30:00Z").client(split))
                .add(Event.of(orgs.get(1), MODEL, "2026-03-02T18:30:00Z").client(split))
                .store(database);
        usage("groupBy", "org", "clientId", split, "timeZone", "Asia/Kolkata")
                .statusCode(200)
                .body("series.bucketStart", equalTo(List.of("2026-02-28T18:30:00Z", "2026-03-01T18:30:00Z")))
                .body("series.orgId", equalTo(orgs.stream().map(UUID::toString).toList()))
                .body("totals.invocations", equalTo(2));
    }

    @Test
    void theTotalsAreThoseOfEveryOrganisationTogether() {
        JsonPath company =
                usage("groupBy", "org", "granularity", "total").extract().jsonPath();
        List<String> shown = company.getList("series.orgId", String.class);
        assertThat(shown)
                .contains(orgs.get(0).toString(), orgs.get(1).toString())
                .doesNotHaveDuplicates();
        BigDecimal cost = BigDecimal.ZERO;
        long invocations = 0;
        for (int i = 0; i < shown.size(); i++) {
            JsonPath org = given().auth()
                    .oauth2(Tokens.of("company-finance"))
                    .get("/analytics/v1/orgs/{org}/usage?start=2026-03-01&end=2026-03-03", shown.get(i))
                    .then()
                    .statusCode(200)
                    .extract()
                    .jsonPath();
            String amount = org.getString("totals.cost.amount");
            assertThat(company.getString("series[" + i + "].cost.amount")).isEqualTo(amount);
            cost = cost.add(amount == null ? BigDecimal.ZERO : new BigDecimal(amount));
            invocations += org.getLong("totals.invocations");
        }
        assertThat(new BigDecimal(company.getString("totals.cost.amount"))).isEqualByComparingTo(cost);
        assertThat(company.getLong("totals.invocations")).isEqualTo(invocations);
    }

    @Test
    void csvHasTheOrganisationAndAnEntityTagSavesSendingIt() {
        String[] question = {"groupBy", "org", "clientId", client};
        String csv = asked(question)
                .accept("text/csv")
                .get(PATH)
                .then()
                .statusCode(200)
                .extract()
                .asString();
        assertThat(csv.lines())
                .hasSize(4)
                .anyMatch(line -> line.startsWith("bucketStart,orgId,invocations,errors,"))
                .anyMatch(line -> line.startsWith("2026-03-01T00:00:00Z," + orgs.get(0) + ",1,0,10,5,2,1,0,"));
        String tag = usage(question).extract().header("ETag");
        asked(question)
                .header("If-None-Match", tag)
                .get(PATH)
                .then()
                .statusCode(304)
                .body(emptyString());
    }

    @Test
    void onlyCallersOfEveryOrganisationMayAskAndEachAnswerIsAudited() {
        String subject = "reader-" + UUID.randomUUID();
        for (String role : List.of("org-admin", "engineer", "finance", "analytics:usage:read")) {
            given().auth()
                    .oauth2(Tokens.of(role, orgs.get(0)))
                    .get(PATH + "?period=today")
                    .then()
                    .statusCode(403);
        }
        given().auth()
                .oauth2(Tokens.sign(Tokens.claims(List.of("system-admin")).subject(subject)))
                .get(PATH + "?period=today")
                .then()
                .statusCode(200);
        given().auth()
                .oauth2(Tokens.of("system-admin"))
                .get("/analytics/v1/audit?actor=" + subject)
                .then()
                .statusCode(200)
                .body("entries", hasSize(1))
                .body("entries[0].action", equalTo("analytics:usage:read"))
                .body("entries.crossOrg", everyItem(equalTo(true)));
    }

    @Test
    void usersAndTooManyPointsAreRefused() throws SQLException {
        usage("groupBy", "user", "userId", UUID.randomUUID().toString())
                .statusCode(400)
                .body("errors.field", hasItem("groupBy"))
                .body("errors.field", hasItem("userId"))
                .body("detail", containsString("org, model, client, status"));
        StoredUsage many = new StoredUsage();
        for (int i = 0; i < 135; i++) {
            many.add(Event.of(UUID.randomUUID(), MODEL, "2025-12-02T00:00:00Z").client(client));
        }
        many.store(database);
        given().auth()
                .oauth2(Tokens.of("company-finance"))
                .get(PATH + "?start=2025-12-01&end=2026-01-01&granularity=hour&groupBy=org&fill=zero&clientId="
                        + client)
                .then()
                .statusCode(400)
                .body("detail", containsString("more than 100000 points"));
    }
}
