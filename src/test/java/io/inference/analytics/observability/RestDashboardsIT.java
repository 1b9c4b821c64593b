package io.inference.analytics.observability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Every question that the dashboards ask the API is answered, and the answer has the fields that they show. */
@QuarkusTest
@WithBackends
class RestDashboardsIT {

    @Inject
    AgroalDataSource database;

    @Inject
    ObjectMapper json;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();

    @Test
    void everyQuestionOfTheDashboardsIsAnswered() throws IOException, SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 60; i++) {
            // One quiet hour, and one that is a spike.
            stored.add(Event.of(org, model, "2026-03-01T%02d:%02d:00Z".formatted(10 + i / 30, i % 30))
                    .client("app")
                    .status(i < 30 ? "success" : "error"));
        }
        stored.store(database);
        sql("insert into analytics.models (model_id, name) values ('%s', 'a model')".formatted(model));
        sql("insert into analytics.manual_cost_entry (month, platform, amount_usd, entered_by, entered_at)"
                + " values ('2026-03-01', 'claude_ai', 600, 'test', now()) on conflict do nothing");
        // A user with cost.
        sql(
                "insert into analytics.cursor_usage_event (activity_date, organization_id, line_key, occurred_at, user_email, ordinal,"
                        + " charged_usd, ingestion_timestamp, import_revision, run_id) values ('2026-03-01', 'dashboards', '1',"
                        + " '2026-03-01T10:00:00Z', 'a@example.test', 1, 2.5, now(), 1, gen_random_uuid()) on conflict do nothing");
        sql(
                "insert into analytics.freshness_status (org_id, model_id, last_event_at, last_rollup_at, updated_at) values ('%s', '%s', now(), now(), now())"
                        .formatted(org, model));
        List<JsonNode> questions = questions();
        assertThat(questions).hasSizeGreaterThan(25);
        for (JsonNode question : questions) {
            String url = url(question);
            String body = given().auth()
                    .oauth2(url.contains("/orgs") ? Tokens.of("engineer", org) : Tokens.of("company-finance"))
                    .urlEncodingEnabled(false)
                    .get(url)
                    .then()
                    .statusCode(200)
                    .extract()
                    .asString();
            JsonNode found =
                    json.readTree(body).at("/" + question.get("root_selector").asText());
            for (JsonNode column : question.get("columns")) {
                String field = "/" + column.get("selector").asText().replace('.', '/');
                List<JsonNode> items = new ArrayList<>();
                if (found.isArray()) {
                    found.forEach(items::add);
                } else {
                    items.add(found);
                }
                assertThat(items).as("%s in %s", field, url).anyMatch(item -> !item.at(field)
                        .isMissingNode());
            }
        }
    }

    private void sql(String statement) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement execution = connection.createStatement()) {
            execution.execute(statement);
        }
    }

    private List<JsonNode> questions() throws IOException {
        List<JsonNode> questions = new ArrayList<>();
        for (Path file : Promql.dashboards()) {
            JsonNode dashboard = Promql.json(file);
            // That of Grafana 12, which local-dev/docker-compose.yml runs.
            assertThat(dashboard.get("schemaVersion").asInt())
                    .as(file.toString())
                    .isEqualTo(41);
            for (JsonNode panel : Promql.panels(dashboard)) {
                for (JsonNode target : panel.path("targets")) {
                    if (target.has("url")) {
                        questions.add(target);
                    }
                }
            }
            for (JsonNode variable : dashboard.at("/templating/list")) {
                if (variable.at("/query/infinityQuery").isObject()) {
                    questions.add(variable.at("/query/infinityQuery"));
                }
            }
        }
        return questions;
    }

    private String url(JsonNode question) {
        String url = question.get("url")
                .asText()
                .replace("${org}", org.toString())
                .replace("${model}", model.toString())
                .replace("${granularity}", "hour")
                .replace("${percentile}", "p95")
                .replace("${__from:date:iso}", "2026-03-01T00:00:00.000Z")
                .replace("${__to:date:iso}", "2026-03-02T00:00:00.000Z");
        assertThat(url).doesNotContain("$");
        return url;
    }
}
