package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.devtools.SettingsPage;
import io.quarkus.runtime.configuration.DurationConverter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The objects for Kubernetes name what the service has: settings, ports, probes, commands, roles and metrics. */
class GitopsIT {

    private static final Overlay PRODUCTION = Overlay.rendered("production");

    /** A setting of Quarkus itself, which application.properties has as well. */
    private static final Set<String> OF_QUARKUS = Set.of("QUARKUS_FLYWAY_MIGRATE_AT_START");

    /** What commands read that is no setting of the service. */
    private static final Set<String> OF_COMMANDS = Set.of("SYNTHETIC_API_KEY");

    @Test
    void everyFileOfTheBaseIsAResource() throws IOException {
        Set<String> named = new TreeSet<>();
        kustomization(Path.of("gitops/base")).path("resources").forEach(resource -> named.add(resource.asText()));
        try (Stream<Path> files = Files.list(Path.of("gitops/base"))) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(file -> !file.equals("kustomization.yaml")))
                    .allMatch(named::contains);
        }
    }

    static Stream<Overlay> overlays() {
        return Overlay.all();
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void everyVariableIsASettingWithAValueThatFits(Overlay overlay) throws IOException {
        Map<String, String> given = new TreeMap<>();
        for (JsonNode container : overlay.containers()) {
            for (JsonNode source : container.path("envFrom")) {
                if (source.has("configMapRef")) {
                    overlay.find("ConfigMap", source.at("/configMapRef/name").asText())
                            .orElseThrow()
                            .path("data")
                            .properties()
                            .forEach(entry ->
                                    given.put(entry.getKey(), entry.getValue().asText()));
                } else {
                    overlay.find("ExternalSecret", source.at("/secretRef/name").asText())
                            .orElseThrow()
                            .at("/spec/data")
                            .forEach(entry -> given.put(entry.path("secretKey").asText(), ""));
                }
            }
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
    void portsAndProbesAreTheServices() throws IOException {
        String status = Files.readString(Path.of("src/main/java/io/inference/analytics/access/StatusResource.java"));
        for (JsonNode deployment : PRODUCTION.all("Deployment")) {
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
        PRODUCTION.all("Service").forEach(service -> service.at("/spec/ports")
                .forEach(port -> ports.add(
                        port.path("name").asText() + " " + port.path("port").asText())));
        assertThat(ports)
                .containsExactlyInAnyOrder(
                        "http " + Setting.HTTP_PORT.byDefault(), "management " + Setting.MANAGEMENT_PORT.byDefault());
        assertThat(PRODUCTION.one("ServiceMonitor").at("/spec/endpoints/0/port").asText())
                .isEqualTo("management");
        assertThat(Files.readString(Path.of("src/main/resources/application.properties")))
                .contains("export.prometheus.path="
                        + PRODUCTION
                                .one("ServiceMonitor")
                                .at("/spec/endpoints/0/path")
                                .asText());
    }

    @Test
    void containersAreConfinedAndRunCommandsThatExist() throws IOException {
        String commands = Files.readString(Path.of("docs/commands.md"));
        assertThat(PRODUCTION.containers()).hasSizeGreaterThanOrEqualTo(5).allSatisfy(container -> {
            assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                    .isTrue();
            assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(container.at("/resources/limits/memory").asText()).isEqualTo("512Mi");
            if (container.has("args")) {
                assertThat(commands)
                        .contains("analytics " + container.path("args").path(0).asText());
            }
        });
    }

    @Test
    void everyProviderHasAJobWithItsOwnKey() throws IOException {
        Map<String, String> keys = new TreeMap<>();
        Set<String> schedules = new TreeSet<>();
        Set<String> startable = new TreeSet<>();
        PRODUCTION.all("Role").forEach(role -> role.path("rules")
                .forEach(rule -> rule.path("resourceNames").forEach(name -> startable.add(name.asText()))));
        for (JsonNode job : PRODUCTION.all("CronJob")) {
            JsonNode container = job.at("/spec/jobTemplate/spec/template/spec/containers/0");
            if (container.path("args").path(0).asText().equals("providers")) {
                container.path("env").forEach(variable -> {
                    if (variable.path("name").asText().endsWith("KEY_FILE")) {
                        keys.put(
                                container.path("args").path(3).asText(),
                                variable.path("name").asText());
                    }
                });
                schedules.add(job.at("/spec/schedule").asText());
                assertThat(startable).contains(Overlay.name(job));
            }
        }
        assertThat(keys)
                .containsExactly(
                        entry("anthropic", "ANTHROPIC_ADMIN_API_KEY_FILE"),
                        entry("cursor", "CURSOR_API_KEY_FILE"),
                        entry("openai", "OPENAI_ADMIN_API_KEY_FILE"));
        assertThat(schedules).as("one after the other").hasSize(keys.size());
    }

    @Test
    void rolesAndMetricsExist() throws IOException {
        String roles = Files.readString(Path.of("db/roles.sql"));
        assertThat(roles)
                .contains(
                        PRODUCTION
                                .one("Cluster")
                                .at("/spec/bootstrap/initdb/owner")
                                .asText(),
                        "analytics_service");
        String metrics = Files.readString(Path.of("docs/metrics.md"));
        for (JsonNode scaler : PRODUCTION.all("HorizontalPodAutoscaler")) {
            scaler.at("/spec/metrics").forEach(metric -> {
                if (metric.has("pods")) {
                    assertThat(metrics).contains(metric.at("/pods/metric/name").asText());
                }
            });
        }
    }

    /** The service refuses a stream or a queue that was declared with other arguments. */
    @Test
    void theBrokerGetsWhatTheServiceDeclares() throws IOException {
        String topology = Files.readString(Path.of("src/main/java/io/inference/analytics/ingest/BrokerTopology.java"));
        JsonNode binding = PRODUCTION.one("Binding").path("spec");
        assertThat(topology)
                .contains("EXCHANGE = \""
                        + PRODUCTION.one("Exchange").at("/spec/name").asText() + "\"")
                .contains("EXCHANGE = \"" + binding.path("source").asText() + "\"")
                .contains("ROUTING_KEY = \"" + binding.path("routingKey").asText() + "\"")
                .contains("STREAM = \"" + binding.path("destination").asText() + "\"");
        JsonNode stream =
                PRODUCTION.find("Queue", "analytics-usage-v1").orElseThrow().path("spec");
        assertThat(stream.path("name")).isEqualTo(binding.path("destination"));
        assertThat(stream.at("/arguments/x-max-age").asText())
                .isEqualTo(DurationConverter.parseDuration(Setting.INGESTION_STREAM_MAX_AGE.byDefault())
                                .toSeconds() + "s");
        JsonNode letters =
                PRODUCTION.find("Queue", "analytics-usage-v1-dlq").orElseThrow().path("spec");
        assertThat(topology)
                .contains("DEAD_LETTER_QUEUE = \"" + letters.path("name").asText() + "\"")
                .contains(String.format(
                                Locale.ROOT,
                                "\"x-queue-type\", \"%s\", \"x-delivery-limit\", %,d",
                                letters.path("type").asText(),
                                letters.at("/arguments/x-delivery-limit").asLong())
                        .replaceAll("(?<=\\d),(?=\\d)", "_"));
        JsonNode policy = PRODUCTION.one("Policy").path("spec");
        assertThat(letters.path("name").asText()).matches(policy.path("pattern").asText());
        assertThat(stream.path("name").asText())
                .doesNotMatch(policy.path("pattern").asText());
    }

    @Test
    void alertsAndDashboardsAreTheTestedOnes() throws IOException {
        String deployed = PRODUCTION.one("PrometheusRule").at("/spec/groups").toString();
        assertThat(Overlay.YAML.readTree(deployed.replaceAll("https://git\\.example\\.com/analytics/blob/main/", "")))
                .isEqualTo(Overlay.YAML
                        .readTree(Path.of("gitops/prometheus/analytics-rules.yaml")
                                .toFile())
                        .path("groups"));
        Map<String, String> packed = new TreeMap<>();
        for (JsonNode map : PRODUCTION.all("ConfigMap")) {
            if (map.at("/metadata/labels").has("grafana_dashboard")) {
                map.path("data")
                        .properties()
                        .forEach(file ->
                                packed.put(file.getKey(), file.getValue().asText()));
            }
        }
        Map<String, String> tested = new TreeMap<>();
        try (Stream<Path> files = Files.list(Path.of("dashboards"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                tested.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        assertThat(packed).isEqualTo(tested);
    }

    /** Where the operator mounts what spec.configSecret and spec.secrets of its Alertmanager name. */
    @Test
    void theAlertmanagerFindsItsFiles() throws IOException {
        JsonNode routing = PRODUCTION.find("Secret", "analytics-alertmanager").orElseThrow();
        assertThat(routing.path("data").has("analytics.tmpl")).isTrue();
        String config = new String(
                Base64.getMimeDecoder()
                        .decode(routing.at("/data/alertmanager.yaml").asText()),
                StandardCharsets.UTF_8);
        assertThat(Overlay.YAML.readTree(config).at("/templates/0").asText())
                .isEqualTo("/etc/alertmanager/config/*.tmpl");
        Set<String> keys = new TreeSet<>();
        PRODUCTION
                .find("ExternalSecret", "analytics-alertmanager-keys")
                .orElseThrow()
                .at("/spec/data")
                .forEach(entry -> keys.add("/etc/alertmanager/secrets/analytics-alertmanager-keys/"
                        + entry.path("secretKey").asText()));
        assertThat(Pattern.compile("_file: (\\S+)").matcher(config).results().map(file -> file.group(1)))
                .containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void theSampleOfTheCollectorIsWholeAndListensWhereTracesGo() throws IOException {
        JsonNode collector = Overlay.YAML.readTree(
                Path.of("gitops/otel-collector/collector.yaml").toFile());
        JsonNode pipeline = collector.at("/service/pipelines/traces");
        for (String kind : List.of("receivers", "processors", "exporters")) {
            Set<String> defined = new TreeSet<>();
            collector.path(kind).fieldNames().forEachRemaining(defined::add);
            Set<String> used = new TreeSet<>();
            pipeline.path(kind).forEach(component -> used.add(component.asText()));
            assertThat(used).as(kind).isNotEmpty().isEqualTo(defined);
        }
        String endpoint = PRODUCTION
                .find("ConfigMap", "analytics")
                .orElseThrow()
                .at("/data/OTEL_EXPORTER_OTLP_ENDPOINT")
                .asText();
        assertThat(collector.at("/receivers/otlp/protocols/http/endpoint").asText())
                .endsWith(endpoint.substring(endpoint.lastIndexOf(':')));
    }

    private static JsonNode kustomization(Path directory) throws IOException {
        return Overlay.YAML.readTree(directory.resolve("kustomization.yaml").toFile());
    }
}
