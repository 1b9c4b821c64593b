package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.inference.analytics.devtools.SettingsPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The objects for Kubernetes name what the service has: settings, ports, probes, commands, roles and metrics. */
class GitopsTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Path BASE = Path.of("gitops/base");
    private static final Set<Path> KUSTOMIZATIONS = Set.of(
            BASE,
            Path.of("gitops/overlays/development"),
            Path.of("gitops/overlays/production"),
            Path.of("gitops/synthetic"),
            Path.of("gitops/providers"),
            Path.of("gitops/alertmanager"),
            Path.of("dashboards"));

    /** A setting of Quarkus itself, which application.properties has as well. */
    private static final Set<String> OF_QUARKUS = Set.of("QUARKUS_FLYWAY_MIGRATE_AT_START");

    /** What commands read that is no setting of the service. */
    private static final Set<String> OF_COMMANDS = Set.of("SYNTHETIC_API_KEY");

    @Test
    void everyResourceThatAKustomizationNamesIsThere() throws IOException {
        for (Path directory : KUSTOMIZATIONS) {
            JsonNode kustomization = kustomization(directory);
            kustomization.path("resources").forEach(resource -> {
                Path named = directory.resolve(resource.asText()).normalize();
                assertThat(Files.isRegularFile(named) || KUSTOMIZATIONS.contains(named))
                        .as(named.toString())
                        .isTrue();
            });
        }
        Set<String> named = new TreeSet<>();
        kustomization(BASE).path("resources").forEach(resource -> named.add(resource.asText()));
        try (Stream<Path> files = Files.list(BASE)) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(file -> !file.equals("kustomization.yaml")))
                    .allMatch(named::contains);
        }
    }

    @Test
    void everyVariableIsASettingWithAValueThatFits() throws IOException {
        Map<String, String> given = new TreeMap<>();
        for (JsonNode object : objects("ConfigMap")) {
            object.path("data")
                    .properties()
                    .forEach(entry -> given.put(entry.getKey(), entry.getValue().asText()));
        }
        for (String overlay : List.of("development", "production")) {
            for (JsonNode literal : kustomization(Path.of("gitops/overlays", overlay))
                    .path("configMapGenerator")
                    .path(0)
                    .path("literals")) {
                String[] pair = literal.asText().split("=", 2);
                given.put(pair[0], pair[1]);
            }
        }
        for (JsonNode secret : objects("ExternalSecret")) {
            secret.path("spec").path("data").forEach(entry -> {
                if (!entry.path("secretKey").asText().equals("api-key")) {
                    given.putIfAbsent(entry.path("secretKey").asText(), "");
                }
            });
        }
        for (JsonNode container : containers()) {
            container
                    .path("env")
                    .forEach(variable -> given.putIfAbsent(variable.path("name").asText(), ""));
        }
        Set<String> properties = SettingsPage.mapped().keySet().stream()
                .map(property -> property.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_"))
                .collect(Collectors.toSet());
        given.forEach((name, value) -> {
            boolean known = Setting.of(name).isPresent()
                    || properties.contains(name)
                    || OF_QUARKUS.contains(name)
                    || OF_COMMANDS.contains(name);
            assertThat(known).as("%s is a setting", name).isTrue();
            if (!value.isEmpty()) {
                assertThat(Setting.of(name).flatMap(setting -> setting.fault(value)))
                        .isEmpty();
            }
        });
        assertThat(given).containsKeys("DATABASE_URL", "RABBITMQ_URL", "JWT_JWKS_URL");
    }

    @Test
    void whatAContainerReadsIsDeclared() throws IOException {
        Map<String, Set<String>> keys = new TreeMap<>();
        for (JsonNode secret : objects("ExternalSecret")) {
            Set<String> names = keys.computeIfAbsent(
                    secret.path("spec").path("target").path("name").asText(), name -> new TreeSet<>());
            secret.path("spec")
                    .path("data")
                    .forEach(entry -> names.add(entry.path("secretKey").asText()));
        }
        Set<String> maps = objects("ConfigMap").stream().map(GitopsTest::name).collect(Collectors.toSet());
        for (JsonNode container : containers()) {
            container.path("env").forEach(variable -> {
                JsonNode from = variable.path("valueFrom").path("secretKeyRef");
                if (!from.isMissingNode()) {
                    assertThat(keys.get(from.path("name").asText()))
                            .as(from.toString())
                            .contains(from.path("key").asText());
                }
            });
            container.path("envFrom").forEach(source -> {
                assertThat(
                                source.has("configMapRef")
                                        ? maps.contains(
                                                source.at("/configMapRef/name").asText())
                                        : keys.containsKey(
                                                source.at("/secretRef/name").asText()))
                        .as(source.toString())
                        .isTrue();
            });
        }
    }

    @Test
    void portsAndProbesAreTheServices() throws IOException {
        String status = Files.readString(Path.of("src/main/java/io/inference/analytics/access/StatusResource.java"));
        for (JsonNode deployment : objects("Deployment")) {
            JsonNode container = deployment.at("/spec/template/spec/containers/0");
            assertThat(container.at("/ports/0/containerPort").asText()).isEqualTo(Setting.HTTP_PORT.byDefault());
            assertThat(container.at("/ports/1/containerPort").asText()).isEqualTo(Setting.MANAGEMENT_PORT.byDefault());
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                JsonNode get = container.path(probe).path("httpGet");
                assertThat(status).contains("\"" + get.path("path").asText().substring(1) + "\"");
                assertThat(get.path("port").asText()).isIn("http", "management");
            }
        }
        List<String> ports = new ArrayList<>();
        objects("Service").forEach(service -> service.at("/spec/ports")
                .forEach(port -> ports.add(
                        port.path("name").asText() + " " + port.path("port").asText())));
        assertThat(ports)
                .containsExactlyInAnyOrder(
                        "http " + Setting.HTTP_PORT.byDefault(), "management " + Setting.MANAGEMENT_PORT.byDefault());
        assertThat(objects("ServiceMonitor").get(0).at("/spec/endpoints/0/port").asText())
                .isEqualTo("management");
        assertThat(Files.readString(Path.of("src/main/resources/application.properties")))
                .contains("export.prometheus.path="
                        + objects("ServiceMonitor")
                                .get(0)
                                .at("/spec/endpoints/0/path")
                                .asText());
    }

    @Test
    void containersAreConfinedAndRunCommandsThatExist() throws IOException {
        String commands = Files.readString(Path.of("docs/commands.md"));
        assertThat(containers()).hasSizeGreaterThanOrEqualTo(5).allSatisfy(container -> {
            assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                    .isTrue();
            assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(container.at("/resources/limits/memory").asText()).isEqualTo("512Mi");
            assertThat(container.path("image").asText()).isEqualTo("analytics");
            if (container.has("args")) {
                assertThat(commands)
                        .contains("analytics " + container.path("args").path(0).asText());
            }
        });
    }

    @Test
    void rolesAndMetricsExist() throws IOException {
        String roles = Files.readString(Path.of("db/roles.sql"));
        assertThat(roles)
                .contains(
                        objects("Cluster")
                                .get(0)
                                .at("/spec/bootstrap/initdb/owner")
                                .asText(),
                        "analytics_service");
        String metrics = Files.readString(Path.of("docs/metrics.md"));
        for (JsonNode scaler : objects("HorizontalPodAutoscaler")) {
            scaler.at("/spec/metrics").forEach(metric -> {
                if (metric.has("pods")) {
                    assertThat(metrics).contains(metric.at("/pods/metric/name").asText());
                }
            });
        }
        String topology = Files.readString(Path.of("src/main/java/io/inference/analytics/ingest/BrokerTopology.java"));
        assertThat(topology)
                .contains("EXCHANGE = \""
                        + objects("Exchange").get(0).at("/spec/name").asText() + "\"");
    }

    @Test
    void alertsAndDashboardsAreTheTestedOnes() throws IOException {
        JsonNode rules =
                YAML.readTree(Path.of("gitops/prometheus/analytics-rules.yaml").toFile());
        String deployed = objects("PrometheusRule").get(0).at("/spec/groups").toString();
        assertThat(deployed.replaceAll("https://git\\.example\\.com/analytics/blob/main/", ""))
                .isEqualTo(rules.path("groups").toString());
        Set<String> packed = new TreeSet<>();
        kustomization(Path.of("dashboards"))
                .path("configMapGenerator")
                .forEach(generator -> packed.add(generator.at("/files/0").asText()));
        try (Stream<Path> files = Files.list(Path.of("dashboards"))) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".json")))
                    .containsExactlyInAnyOrderElementsOf(packed);
        }
    }

    private static JsonNode kustomization(Path directory) throws IOException {
        return YAML.readTree(directory.resolve("kustomization.yaml").toFile());
    }

    private static String name(JsonNode object) {
        return object.path("metadata").path("name").asText();
    }

    private static List<JsonNode> containers() throws IOException {
        List<JsonNode> containers = new ArrayList<>();
        for (String kind : List.of("Deployment", "Job", "CronJob")) {
            for (JsonNode object : objects(kind)) {
                JsonNode template = kind.equals("CronJob") ? object.at("/spec/jobTemplate") : object;
                template.at("/spec/template/spec/containers").forEach(containers::add);
            }
        }
        return containers;
    }

    /** The objects of a kind in all files, each with a kind, a version and a name of its own. */
    private static List<JsonNode> objects(String kind) throws IOException {
        List<JsonNode> found = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("gitops"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".yaml"))
                    .filter(path -> !path.toString().contains("gitops/prometheus/"))
                    .filter(path -> !path.endsWith("alertmanager.yaml") && !path.endsWith("kustomization.yaml"))
                    .toList()) {
                for (JsonNode object : YAML.readerFor(JsonNode.class)
                        .<JsonNode>readValues(file.toFile())
                        .readAll()) {
                    assertThat(object.path("apiVersion").asText())
                            .as(file.toString())
                            .isNotEmpty();
                    assertThat(names.add(object.path("kind").asText() + " " + name(object)))
                            .as("%s %s", file, name(object))
                            .isTrue();
                    if (object.path("kind").asText().equals(kind)) {
                        found.add(object);
                    }
                }
            }
        }
        return found;
    }
}
