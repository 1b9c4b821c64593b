package io.inference.analytics.observability;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An expression in Prometheus' language, as a rule or a dashboard holds it.
 *
 * @param place where it stands, for messages
 */
record Promql(String place, String expression) {

    static final Path RULES = Path.of("gitops/prometheus/analytics-rules.yaml");
    static final Path RULE_TESTS = Path.of("gitops/prometheus/analytics-rules.test.yaml");
    /** Values just above and below each threshold. */
    static final Path THRESHOLD_TESTS = Path.of("gitops/prometheus/analytics-thresholds.test.yaml");

    static final Path DASHBOARDS = Path.of("dashboards");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private static final Set<String> WORDS = Set.of(
            "and",
            "or",
            "unless",
            "bool",
            "offset",
            "by",
            "without",
            "on",
            "ignoring",
            "group_left",
            "group_right",
            "inf",
            "nan",
            "start",
            "end");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");

    /** Expressions of the recording rules and alerts. */
    static List<Promql> ofRules() throws IOException {
        List<Promql> all = new ArrayList<>();
        for (JsonNode rule : rules()) {
            String name = rule.path("alert").asText(rule.path("record").asText());
            all.add(new Promql(name, rule.path("expr").asText()));
        }
        return all;
    }

    /** Names that the recording rules make. */
    static Set<String> recordedNames() {
        Set<String> names = new TreeSet<>();
        for (JsonNode rule : rules()) {
            if (rule.has("record")) {
                names.add(rule.path("record").asText());
            }
        }
        return names;
    }

    static List<JsonNode> rules() {
        List<JsonNode> rules = new ArrayList<>();
        yaml(RULES).path("groups").forEach(group -> group.path("rules").forEach(rules::add));
        return rules;
    }

    static List<JsonNode> alerts() {
        return rules().stream().filter(rule -> rule.has("alert")).toList();
    }

    static JsonNode yaml(Path file) {
        try {
            return yaml(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode yaml(String text) {
        try {
            return YAML.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Path> dashboards() throws IOException {
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    static JsonNode json(Path file) throws IOException {
        return JSON.readTree(Files.readString(file));
    }

    /** Expressions of all dashboards, of panels and variables, with values in place of Grafana's own variables. */
    static List<Promql> ofDashboards() throws IOException {
        List<Promql> all = new ArrayList<>();
        for (Path file : dashboards()) {
            JsonNode dashboard = json(file);
            for (JsonNode panel : panels(dashboard)) {
                for (JsonNode target : panel.path("targets")) {
                    if (target.has("expr")) {
                        all.add(new Promql(
                                file.getFileName() + ": " + panel.path("title").asText(),
                                withValues(target.path("expr").asText())));
                    }
                }
            }
            for (JsonNode annotation : dashboard.path("annotations").path("list")) {
                all.add(new Promql(
                        file.getFileName() + ": annotation "
                                + annotation.path("name").asText(),
                        withValues(annotation.path("expr").asText())));
            }
            for (JsonNode variable : dashboard.path("templating").path("list")) {
                Matcher labels = Pattern.compile("label_values\\((.*), *\\w+\\)")
                        .matcher(variable.path("query").path("query").asText());
                if (labels.matches()) {
                    all.add(new Promql(
                            file.getFileName() + ": variable "
                                    + variable.path("name").asText(),
                            withValues(labels.group(1))));
                }
            }
        }
        return all;
    }

    /** Panels of a dashboard, those in rows too. */
    static List<JsonNode> panels(JsonNode dashboard) {
        List<JsonNode> panels = new ArrayList<>();
        dashboard.path("panels").forEach(panel -> {
            panels.add(panel);
            panel.path("panels").forEach(panels::add);
        });
        return panels;
    }

    private static String withValues(String expression) {
        return expression
                .replaceAll("\\$__(rate_interval|interval|range)", "5m")
                .replaceAll("\\$\\{?[a-z_]+(:\\w+)?}?", "x");
    }

    /** Names of metrics that it reads. */
    Set<String> metricNames() {
        String bare = expression
                .replaceAll("\"(?:[^\"\\\\]|\\\\.)*\"", "")
                .replaceAll("\\{[^}]*}", "")
                .replaceAll("\\[[^]]*]", "")
                .replaceAll("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)", " ")
                .replaceAll("\\b[0-9]+(\\.[0-9]+)?(e[0-9]+)?(ms|s|m|h|d|w|y)?\\b", " ");
        Set<String> names = new TreeSet<>();
        Matcher name = NAME.matcher(bare);
        while (name.find()) {
            boolean function = bare.substring(name.end()).stripLeading().startsWith("(");
            if (!function && !WORDS.contains(name.group().toLowerCase(Locale.ROOT))) {
                names.add(name.group());
            }
        }
        return names;
    }

    @Override
    public String toString() {
        return place;
    }
}
