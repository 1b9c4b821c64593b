package io.inference.analytics.budget;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@WithBackends
class BudgetApiIT {

    private static final String MONTHLY = "{\"amount\": 250, \"period\": \"month\"}";

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    @Inject
    Budgets budgets;

    @Inject
    BudgetGauges gauges;

    @Inject
    MeterRegistry meters;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();

    @BeforeEach
    void knowTheModel() {
        names.nameModel(model, "a model");
    }

    private ValidatableResponse put(String name, String body) {
        return given().auth()
                .oauth2(Tokens.of("finance", org))
                .contentType("application/json")
                .body(body)
                .put("/analytics/v1/orgs/{org}/budgets/{name}", org, name)
                .then();
    }

    private ValidatableResponse get(String name) {
        return given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get("/analytics/v1/orgs/{org}/budgets/{name}", org, name)
                .then();
    }

    private void spend(String client, String cents) throws Exception {
        new StoredUsage()
                .add(Event.of(org, model, Instant.now().toString())
                        .client(client)
                        .cost(cents))
                .store(database);
    }

    @Test
    void newBudgetHasItsStateAtOnceAndItsSecretOnlyThen() throws Exception {
        spend("app", "12345.678");
        put("team-a", MONTHLY)
                .statusCode(201)
                .header("Location", containsString("/budgets/team-a"))
                .header("Cache-Control", equalTo("no-store"))
                .body("name", equalTo("team-a"))
                .body("amount", equalTo("250"))
                .body("currency", equalTo("USD"))
                .body("period", equalTo("month"))
                .body("timeZone", equalTo("UTC"))
                .body("scope.size()", equalTo(0))
                .body("thresholds", equalTo(List.of(50, 80, 100)))
                .body("webhooks", hasSize(0))
                .body("state.status", equalTo("ok"))
                .body("state.threshold", nullValue())
                .body("state.spent", equalTo("123.45678"))
                .body("webhookSecret", startsWith("whsec_"));
        get("team-a").statusCode(200).body("state.spent", equalTo("123.45678")).body("webhookSecret", nullValue());
        given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get("/analytics/v1/orgs/{org}/budgets", org)
                .then()
                .statusCode(200)
                .body("budgets", hasSize(1))
                .body("budgets[0].name", equalTo("team-a"));
    }

    @Test
    void budgetCanBeReplacedByWhatWasRead() throws Exception {
        spend("app", "15000");
        String first = put("b", MONTHLY).statusCode(201).extract().path("webhookSecret");
        String read = get("b").extract().asString();
        put("b", read.replace("\"250\"", "\"100.50\""))
                .statusCode(200)
                .body("amount", equalTo("100.5"))
                .body("state.status", equalTo("reached"))
                .body("state.threshold", equalTo(100))
                .body("webhookSecret", nullValue());
        String second = given().auth()
                .oauth2(Tokens.of("org-admin", org))
                .contentType("application/json")
                .body(MONTHLY)
                .put("/analytics/v1/orgs/{org}/budgets/b?newSecret=true", org)
                .then()
                .statusCode(200)
                .body("state.threshold", equalTo(50))
                .extract()
                .path("webhookSecret");
        assertThat(second).startsWith("whsec_").isNotEqualTo(first);
    }

    @Test
    void scopeCountsItsOwnUsageOnly() throws Exception {
        spend("app", "1000");
        spend("other", "2000");
        put(
                        "c",
                        "{\"amount\":\"100\",\"period\":\"month\",\"scope\":{\"clientId\":\"app\",\"modelId\":\"%s\"}}"
                                .formatted(model))
                .statusCode(201)
                .body("scope.clientId", equalTo("app"))
                .body("scope.modelId", equalTo(model.toString()))
                .body("state.spent", equalTo("10"));
    }

    @Test
    void usageWithoutAPriceMakesItIncomplete() throws Exception {
        spend("app", null);
        spend("app", "13000");
        put("i", MONTHLY)
                .statusCode(201)
                .body("state.status", equalTo("incomplete"))
                .body("state.threshold", equalTo(50))
                .body("state.spent", equalTo("130"));
        gauges.refresh();
        assertThat(gauge("analytics.budget.state", "i")).isEqualTo(50);
        assertThat(gauge("analytics.budget.incomplete", "i")).isEqualTo(1);
        assertThat(budgets.lines(Optional.of(org)))
                .hasSize(2)
                .last()
                .asString()
                .contains("\ti\t250\tmonth\tUTC\tall\tall\t50,80,100\tincomplete\t50 %\t130\t");
    }

    private double gauge(String name, String budget) {
        return meters.get(name)
                .tag("org_id", org.toString())
                .tag("budget", budget)
                .gauge()
                .value();
    }

    @Test
    void deletedBudgetIsGone() {
        put("d", MONTHLY).statusCode(201);
        for (int status : new int[] {204, 404}) {
            given().auth()
                    .oauth2(Tokens.of("finance", org))
                    .delete("/analytics/v1/orgs/{org}/budgets/d", org)
                    .then()
                    .statusCode(status);
        }
        get("d").statusCode(404);
    }

    @Test
    void onlyAdminsAndFinanceWrite() {
        for (String role : new String[] {"engineer", "analytics:usage:read"}) {
            given().auth()
                    .oauth2(Tokens.of(role, org))
                    .contentType("application/json")
                    .body(MONTHLY)
                    .put("/analytics/v1/orgs/{org}/budgets/x", org)
                    .then()
                    .statusCode(403);
        }
        given().auth()
                .oauth2(Tokens.of("org-admin", UUID.randomUUID()))
                .delete("/analytics/v1/orgs/{org}/budgets/x", org)
                .then()
                .statusCode(403);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"period\":\"month\"} | amount",
                "{\"amount\":0,\"period\":\"month\"} | amount",
                "{\"amount\":-1,\"period\":\"month\"} | amount",
                "{\"amount\":1e999999999,\"period\":\"month\"} | amount",
                "{\"amount\":1e-999999999,\"period\":\"month\"} | amount",
                "{\"amount\":0.000000001,\"period\":\"month\"} | amount",
                "{\"amount\":\"ten\",\"period\":\"month\"} | amount",
                "{\"amount\":1} | period",
                "{\"amount\":1,\"period\":\"year\"} | period",
                "{\"amount\":1,\"period\":\"day\",\"currency\":\"EUR\"} | currency",
                "{\"amount\":1,\"period\":\"day\",\"timeZone\":\"Mars/Base\"} | timeZone",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[80,50]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[80,80]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[0]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[1001]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[1,2,3,4,5,6,7,8,9,10,11]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":[50.5]} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"thresholds\":50} | thresholds",
                "{\"amount\":1,\"period\":\"day\",\"scope\":{\"modelId\":\"00000000-0000-4000-8000-00000000dead\"}} | scope.modelId",
                "{\"amount\":1,\"period\":\"day\",\"scope\":{\"modelId\":\"x\"}} | scope.modelId",
                "{\"amount\":1,\"period\":\"day\",\"scope\":{\"clientId\":\"\"}} | scope.clientId",
                "{\"amount\":1,\"period\":\"day\",\"scope\":{\"userId\":\"00000000-0000-4000-8000-00000000dead\"}} | scope.userId",
                "{\"amount\":1,\"period\":\"day\",\"scope\":{\"team\":\"x\"}} | scope.team",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[{\"url\":\"http://1.1.1.1/\"}]} | webhooks[0].url",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[{\"url\":\"https://127.0.0.1/\"}]} | webhooks[0].url",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[{\"url\":\"https://no-such-host.invalid/\"}]} | webhooks[0].url",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[{\"url\":\"http://localhost/\"},{\"url\":\"http://localhost/\"}]} | webhooks[1].url",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[{}]} | webhooks[0].url",
                "{\"amount\":1,\"period\":\"day\",\"webhooks\":[\"https://1.1.1.1/\"]} | webhooks",
                "{\"amount\":1,\"period\":\"day\",\"name\":\"other\"} | name",
                "{\"amount\":1,\"period\":\"day\",\"colour\":\"red\"} | colour"
            })
    void whatIsWrongIsNamed(String body, String field) {
        put("bad", body).statusCode(400).contentType("application/problem+json").body("errors.field", hasItem(field));
        get("bad").statusCode(404);
    }

    @ParameterizedTest
    @CsvSource({"a b", ".hidden", "é"})
    void namesAreSimple(String name) {
        put(name, MONTHLY).statusCode(400).body("errors.field", hasItem("name"));
    }

    @Test
    void allFaultsAreReportedTogether() {
        put("bad", "{\"amount\":0,\"period\":\"era\",\"thresholds\":[],\"more\":1}")
                .statusCode(400)
                .body("errors", hasSize(4));
        put("bad", "[1]").statusCode(400).body("detail", not(containsString("Exception")));
        put("bad", "{\"amount\":1,\"amount\":2}").statusCode(400);
    }

    @Test
    void anOrganisationHasSoManyBudgetsAndNoMore() {
        for (int i = 0; i < 100; i++) {
            put("n" + i, MONTHLY).statusCode(201);
        }
        put("n100", MONTHLY).statusCode(409).contentType("application/problem+json");
        put("n99", MONTHLY).statusCode(200);
    }
}
