package io.inference.analytics.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.testing.Schemas;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The rules that linters of OpenAPI hold a document to, as far as they matter to those who generate clients. */
class OpenApiDocumentTest {

    private static final Set<String> VERBS = Set.of(
            "get", "list", "create", "cancel", "download", "export", "publish", "validate", "set", "revoke", "delete");

    private final Document document = Document.stored();
    private final JsonNode root = document.root();

    @Test
    void operationIdsAreUniqueAndBeginWithAVerb() {
        List<String> ids =
                document.operations().stream().map(Document.Operation::id).toList();
        assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(20).allSatisfy(id -> {
            assertThat(id).matches("[a-z]+([A-Z][a-z]+)+");
            assertThat(VERBS).contains(id.split("[A-Z]", 2)[0]);
        });
    }

    @Test
    void everyOperationStatesItsSecurityAndOnlyTheStatusIsOpen() {
        document.operations().forEach(operation -> {
            assertThat(operation.json().has("security")).as(operation.id()).isTrue();
            assertThat(operation.json().get("security").isEmpty())
                    .as(operation.id())
                    .isEqualTo(operation.path().startsWith("/analytics/v1/status/"));
            operation.json().get("security").forEach(either -> either.fieldNames()
                    .forEachRemaining(scheme -> assertThat(
                                    root.at("/components/securitySchemes").has(scheme))
                            .isTrue()));
        });
    }

    @Test
    void theServerIsRelativeToTheDocument() {
        assertThat(root.get("servers")).hasSize(1);
        assertThat(root.at("/servers/0/url").asText()).isEqualTo(".");
    }

    @Test
    void everyOperationStatesWhatItRefuses() {
        document.operations().forEach(operation -> {
            JsonNode responses = operation.json().get("responses");
            assertThat(responses.fieldNames())
                    .toIterable()
                    .as(operation.id())
                    .anyMatch(status -> status.startsWith("4"));
            responses.properties().forEach(response -> {
                JsonNode answer = document.resolved(response.getValue());
                assertThat(answer.path("description").asText())
                        .as(operation.id())
                        .isNotEmpty();
                if (response.getKey().startsWith("4")) {
                    assertThat(answer.at("/content/application~1problem+json/schema/$ref")
                                    .asText())
                            .as("%s %s", operation.id(), response.getKey())
                            .isEqualTo("#/components/schemas/Problem");
                }
            });
        });
    }

    @Test
    void everyTagAndParameterIsExplained() {
        Set<String> tags = new LinkedHashSet<>();
        root.get("tags").forEach(tag -> {
            assertThat(tag.path("description").asText()).as(tag.toString()).isNotEmpty();
            tags.add(tag.get("name").asText());
        });
        document.operations().forEach(operation -> {
            assertThat(operation.json().path("summary").asText())
                    .as(operation.id())
                    .isNotEmpty();
            operation.json().get("tags").forEach(tag -> assertThat(tags).contains(tag.asText()));
            operation.json().path("parameters").forEach(parameter -> assertThat(
                            document.resolved(parameter).path("description").asText())
                    .as("%s %s", operation.id(), parameter)
                    .isNotEmpty());
        });
    }

    @Test
    void thePathsParametersAreThoseOfTheOperation() {
        document.operations().forEach(operation -> {
            List<String> named = new ArrayList<>();
            operation.json().path("parameters").forEach(parameter -> {
                JsonNode known = document.resolved(parameter);
                if (known.get("in").asText().equals("path")) {
                    named.add("{" + known.get("name").asText() + "}");
                }
            });
            assertThat(operation.path().replaceAll("[^{}]*(\\{[^}]*})[^{}]*", "$1"))
                    .as(operation.id())
                    .isEqualTo(named.isEmpty() ? operation.path() : String.join("", named));
        });
    }

    @Test
    void anEnumerationIsNeverOneOfAnArrayAndRequiredFieldsExist() {
        each(root, "", (at, node) -> {
            if (node.has("enum")) {
                assertThat(node.path("type").asText()).as(at).isEqualTo("string");
            }
            if (node.path("required").isArray()) {
                node.get("required")
                        .forEach(name -> assertThat(node.get("properties").has(name.asText()))
                                .as("%s: %s", at, name)
                                .isTrue());
            }
            if (node.has("$ref")) {
                assertThat(node.size())
                        .as("%s: nothing beside a reference counts", at)
                        .isEqualTo(1);
            }
            if (node.path("nullable").isBoolean()) {
                assertThat(node.has("type"))
                        .as("%s: nullable counts only beside a type", at)
                        .isTrue();
            }
        });
    }

    @Test
    void everyComponentIsUsedAndEveryReferenceLeadsToOne() {
        Set<String> used = new LinkedHashSet<>();
        each(root, "", (at, node) -> {
            if (node.path("$ref").isTextual()) {
                document.resolved(node);
                used.add(node.get("$ref").asText());
            }
        });
        Set<String> defined = new LinkedHashSet<>();
        for (String kind : List.of("schemas", "parameters", "responses")) {
            root.at("/components/" + kind)
                    .fieldNames()
                    .forEachRemaining(name -> defined.add("#/components/" + kind + "/" + name));
        }
        assertThat(used).containsExactlyInAnyOrderElementsOf(defined);
    }

    @Test
    void examplesAreValid() {
        Schemas schemas = new Schemas(document::resolved);
        each(root, "", (at, node) -> {
            if (node.has("type") && node.has("example")) {
                assertThat(schemas.faults(node.get("example"), node)).as(at).isEmpty();
            }
            if (node.has("type") && node.has("default")) {
                assertThat(schemas.faults(node.get("default"), node)).as(at).isEmpty();
            }
        });
    }

    @Test
    void theExampleOfAnEventIsOneThatTheIngestTakes() {
        String event = document.operation("post", "/analytics/v1/events/validate")
                .orElseThrow()
                .json()
                .at("/requestBody/content/application~1json/example")
                .toString();
        assertThat(new UsageEventCodec()
                        .faults(event.getBytes(StandardCharsets.UTF_8), Instant.parse("2026-03-15T12:00:00Z")))
                .isEmpty();
    }

    /** Everything in the document but the names of properties, which could be called like keywords. */
    private static void each(JsonNode node, String at, BiConsumer<String, JsonNode> visit) {
        if (node.isObject() && !at.endsWith("/properties")) {
            visit.accept(at, node);
        }
        if (node.isObject()) {
            node.properties().stream()
                    .filter(field -> !field.getKey().equals("example"))
                    .forEach(field -> each(field.getValue(), at + "/" + field.getKey(), visit));
        } else if (node.isArray()) {
            StreamSupport.stream(node.spliterator(), false).forEach(item -> each(item, at + "/", visit));
        }
    }
}
