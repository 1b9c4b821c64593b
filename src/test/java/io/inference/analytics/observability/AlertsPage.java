package io.inference.analytics.observability;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;

/** Makes {@code docs/alerts.md} from the Prometheus rules: one section per group, one row per alert. */
final class AlertsPage {

    static final Path PAGE = Path.of("docs/alerts.md");

    private AlertsPage() {}

    static String text() {
        StringBuilder page = new StringBuilder(
                """
                # Alerts

                This page is generated from `gitops/prometheus/analytics-rules.yaml`:
                `mvn test -Dtest=AlertsPageTest -Danalytics.write-docs` writes it again.

                An alert fires when its condition has held for the given time. [metrics.md](metrics.md) explains the
                metrics, [observability.md](observability.md#alerts-and-dashboards) how alerts are routed.
                """);
        for (JsonNode group : Promql.yaml(Promql.RULES).path("groups")) {
            page.append("\n## ").append(group.path("name").asText()).append("\n");
            StringBuilder recorded = new StringBuilder();
            StringBuilder alerts = new StringBuilder();
            for (JsonNode rule : group.path("rules")) {
                if (rule.has("alert")) {
                    alerts.append(row(rule));
                } else {
                    recorded.append(
                            "| `%s` | %s |\n".formatted(rule.path("record").asText(), expression(rule)));
                }
            }
            if (!recorded.isEmpty()) {
                page.append("\n| Recorded series | Expression |\n|---|---|\n").append(recorded);
            }
            page.append("\n| Alert | Severity | Meaning | Condition | For | Runbook |\n|---|---|---|---|---|---|\n")
                    .append(alerts);
        }
        return page.toString();
    }

    private static String row(JsonNode rule) {
        JsonNode annotations = rule.path("annotations");
        String runbook = annotations.path("runbook_url").asText();
        return "| `%s` | %s | %s | %s | %s | [%s](%s) |\n"
                .formatted(
                        rule.path("alert").asText(),
                        rule.path("labels").path("severity").asText(),
                        annotations.path("summary").asText().replaceAll("\\{\\{ *\\$labels\\.(\\w+) *}}", "*$1*"),
                        expression(rule),
                        rule.path("for").asText("0m"),
                        Path.of(runbook).getFileName(),
                        runbook.replaceFirst("^docs/", ""));
    }

    private static String expression(JsonNode rule) {
        return "`" + rule.path("expr").asText().strip().replaceAll("\\s+", " ").replace("|", "\\|") + "`";
    }
}
