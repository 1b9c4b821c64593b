package io.inference.analytics.budget;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.rollup.UserErasure;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.UserPrivacy;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** Budgets of one user, whatever the organisation shows of its users, and what budgets expect. */
@QuarkusTest
@WithBackends
class BudgetOfUserIT {

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    Budgets budgets;

    @Inject
    BudgetJob job;

    @Inject
    BudgetStore store;

    @Inject
    UserPrivacy privacy;

    @Inject
    UserErasure erasure;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final UUID ann = UUID.randomUUID();
    private final UUID bob = UUID.randomUUID();
    private final Instant now = Instant.now();

    private RequestSpecification as(String role) {
        return given().auth().oauth2(Tokens.of(role, org)).contentType("application/json");
    }

    private ValidatableResponse put(String name, String body) {
        return as("finance")
                .body(body)
                .put("/analytics/v1/orgs/{org}/budgets/{name}", org, name)
                .then();
    }

    private ValidatableResponse putOfUser(String name, Object user) {
        return put(name, "{\"amount\": 10, \"period\": \"month\", \"scope\": {\"userId\": \"%s\"}}".formatted(user));
    }

    private ValidatableResponse get(String path) {
        return as("engineer").get("/analytics/v1/orgs/" + org + "/" + path).then();
    }

    private void spend(UUID user, Instant at, String cents) throws Exception {
        new StoredUsage()
                .add(Event.of(org, model, at.toString())
                        .user(user)
                        .client("app")
                        .cost(cents))
                .store(database);
    }

    private void makeDue() {
        jdbi.useHandle(handle -> handle.createUpdate(
                        """
                        update analytics.budgets set evaluated_at = case when evaluated_at = 'infinity' then evaluated_at end,
                            user_evaluated_at = null
                        where org_id = :org
                        """)
                .bind("org", org)
                .execute());
    }

    private void evaluate() {
        makeDue();
        job.runOnce(Duration.ofSeconds(30));
    }

    /** The application's own round may be the one that evaluates. */
    private void awaitSpent(String name, String dollars) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            evaluate();
            get("budgets/" + name).statusCode(200).body("state.spent", equalTo(dollars));
        });
    }

    @Test
    void countsTheUsageOfItsUser() throws Exception {
        spend(ann, now, "600");
        spend(bob, now, "200");
        putOfUser("ann", ann)
                .statusCode(201)
                .body("scope.userId", equalTo(ann.toString()))
                .body("scope.userErased", nullValue())
                .body("state.threshold", equalTo(50))
                .body("state.spent", equalTo("6"));
        spend(ann, now, "400");
        awaitSpent("ann", "10");
        assertThat(budgets.lines(Optional.of(org))).last().asString().endsWith("\t0\t" + ann);
        putOfUser("nobody", UUID.randomUUID())
                .statusCode(400)
                .body("errors[0].field", equalTo("scope.userId"))
                .body("errors[0].message", containsString("is not known"));
    }

    @Test
    void showsThePseudonymWhereTheOrganisationShowsPseudonyms() throws Exception {
        spend(ann, now, "600");
        spend(bob, now, "200");
        putOfUser("named", ann).statusCode(201);
        privacy.set(org, UserPrivacy.Mode.PSEUDONYMS);
        String read = get("budgets/named").statusCode(200).extract().asString();
        String pseudonym = get("budgets/named").extract().path("scope.userId");
        assertThat(pseudonym).isNotEqualTo(ann.toString());
        get("breakdown?period=last-7-days&by=user&orderBy=cost").body("rows[0].key", equalTo(pseudonym));
        put("named", read).statusCode(200).body("scope.userId", equalTo(pseudonym));
        putOfUser("again", pseudonym)
                .statusCode(201)
                .body("scope.userId", equalTo(pseudonym))
                .body("state.spent", equalTo("6"));
        putOfUser("other", ann).statusCode(400);
        privacy.set(org, UserPrivacy.Mode.NAMES);
        get("budgets/again").body("scope.userId", equalTo(ann.toString()));
    }

    @Test
    void restsWhileTheOrganisationShowsNoFiguresByUser() throws Exception {
        spend(ann, now, "600");
        putOfUser("ann", ann).statusCode(201);
        put("all", "{\"amount\": 10, \"period\": \"month\"}").statusCode(201);
        privacy.set(org, UserPrivacy.Mode.OFF);
        putOfUser("new", ann).statusCode(403).body("detail", containsString("switched off"));
        put("ann", "{\"amount\": 10, \"period\": \"month\"}")
                .statusCode(403)
                .body("detail", containsString("switched off"));
        get("budgets/ann").statusCode(403).body("detail", containsString("switched off"));
        get("budgets").statusCode(200).body("budgets.name", contains("all"));
        spend(ann, now, "400");
        evaluate();
        assertThat(storedCents("ann")).isEqualByComparingTo("600");
        privacy.set(org, UserPrivacy.Mode.NAMES);
        awaitSpent("ann", "10");
        privacy.set(org, UserPrivacy.Mode.OFF);
        as("finance").delete("/analytics/v1/orgs/{org}/budgets/ann", org).then().statusCode(204);
    }

    private BigDecimal storedCents(String name) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select spent_cents from analytics.budgets where org_id = :org and name = :name")
                .bind("org", org)
                .bind("name", name)
                .mapTo(BigDecimal.class)
                .one());
    }

    /** What the version before takes, which would evaluate it as a budget of all users. */
    private List<String> dueBefore() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        """
                        select name from analytics.budgets
                        where org_id = :org and budget_id in (
                            select budget_id from analytics.budgets where evaluated_at is null or evaluated_at < :before
                            order by evaluated_at nulls first limit :limit)
                        order by name
                        """)
                .bind("org", org)
                .bind("before", Instant.now().plus(1, ChronoUnit.DAYS))
                .bind("limit", 1_000_000)
                .mapTo(String.class)
                .list());
    }

    @Test
    void isNotDueForTheVersionBefore() throws Exception {
        spend(ann, now, "600");
        spend(bob, now, "200");
        String all = "{\"amount\": 10, \"period\": \"month\"}";
        put("all", all).statusCode(201);
        putOfUser("ann", ann).statusCode(201);
        putOfUser("bob", bob).statusCode(201);
        makeDue();
        assertThat(dueBefore()).containsExactly("all");
        spend(ann, now, "400");
        awaitSpent("ann", "10");
        assertThat(dueBefore()).containsExactly("all");
        budgets.forgetUser(bob);
        assertThat(dueBefore()).as("its user is erased").containsExactly("all");
        putOfUser("all", ann).statusCode(200).body("state.spent", equalTo("10"));
        assertThat(dueBefore()).as("all has a user now").isEmpty();
        put("bob", all).statusCode(200).body("state.spent", equalTo("12"));
        assertThat(dueBefore()).as("bob is of all users now").containsExactly("bob");
    }

    @Test
    void isIncompleteOnceItsUserIsErasedAndNeverLower() throws Exception {
        spend(ann, now, "600");
        putOfUser("ann", ann).statusCode(201).body("state.status", equalTo("reached"));
        Budget before = jdbi.withHandle(handle -> store.find(handle, org, "ann").orElseThrow());
        assertThat(budgets.forgetUser(ann)).isEqualTo(1);
        assertThat(budgets.forgetUser(ann)).isZero();
        jdbi.useHandle(handle -> store.forecast(handle, before, Optional.of(BigDecimal.TEN), Instant.now()));
        assertThat(jdbi.withHandle(handle -> store.find(handle, org, "ann"))
                        .orElseThrow()
                        .forecastCents())
                .as("worked out while the user was erased")
                .isEmpty();
        erasure.eraseId(ann, day -> {});
        evaluate();
        String read = get("budgets/ann")
                .statusCode(200)
                .body("scope.userId", nullValue())
                .body("scope.userErased", equalTo(true))
                .body("state.status", equalTo("incomplete"))
                .body("state.threshold", equalTo(50))
                .body("state.spent", equalTo("6"))
                .extract()
                .asString();
        assertThat(read).doesNotContain(ann.toString());
        put("ann", read).statusCode(400).body("errors[0].field", equalTo("scope.userErased"));
        put("ann", "{\"amount\": 10, \"period\": \"month\"}")
                .statusCode(200)
                .body("scope.userErased", nullValue())
                .body("state.spent", equalTo("6"));
    }

    @Test
    void expectsWhatTheForecastOfTheSameScopeSays() throws Exception {
        for (int day = 1; day <= 21; day++) {
            spend(ann, now.minus(day, ChronoUnit.DAYS), "100");
            spend(bob, now.minus(day, ChronoUnit.DAYS), "300");
        }
        spend(ann, now, "50");
        String ofApp = "{\"amount\": 1000, \"period\": \"%s\", \"scope\": {\"clientId\": \"app\"%s}}";
        for (BudgetPeriod period : BudgetPeriod.values()) {
            String expected = get("forecast?clientId=app&period=" + period.runningName())
                    .statusCode(200)
                    .extract()
                    .path("expected.amount");
            String shown =
                    put("all", ofApp.formatted(period.wireName(), "")).extract().path("state.forecast");
            assertThat(new BigDecimal(shown))
                    .as("%s, some seconds later", period)
                    .isCloseTo(new BigDecimal(expected), within(new BigDecimal("0.02")));
        }
        String ofAnn = put("ann", ofApp.formatted("month", ",\"userId\": \"" + ann + "\""))
                .extract()
                .path("state.forecast");
        String ofAll = put("all", ofApp.formatted("month", "")).extract().path("state.forecast");
        assertThat(new BigDecimal(ofAnn)).isLessThan(new BigDecimal(ofAll));
        spend(ann, now, null);
        put("ann", ofApp.formatted("month", ",\"userId\": \"" + ann + "\""))
                .body("state.status", equalTo("incomplete"))
                .body("state.forecast", nullValue());
    }

    @Test
    void aClientIdWithACommaIsOneClient() throws Exception {
        for (int day = 0; day <= 21; day++) {
            StoredUsage usage = new StoredUsage();
            for (String client : List.of("eu,batch", "eu", "batch")) {
                usage.add(Event.of(org, model, now.minus(day, ChronoUnit.DAYS).toString())
                        .user(ann)
                        .client(client)
                        .cost(client.equals("eu,batch") ? "100" : "500"));
            }
            usage.store(database);
        }
        String body = "{\"amount\": 1000, \"period\": \"day\", \"scope\": {\"clientId\": \"%s\"}}";
        ValidatableResponse both = put("both", body.formatted("eu,batch")).body("state.spent", equalTo("1"));
        assertThat(new BigDecimal(both.extract().<String>path("state.forecast")))
                .isLessThan(new BigDecimal("5"));
        put("eu", body.formatted("eu")).body("state.spent", equalTo("5"));
    }

    @Test
    void expectsNothingFromTooLittleHistory() throws Exception {
        spend(ann, now.minus(2, ChronoUnit.DAYS), "100");
        put("all", "{\"amount\": 10, \"period\": \"month\"}")
                .statusCode(201)
                .body("state.forecast", nullValue())
                .body("state", not(nullValue()));
    }
}
