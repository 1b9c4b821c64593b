package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.testing.Schemas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each overlay, rendered: its objects fit the schemas of Kubernetes and of the operators, and find each other. */
class OverlaysIT {

    private static final Path SCHEMAS = Path.of("src/test/resources/kubernetes");
    private static final ObjectNode BY_NAME = Overlay.YAML.createObjectNode();
    private static final Schemas STRICT = new Schemas(OverlaysIT::resolved);

    /** Made by hand or by other installations: an optional map of an organisation's id, and the broker. */
    private static final Set<String> FROM_ELSEWHERE = Set.of("ConfigMap analytics-providers");

    static {
        try (Stream<Path> files = Files.list(SCHEMAS)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                BY_NAME.setAll((ObjectNode) Overlay.YAML.readTree(file.toFile()));
            }
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static JsonNode resolved(JsonNode schema) {
        return schema.has("$ref")
                ? resolved(BY_NAME.required(schema.get("$ref").asText().substring("#/definitions/".length())))
                : schema;
    }

    static Stream<Overlay> overlays() {
        return Overlay.all();
    }

    private static List<String> faults(JsonNode object) {
        String kind =
                object.path("apiVersion").asText() + " " + object.path("kind").asText();
        assertThat(BY_NAME.has(kind)).as("%s has a schema", kind).isTrue();
        return STRICT.faults(object, BY_NAME.get(kind));
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void everyObjectFitsItsSchema(Overlay overlay) {
        assertThat(overlay.objects()).hasSizeGreaterThan(30).allSatisfy(object -> assertThat(faults(object))
                .as("%s %s", object.path("kind").asText(), Overlay.name(object))
                .isEmpty());
    }

    @Test
    void theApplicationsOfArgoCdFitTheirSchemasAndNameAnOverlay() throws IOException {
        for (String file : List.of("application.yaml", "application-set.yaml")) {
            JsonNode object = Overlay.documents(Files.readString(Path.of("gitops/argocd", file)))
                    .get(0);
            assertThat(faults(object)).as(file).isEmpty();
            JsonNode spec =
                    object.path("spec").has("template") ? object.at("/spec/template/spec") : object.path("spec");
            String path = spec.at("/source/path").asText();
            assertThat(Path.of(path, "kustomization.yaml")).isRegularFile();
            assertThat(spec.at("/destination/namespace").asText())
                    .isEqualTo(Overlay.rendered(Path.of(path).getFileName().toString())
                            .one("Deployment")
                            .at("/metadata/namespace")
                            .asText());
        }
    }

    /** What the API server would refuse must not pass here. */
    @Test
    void aFaultInAnObjectIsFound() {
        ObjectNode deployment =
                Overlay.rendered("development").one("Deployment").deepCopy();
        ((ObjectNode) deployment.at("/spec/template/spec/containers/0/readinessProbe")).put("periodSecond", 3);
        ((ObjectNode) deployment.path("spec")).put("replicas", "2");
        ((ObjectNode) deployment.path("spec")).remove("selector");
        assertThat(faults(deployment))
                .anyMatch(fault -> fault.contains("readinessProbe.periodSecond: not in the document"))
                .anyMatch(fault -> fault.contains("$.spec.replicas"))
                .anyMatch(fault -> fault.contains("$.spec.selector: missing"))
                .hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void everyObjectIsInTheNamespaceOnce(Overlay overlay) {
        Set<String> namespaces = new TreeSet<>();
        Set<String> names = new HashSet<>();
        overlay.objects().forEach(object -> {
            namespaces.add(object.at("/metadata/namespace").asText());
            assertThat(names.add(object.path("kind").asText() + " " + Overlay.name(object)))
                    .isTrue();
        });
        assertThat(namespaces).hasSize(1);
        overlay.all("RoleBinding").forEach(binding -> binding.path("subjects").forEach(subject -> assertThat(namespaces)
                .contains(subject.path("namespace").asText())));
        assertThat(overlay.containers())
                .extracting(container -> container.path("image").asText())
                .allMatch(image -> image.matches("registry\\.example\\.com/analytics:\\S+"));
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void whatAPodNamesIsThere(Overlay overlay) {
        Map<String, Set<String>> keys = new TreeMap<>();
        overlay.all("ConfigMap").forEach(map -> keys.put("ConfigMap " + Overlay.name(map), fields(map.path("data"))));
        overlay.all("ServiceAccount").forEach(account -> keys.put("ServiceAccount " + Overlay.name(account), Set.of()));
        overlay.all("ExternalSecret").forEach(secret -> {
            Set<String> names = new TreeSet<>();
            secret.at("/spec/data")
                    .forEach(entry -> names.add(entry.path("secretKey").asText()));
            keys.put("Secret " + secret.at("/spec/target/name").asText(), names);
        });
        overlay.pods().forEach((name, pod) -> {
            List<String> wanted = new ArrayList<>();
            if (pod.path("spec").has("serviceAccountName")) {
                wanted.add(
                        "ServiceAccount " + pod.at("/spec/serviceAccountName").asText());
            }
            pod.findValues("configMapRef")
                    .forEach(map -> wanted.add("ConfigMap " + map.path("name").asText()));
            pod.findValues("secretRef")
                    .forEach(
                            secret -> wanted.add("Secret " + secret.path("name").asText()));
            pod.findValues("secretName").forEach(secret -> wanted.add("Secret " + secret.asText()));
            assertThat(keys.keySet()).as(name).containsAll(wanted);
            Stream.concat(references(pod, "secretKeyRef", "Secret "), references(pod, "configMapKeyRef", "ConfigMap "))
                    .filter(reference -> !FROM_ELSEWHERE.contains(reference.getKey()))
                    .forEach(reference -> assertThat(keys.getOrDefault(reference.getKey(), Set.of()))
                            .as("%s: %s", name, reference.getKey())
                            .contains(reference.getValue()));
            pod.findValuesAsText("value").stream()
                    .filter(value -> value.startsWith("/secrets/"))
                    .forEach(file -> assertThat(keys.get(
                                    "Secret " + pod.findValue("secretName").asText()))
                            .contains(Path.of(file).getFileName().toString()));
        });
        overlay.all("User").forEach(user -> assertThat(keys.get("Secret "
                        + user.at("/spec/importCredentialsSecret/name").asText()))
                .contains("username", "password"));
        overlay.all("Cluster").forEach(cluster -> cluster.findValues("s3Credentials")
                .forEach(credentials -> credentials.forEach(reference -> assertThat(keys.getOrDefault(
                                "Secret " + reference.path("name").asText(), Set.of()))
                        .contains(reference.path("key").asText()))));
    }

    /** The operator removes old backups from object storage only, and only by a policy. */
    @ParameterizedTest
    @MethodSource("overlays")
    void oldBackupsAreRemoved(Overlay overlay) {
        overlay.all("ScheduledBackup").forEach(backup -> {
            assertThat(backup.at("/spec/method").asText()).isEqualTo("barmanObjectStore");
            JsonNode cluster = overlay.find(
                            "Cluster", backup.at("/spec/cluster/name").asText())
                    .orElseThrow();
            assertThat(cluster.at("/spec/backup/retentionPolicy").asText()).isNotEmpty();
            assertThat(cluster.at("/spec/backup").has("barmanObjectStore")).isTrue();
        });
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void everySelectorFindsAPod(Overlay overlay) {
        Collection<JsonNode> pods = overlay.pods().values();
        overlay.all("Service").forEach(service -> {
            assertThat(selected(pods, service.at("/spec/selector")))
                    .as(Overlay.name(service))
                    .isNotEmpty();
            selected(pods, service.at("/spec/selector")).forEach(pod -> service.at("/spec/ports")
                    .forEach(port -> assertThat(pod.findValues("containerPort"))
                            .as("%s %s", Overlay.name(service), port)
                            .extracting(JsonNode::asInt)
                            .contains(port.path("port").asInt())));
        });
        for (String kind : List.of("PodDisruptionBudget", "NetworkPolicy")) {
            overlay.all(kind).forEach(object -> {
                JsonNode selector = object.path("spec").has("selector")
                        ? object.at("/spec/selector")
                        : object.at("/spec/podSelector");
                if (selector.has("matchLabels")) {
                    assertThat(selected(pods, selector.path("matchLabels")))
                            .as(Overlay.name(object))
                            .isNotEmpty();
                }
                selector.path("matchExpressions")
                        .forEach(expression -> expression.path("values").forEach(value -> assertThat(selected(
                                        pods,
                                        Overlay.YAML
                                                .createObjectNode()
                                                .set(expression.path("key").asText(), value)))
                                .as(value.asText())
                                .isNotEmpty()));
            });
        }
        overlay.all("HorizontalPodAutoscaler").forEach(scaler -> assertThat(overlay.find(
                        scaler.at("/spec/scaleTargetRef/kind").asText(),
                        scaler.at("/spec/scaleTargetRef/name").asText()))
                .isPresent());
        assertThat(overlay.all("Service").stream()
                        .map(service -> service.at("/metadata/labels"))
                        .toList())
                .contains(overlay.one("ServiceMonitor").at("/spec/selector/matchLabels"));
    }

    private static List<JsonNode> selected(Collection<JsonNode> pods, JsonNode labels) {
        return pods.stream()
                .filter(pod -> labels.properties().stream().allMatch(label -> label.getValue()
                        .equals(pod.at("/metadata/labels").path(label.getKey()))))
                .toList();
    }

    private static Stream<Map.Entry<String, String>> references(JsonNode pod, String field, String kind) {
        return pod.findValues(field).stream()
                .map(reference -> Map.entry(
                        kind + reference.path("name").asText(),
                        reference.path("key").asText()));
    }

    private static Set<String> fields(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
