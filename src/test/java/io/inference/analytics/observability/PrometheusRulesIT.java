package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules and the expressions of the dashboards, judged by Prometheus' own tool. */
class PrometheusRulesIT {

    /** They compare with 0 or count by presence. */
    private static final Set<String> WITHOUT_THRESHOLD = Set.of(
            "AnalyticsBrokerUnreachable",
            "AnalyticsConservationGap",
            "AnalyticsDeadLetters",
            "AnalyticsIngestionFailing",
            "AnalyticsMessagesLost",
            "AnalyticsServiceDown");

    @TempDir
    Path directory;

    @Test
    void theRulesAreWellFormed() throws Exception {
        run("promtool", "check", "rules", Promql.RULES.toString());
    }

    @Test
    void theRulesFireWhenTheyShouldAndAreQuietElsewise() throws Exception {
        run("promtool", "test", "rules", Promql.RULE_TESTS.toString(), Promql.THRESHOLD_TESTS.toString());
    }

    @Test
    void everyAlertIsTestedBothWays() {
        for (JsonNode alert : Promql.alerts()) {
            String name = alert.path("alert").asText();
            assertThat(alert.path("labels").path("severity").asText()).as(name).isIn("warning", "critical");
            assertThat(alert.path("annotations").path("summary").asText())
                    .as(name)
                    .isNotEmpty();
            assertThat(alert.path("annotations").path("description").asText())
                    .as(name)
                    .isNotEmpty();
        }
        assertThat(alertsExpected(true, Promql.RULE_TESTS, Promql.THRESHOLD_TESTS))
                .isEqualTo(alertNames());
        assertThat(alertsExpected(false, Promql.RULE_TESTS, Promql.THRESHOLD_TESTS))
                .isEqualTo(alertNames());
    }

    @Test
    void everyThresholdIsTestedJustAboveAndBelowIt() {
        Set<String> withThreshold = alertNames();
        withThreshold.removeAll(WITHOUT_THRESHOLD);
        assertThat(alertsExpected(true, Promql.THRESHOLD_TESTS)).containsAll(withThreshold);
        assertThat(alertsExpected(false, Promql.THRESHOLD_TESTS)).containsAll(withThreshold);
    }

    private static Set<String> alertNames() {
        Set<String> names = new TreeSet<>();
        Promql.alerts().forEach(alert -> names.add(alert.path("alert").asText()));
        assertThat(names).isNotEmpty();
        return names;
    }

    /** Alerts that a test of the files expects to fire, or not to. */
    private static Set<String> alertsExpected(boolean firing, Path... files) {
        Set<String> names = new TreeSet<>();
        for (Path file : files) {
            Promql.yaml(file).path("tests").forEach(test -> test.path("alert_rule_test")
                    .forEach(expectation -> {
                        if (expectation.path("exp_alerts").isEmpty() != firing) {
                            names.add(expectation.path("alertname").asText());
                        }
                    }));
        }
        return names;
    }

    @Test
    void everyAlertLeadsToARunbookThatNamesIt() throws IOException {
        for (JsonNode alert : Promql.alerts()) {
            Path runbook = Path.of(alert.path("annotations").path("runbook_url").asText());
            assertThat(runbook).isRegularFile();
            assertThat(Files.readString(runbook))
                    .as(runbook.toString())
                    .contains(alert.path("alert").asText());
        }
    }

    @Test
    void thePrometheusRuleHoldsTheTestedRules() throws Exception {
        String base = "https://git.example.com/analytics/blob/main/";
        JsonNode object = Promql.yaml(run("gitops/prometheus/prometheus-rule", base));
        assertThat(object.path("apiVersion").asText()).isEqualTo("monitoring.coreos.com/v1");
        assertThat(object.path("kind").asText()).isEqualTo("PrometheusRule");
        JsonNode groups = object.path("spec").path("groups");
        for (JsonNode url : groups.findValues("runbook_url")) {
            assertThat(url.asText()).startsWith(base);
        }
        assertThat(Promql.yaml(groups.toString().replace(base, "")))
                .isEqualTo(Promql.yaml(Promql.RULES).path("groups"));
    }

    @Test
    void alertsAreRoutedToReceiversThatExist() {
        JsonNode config = Promql.yaml(Path.of("gitops/alertmanager/alertmanager.yaml"));
        Set<String> receivers = new TreeSet<>();
        config.path("receivers")
                .forEach(receiver -> receivers.add(receiver.path("name").asText()));
        List<String> routedTo = new ArrayList<>();
        config.path("route").findValues("receiver").forEach(name -> routedTo.add(name.asText()));
        assertThat(receivers).containsExactlyInAnyOrderElementsOf(new TreeSet<>(routedTo));
        assertThat(config.at("/route/routes/0/matchers/0").asText()).isEqualTo("severity=\"critical\"");
        assertThat(config.at("/route/routes/0/receiver").asText()).isEqualTo("on-call");

        List<String> matchers = new ArrayList<>();
        for (String field : List.of("matchers", "source_matchers", "target_matchers")) {
            config.findValues(field).forEach(list -> list.forEach(matcher -> matchers.add(matcher.asText())));
        }
        for (String matcher : matchers) {
            if (matcher.startsWith("alertname")) {
                Pattern names = Pattern.compile(matcher.replaceAll("^alertname=~?\"|\"$", ""));
                assertThat(alertNames()).as(matcher).anyMatch(name -> names.matcher(name)
                        .matches());
            }
        }
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
        run("promtool", "check", "rules", file.toString());
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
        Promql.yaml(Path.of("dashboards/datasources/analytics.yaml"))
                .path("datasources")
                .forEach(source -> uids.add(source.path("uid").asText()));
        return uids;
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
        String said = Files.readString(output);
        assertThat(process.exitValue())
                .as(String.join(" ", command) + "\n" + said)
                .isZero();
        return said;
    }
}
