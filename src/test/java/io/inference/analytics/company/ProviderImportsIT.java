package io.inference.analytics.company;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which days are imported, by which runs, what was corrected, and what is not mapped. */
@QuarkusTest
@WithBackends
class ProviderImportsIT {

    private static final String IMPORTS = "/analytics/v1/provider-imports";

    /** Before the days of other tests that share the database. */
    private static final LocalDate FIRST = LocalDate.of(2025, 9, 10);

    private static final String RANGE = "start=2025-09-09&end=2025-09-14&provider=anthropic";

    @Inject
    AgroalDataSource database;

    @AfterEach
    void forgetTheDays() throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : List.of(
                    "delete from analytics.provider_import_day where usage_date < '2025-10-01'",
                    "delete from analytics.provider_correction where usage_date < '2025-10-01'",
                    "delete from analytics.claude_costs where activity_date < '2025-10-01'")) {
                statement.execute(sql);
            }
        }
    }

    private static RequestSpecification finance() {
        return given().auth().oauth2(Tokens.of("company-finance"));
    }

    private static JsonPath found(String path) {
        return finance().get(path).then().statusCode(200).extract().jsonPath();
    }

    private static String cost(JsonPath days, LocalDate day) {
        return days.getString("days.find { it.day == '" + day + "' }.datasets.find { it.dataset == 'cost' }.status");
    }

    /** The first day is restated, the second held back, the third never tried, the fourth imported. */
    @Test
    void theCalendarSaysWhatCameOfEachDay() throws Exception {
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.anthropicApi.cost(FIRST, ProviderLab.f1("101"));
            lab.anthropic(FIRST);
            lab.anthropicApi.cost(FIRST, ProviderLab.f1("202"));
            lab.anthropic(FIRST);
            lab.anthropicApi.cost(FIRST.plusDays(1), ProviderLab.f1("100001"));
            lab.anthropic(FIRST.plusDays(1));
            lab.anthropicApi.cost(FIRST.plusDays(3), ProviderLab.f1());
            lab.anthropic(FIRST.plusDays(3));
        }
        JsonPath days = found(IMPORTS + "?" + RANGE);
        assertThat(days.getList("days.day", String.class))
                .as("the newest first, and none before the first that was tried")
                .containsExactly("2025-09-13", "2025-09-12", "2025-09-11", "2025-09-10");
        assertThat(cost(days, FIRST)).isEqualTo("restated");
        assertThat(cost(days, FIRST.plusDays(1))).isEqualTo("quarantined");
        assertThat(days.getString("days[2].status")).isEqualTo("quarantined");
        assertThat(days.getString("days[2].datasets.find { it.dataset == 'cost' }.errorCode"))
                .isEqualTo("row_too_large");
        assertThat(days.getString("days[1].status")).isEqualTo("missing");
        assertThat(days.getString("days[1].refreshedAt")).isNull();
        assertThat(cost(days, FIRST.plusDays(3))).isEqualTo("imported");
        assertThat(days.getList("days.finality", String.class))
                .as("all were read after the fifth of October")
                .containsExactly("final", "provisional", "provisional", "final");
        JsonPath page = found(IMPORTS + "?" + RANGE + "&limit=2");
        assertThat(page.getList("days.day", String.class)).containsExactly("2025-09-13", "2025-09-12");
        JsonPath next = found(IMPORTS + "?" + RANGE + "&limit=2&cursor=" + page.getString("nextCursor"));
        assertThat(next.getList("days.day", String.class)).containsExactly("2025-09-11", "2025-09-10");
        assertRunsAndCorrections();
    }

    private static void assertRunsAndCorrections() {
        JsonPath corrections = found(IMPORTS + "/corrections?" + RANGE);
        assertThat(corrections.getList("corrections")).isNotEmpty();
        assertThat(corrections.getString("corrections[0].day")).isEqualTo(FIRST.toString());
        assertThat(corrections.getString("corrections[0].difference.amount")).isEqualTo("1.01");
        assertThat(corrections.getInt("corrections[0].revisionTo")).isEqualTo(2);
        JsonPath runs = found(IMPORTS + "/runs?provider=anthropic&limit=1");
        finance()
                .get(IMPORTS + "/runs?provider=anthropic&limit=1&cursor=" + runs.getString("nextCursor"))
                .then()
                .statusCode(200)
                .body("runs", hasSize(1))
                .body("runs[0].status", notNullValue())
                .body("runs[0].requestedBy", notNullValue());
        finance().get(IMPORTS + "/runs?provider=cursor").then().body("nextCursor", nullValue());
    }

    /** The API and the command have one source. */
    @Test
    void whatIsNotMappedIsWhatTheCommandLists() throws Exception {
        List<UnmappedCosts.Unmapped> listed;
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.empty();
            lab.offerF1();
            lab.anthropic(ProviderLab.OCT_15);
            listed = lab.unmapped().list();
        }
        JsonPath todo = found("/analytics/v1/provider-mappings/todo");
        assertThat(listed).isNotEmpty();
        assertThat(todo.getList("entries.id", String.class))
                .startsWith(listed.stream().map(UnmappedCosts.Unmapped::id).toArray(String[]::new));
        assertThat(todo.getInt("total")).isGreaterThanOrEqualTo(listed.size());
        assertThat(todo.getString("since"))
                .isEqualTo(ProviderLab.OCT_15.minusDays(400).toString());
    }

    @Test
    void aRangeIsBoundedAndACursorIsChecked() {
        finance()
                .get(IMPORTS + "?start=2024-01-01&end=2026-01-01")
                .then()
                .statusCode(400)
                .body("errors[0].field", equalTo("end"));
        for (String path :
                List.of("?" + RANGE + "&cursor=x", "/runs?cursor=x_y", "/corrections?" + RANGE + "&cursor=x")) {
            finance().get(IMPORTS + path).then().statusCode(400).body("errors[0].field", equalTo("cursor"));
        }
        finance().get(IMPORTS + "?start=2025-09-09&provider=other").then().statusCode(400);
        given().auth()
                .oauth2(Tokens.of("engineer"))
                .get(IMPORTS + "?" + RANGE)
                .then()
                .statusCode(403);
    }
}
