package io.inference.analytics.company;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.attribution.WorkspaceReports;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.WorkspaceRef;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class ProviderCostsIT {

    private static final String RANGE = "start=2025-10-15T00:00:00Z&end=2025-10-16T00:00:00Z";

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @BeforeEach
    void importF1() throws Exception {
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.offerF1();
            lab.mappings()
                    .mapWorkspace(
                            WorkspaceRef.of(ProviderLab.WORKSPACE), Tool.CLAUDE_CODE, LocalDate.of(2025, 1, 1), "test");
            lab.anthropic(ProviderLab.OCT_15);
        }
    }

    private static RequestSpecification as(String role) {
        return given().auth().oauth2(Tokens.of(role));
    }

    @Test
    void billsAreOneTotalSplitAsAsked() {
        as("company-finance")
                .get("/analytics/v1/provider-costs?" + RANGE + "&groupBy=platform")
                .then()
                .statusCode(200)
                .body("series", hasSize(2))
                .body("series.find { it.platform == 'claude_api' }.cost.amount", equalTo("13.34"))
                .body("series.find { it.platform == 'claude_code' }.cost.amount", equalTo("9.38"))
                .body("totals.cost.amount", equalTo("22.72"))
                .body("totals.cost.currency", equalTo("USD"))
                .body("finality.status", equalTo("provisional"))
                .body("finality.missingDays", equalTo(0));
        as("system-admin")
                .get("/analytics/v1/provider-costs?" + RANGE + "&groupBy=workspace&groupBy=day")
                .then()
                .statusCode(200)
                .body("series.day", containsInAnyOrder("2025-10-15", "2025-10-15"))
                .body("series.find { it.workspaceId == null }.cost.amount", equalTo("13.34"));
        for (String group : List.of("model", "user", "tokenType", "organization")) {
            as("company-finance")
                    .get("/analytics/v1/provider-costs?" + RANGE + "&groupBy=" + group)
                    .then()
                    .statusCode(200)
                    .body("totals.cost.amount", equalTo("22.72"));
        }
        String csv = as("company-finance")
                .accept("text/csv")
                .get("/analytics/v1/provider-costs?" + RANGE + "&groupBy=tokenType")
                .then()
                .statusCode(200)
                .extract()
                .asString();
        assertThat(csv).startsWith("tokenType,costAmount,costCurrency\r\n").contains("cache_write,6.39,USD\r\n");
    }

    @Test
    void totalsTellTheMeanOfADayAndOfAUser() {
        // 22.72 in two days; Alice alone has costs.
        as("company-finance")
                .get("/analytics/v1/provider-costs?start=2025-10-15T00:00:00Z&end=2025-10-17T00:00:00Z&groupBy=day")
                .then()
                .statusCode(200)
                .body("series", hasSize(1))
                .body("totals.days", equalTo(2))
                .body("totals.dailyAverage.amount", equalTo("11.36"))
                .body("totals.users", equalTo(1))
                .body("totals.costPerUser.amount", equalTo("22.72"));
        as("company-finance")
                .get("/analytics/v1/provider-costs?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z")
                .then()
                .body("totals.dailyAverage.amount", equalTo("0"))
                .body("totals.costPerUser", nullValue());
    }

    @Test
    void workspacesAreFilteredInReportsAndNowhereElse() throws Exception {
        WorkspaceReports reports = new WorkspaceReports(jdbi, Clock.systemUTC());
        String[][] filters = {
            {"&workspaceId=" + ProviderLab.WORKSPACE, "9.38"},
            {"&workspaceId=default", "13.34"},
            {"&workspaceId=default&workspaceId=" + ProviderLab.WORKSPACE, "22.72"},
            {"&workspaceId=wrkspc_other", "0"},
            {"&reported=true", "13.34"},
            {"&reported=true&workspaceId=" + ProviderLab.WORKSPACE, "0"},
            {"&reported=false", "22.72"},
            {"", "22.72"}
        };
        reports.show(WorkspaceRef.of(ProviderLab.WORKSPACE), false, "test");
        try {
            for (String[] filter : filters) {
                as("company-finance")
                        .get("/analytics/v1/provider-costs?" + RANGE + filter[0])
                        .then()
                        .statusCode(200)
                        .body("totals.cost.amount", equalTo(filter[1]));
            }
        } finally {
            reports.show(WorkspaceRef.of(ProviderLab.WORKSPACE), true, "test");
        }
        as("company-finance")
                .get("/analytics/v1/provider-costs?" + RANGE + "&reported=true")
                .then()
                .body("totals.cost.amount", equalTo("22.72"));
        for (String fault : List.of("&reported=maybe", "&reported=true&reported=true", "&workspaceId=a%20b")) {
            as("company-finance")
                    .get("/analytics/v1/provider-costs?" + RANGE + fault)
                    .then()
                    .statusCode(400);
        }
        as("company-finance")
                .get("/analytics/v1/reconciliation?" + RANGE + "&workspaceId=default")
                .then()
                .statusCode(400);
    }

    @Test
    void edgesAreSnappedToDaysAndAnEmptyRangeHasNoRow() {
        as("company-finance")
                .get("/analytics/v1/provider-costs?start=2025-10-15T12:00:00Z&end=2025-10-15T13:00:00Z")
                .then()
                .statusCode(200)
                .body("start", equalTo("2025-10-15T00:00:00Z"))
                .body("end", equalTo("2025-10-16T00:00:00Z"))
                .body("totals.cost.amount", equalTo("22.72"));
        as("company-finance")
                .get("/analytics/v1/provider-costs?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z")
                .then()
                .statusCode(200)
                .body("series", hasSize(0))
                .body("totals.cost.amount", equalTo("0"))
                .body("finality.refreshedAt", nullValue())
                .body("finality.missingDays", equalTo(1));
    }

    @Test
    void onlyWhoMaySeeTheCompanyIsAnswered() {
        for (String path :
                List.of("provider-costs", "provider-productivity", "provider-restatements", "reconciliation")) {
            given().get("/analytics/v1/" + path).then().statusCode(401);
            for (String role : List.of("finance", "org-admin", "engineer")) {
                given().auth()
                        .oauth2(Tokens.of(role, UUID.randomUUID()))
                        .get("/analytics/v1/" + path + "?" + RANGE)
                        .then()
                        .statusCode(403);
            }
            for (String fault : List.of(
                    "nothing=1",
                    "start=2025-10-32&end=2025-10-16T00:00:00Z",
                    "start=2025-10-15T00:00:00Z&end=2025-10-15T00:00:00Z",
                    "start=2024-01-01T00:00:00Z&end=2025-10-15T00:00:00Z",
                    RANGE + "&groupBy=shoeSize",
                    RANGE + "&start=2025-10-15T00:00:00Z",
                    RANGE + "&nonsense=1")) {
                as("company-finance")
                        .get("/analytics/v1/" + path + "?" + fault)
                        .then()
                        .statusCode(400)
                        .contentType(containsString("application/problem+json"));
            }
        }
    }

    @Test
    void estimatesAreComparedWithBillsAndNeverAdded() throws Exception {
        UUID model = UUID.randomUUID();
        new StoredUsage()
                .add(Event.of(UUID.randomUUID(), model, "2025-10-15T12:00:00Z")
                        .tokens(1_000_000, 100_000)
                        .cost("100"))
                .store(database);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("insert into analytics.models (model_id, name) values ('" + model
                    + "', 'claude-3-5-haiku-20241022') on conflict do nothing");
        }
        String haiku = "series.find { it.platform == 'claude_api' && it.model == 'claude-3-5-haiku-20241022' }.";
        as("company-finance")
                .get("/analytics/v1/reconciliation?" + RANGE + "&groupBy=platform&groupBy=model")
                .then()
                .statusCode(200)
                .body("totals.billed.amount", equalTo("22.72"))
                .body(haiku + "estimate.amount", equalTo("1"))
                .body(haiku + "billed.amount", equalTo("5.78"))
                .body(haiku + "difference.amount", equalTo("4.78"))
                .body(haiku + "split.price.amount", equalTo("0.2"))
                .body(haiku + "split.quantity.amount", equalTo("4.58"))
                .body(haiku + "split.rest.amount", equalTo("0"))
                .body(
                        "series.findAll { it.platform == 'claude_code' }.split.coverage.amount",
                        containsInAnyOrder("9.24", "0.14"));
        as("company-finance")
                .accept("text/csv")
                .get("/analytics/v1/reconciliation?" + RANGE + "&groupBy=provider")
                .then()
                .statusCode(200)
                .body(
                        containsString("provider,estimateAmount,billedAmount"),
                        containsString("anthropic,1,22.72,21.72,"));
    }

    /** Two days before the others, so that no other test of this class sees it. */
    @Test
    void billsOfOpenAiAreSplitLikeThoseOfAnthropic() throws Exception {
        LocalDate day = LocalDate.of(2025, 10, 13);
        String range = "start=2025-10-13T00:00:00Z&end=2025-10-14T00:00:00Z";
        try (ProviderLab lab = new ProviderLab(database);
                Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            lab.openaiApi.results(
                    "costs",
                    day,
                    ProviderHttp.JSON.readTree(
                            """
                            [{"amount": {"value": 2.5, "currency": "usd"}, "line_item": "gpt-5, input", "project_id": "proj_a"},
                             {"amount": {"value": 1e-9, "currency": "usd"}, "line_item": "gpt-5, output", "project_id": "proj_a"},
                             {"amount": {"value": 0.25, "currency": "usd"}, "line_item": "web search tool calls", "project_id": null}]
                            """));
            assertThat(lab.openai(day).complete()).isTrue();
            try {
                assertOpenAi(range);
            } finally {
                statement.execute("delete from analytics.provider_import_day where provider = 'openai'");
                statement.execute("truncate analytics.openai_costs, analytics.openai_usage_report");
            }
        }
    }

    private static void assertOpenAi(String range) {
        for (String group :
                List.of("day", "platform", "model", "workspace", "user", "team", "tokenType", "organization")) {
            as("company-finance")
                    .get("/analytics/v1/provider-costs?" + range + "&groupBy=" + group)
                    .then()
                    .statusCode(200)
                    .body("totals.cost.amount", equalTo("2.750000001"))
                    .body(
                            "series",
                            hasSize(Map.of("model", 2, "workspace", 2, "tokenType", 3)
                                    .getOrDefault(group, 1)));
        }
        as("company-finance")
                .get("/analytics/v1/provider-costs?" + range
                        + "&groupBy=platform&groupBy=tokenType&groupBy=organization&workspaceId=proj_a")
                .then()
                .statusCode(200)
                .body("totals.cost.amount", equalTo("2.500000001"))
                .body("series.platform", everyItem(equalTo("openai_api")))
                .body("series.organizationId", everyItem(equalTo("openai")))
                .body("series.tokenType", containsInAnyOrder("input", "output"));
    }

    /**
     * By hand: 1,000 of 2,000 plain input tokens at 1 USD for what OpenAI bills 1.25; the other 1,000 are 1.25 more. 600 cached ones are
     * 0.30 more. Of 250 output tokens at 0.25 USD, 50 are billed with 0.10, because no charge fits the default tier's: 200 are 0.20 less.
     */
    @Test
    void billsOfOpenAiAreComparedByKindAndTier() throws Exception {
        LocalDate day = LocalDate.of(2025, 10, 12);
        UUID model = UUID.randomUUID();
        String name = "gpt-5-" + model;
        new StoredUsage()
                .add(Event.of(UUID.randomUUID(), model, "2025-10-12T12:00:00Z")
                        .tokens(1_000, 250)
                        .cost("125"))
                .store(database);
        Sql sql = new Sql(database);
        sql.execute("insert into analytics.models (model_id, name) values ('%s', '%s')".formatted(model, name));
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.openaiApi.results(
                    "costs",
                    day,
                    ProviderHttp.JSON.readTree(
                            """
                            [{"amount": {"value": 2.5, "currency": "usd"}, "line_item": "%1$s, input"},
                             {"amount": {"value": 0.3, "currency": "usd"}, "line_item": "%1$s, cached input"},
                             {"amount": {"value": 0.1, "currency": "usd"}, "line_item": "flex | %1$s, output"},
                             {"amount": {"value": 0.25, "currency": "usd"}, "line_item": "web search tool calls"}]
                            """
                                    .formatted(name)));
            lab.openaiApi.results(
                    "usage/completions",
                    day,
                    ProviderHttp.JSON.readTree(
                            """
                            [{"input_tokens": 2600, "input_cached_tokens": 600, "output_tokens": 200, "model": "%1$s", "service_tier": "default"},
                             {"input_tokens": 0, "output_tokens": 50, "model": "%1$s", "service_tier": "flex"}]
                            """
                                    .formatted(name)));
            assertThat(lab.openai(day).complete()).isTrue();
            String row = "series.find { it.model == '" + name + "' }.";
            as("company-finance")
                    .get("/analytics/v1/reconciliation?start=2025-10-12T00:00:00Z&end=2025-10-13T00:00:00Z"
                            + "&groupBy=provider&groupBy=platform&groupBy=model")
                    .then()
                    .statusCode(200)
                    .body("totals.billed.amount", equalTo("3.15"))
                    .body("series.provider", everyItem(equalTo("openai")))
                    .body("series.platform", everyItem(equalTo("openai_api")))
                    .body(row + "estimate.amount", equalTo("1.25"))
                    .body(row + "difference.amount", equalTo("1.65"))
                    .body(row + "split.quantity.amount", equalTo("1.35"))
                    .body(row + "split.price.amount", equalTo("0.3"))
                    .body(row + "split.coverage.amount", equalTo("0"))
                    .body(row + "split.rest.amount", equalTo("0"))
                    .body("series.find { it.model == null }.split.coverage.amount", equalTo("0.25"));
        } finally {
            sql.execute("delete from analytics.provider_import_day where provider = 'openai'");
            sql.execute("truncate analytics.openai_costs, analytics.openai_usage_report");
        }
    }

    @Test
    void productivityCountsWhatPeopleDid() {
        as("company-finance")
                .get("/analytics/v1/provider-productivity?" + RANGE + "&groupBy=user")
                .then()
                .statusCode(200)
                .body("series.find { it.userEmail == 'alice@example.test' }.linesAdded", equalTo(812))
                .body("series.find { it.userEmail == 'alice@example.test' }.accepted", equalTo(56))
                .body("totals.sessions", equalTo(5))
                .body("totals.commits", equalTo(3));
        as("company-finance")
                .accept("text/csv")
                .get("/analytics/v1/provider-productivity?" + RANGE + "&groupBy=platform")
                .then()
                .statusCode(200)
                .body(containsString("claude_code,1,5,812,143,3,1,56,8,0.875,0,0"));
    }
}
