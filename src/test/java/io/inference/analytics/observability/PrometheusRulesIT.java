package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules and the expressions of the dashboards, judged by Prometheus' own tool. */
class PrometheusRulesIT {

    @TempDir
    Path directory;

    @Test
    void theRulesAreWellFormed() throws Exception {
        promtool("check", "rules", Promql.RULES.toString());
    }

    @Test
    void theRulesFireWhenTheyShouldAndAreQuietElsewise() throws Exception {
        promtool("test", "rules", Promql.RULE_TESTS.toString());
    }

    @Test
    void everyAlertIsTestedBothWays() {
        Set<String> firing = new TreeSet<>();
        Set<String> quiet = new TreeSet<>();
        Promql.yaml(Promql.RULE_TESTS).path("tests").forEach(test -> test.path("alert_rule_test")
                .forEach(expectation -> {
                    Set<String> kind = expectation.path("exp_alerts").isEmpty() ? quiet : firing;
                    kind.add(expectation.path("alertname").asText());
                }));
        Set<String> alerts = new TreeSet<>();
        for (JsonNode rule : Promql.rules()) {
            if (rule.has("alert")) {
                alerts.add(rule.path("alert").asText());
                assertThat(rule.path("labels").path("severity").asText()).isIn("warning", "critical");
                assertThat(rule.path("annotations").path("summary").asText()).isNotEmpty();
                assertThat(rule.path("annotations").path("description").asText())
                        .isNotEmpty();
            }
        }
        assertThat(alerts).isNotEmpty();
        assertThat(firing).isEqualTo(alerts);
        assertThat(quiet).isEqualTo(alerts);
    }

    @Test
    void everyExpressionOfTheDashboardsIsOne() throws Exception {
        List<Promql> expressions = Promql.ofDashboards();
        assertThat(expressions).isNotEmpty();
        StringBuilder rules = new StringBuilder("groups:\n  - name: dashboards\n    rules:\n");
        for (int i = 0; i < expressions.size(); i++) {
            rules.append("      - record: dashboard:expression:n").append(i).append('\n');
            rules.append("        expr: '")
                    .append(expressions.get(i).expression().replace("'", "''").replace("\n", " "))
                    .append("'\n");
        }
        Path file = directory.resolve("dashboards.yaml");
        Files.writeString(file, rules, StandardCharsets.UTF_8);
        promtool("check", "rules", file.toString());
    }

    @Test
    void everyPanelHasATitleAnIdOfItsOwnAndAKnownDataSource() throws IOException {
        for (Path file : Promql.dashboards()) {
            JsonNode dashboard = Promql.json(file);
            assertThat(dashboard.path("uid").asText()).as("uid of " + file).isNotEmpty();
            Set<Integer> ids = new HashSet<>();
            for (JsonNode panel : Promql.panels(dashboard)) {
                String title = panel.path("title").asText();
                assertThat(title).as(file.toString()).isNotEmpty();
                assertThat(ids.add(panel.path("id").asInt()))
                        .as(file + ": id of " + title)
                        .isTrue();
                if (!panel.path("type").asText().equals("row")) {
                    assertThat(panel.path("datasource").path("uid").asText())
                            .as(file + ": data source of " + title)
                            .isIn(provisioned());
                    assertThat(panel.path("targets")).as(file + ": " + title).isNotEmpty();
                }
            }
        }
    }

    private static Set<String> provisioned() {
        Set<String> uids = new TreeSet<>();
        Promql.yaml(Path.of("local-dev/grafana/provisioning/datasources/analytics.yaml"))
                .path("datasources")
                .forEach(source -> uids.add(source.path("uid").asText()));
        return uids;
    }

    private void promtool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Path output = directory.resolve("promtool.out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(String.join(" ", command) + "\n" + Files.readString(output))
                .isZero();
    }
}
