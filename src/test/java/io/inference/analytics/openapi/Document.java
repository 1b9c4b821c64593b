package io.inference.analytics.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The stored OpenAPI document, which {@link OpenApiIT} holds to the one that is served. */
final class Document {

    static final Path STORED = Path.of("docs/openapi.yaml");
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch", "head", "options");

    private final JsonNode root;
    private final List<Operation> operations = new ArrayList<>();

    /** One operation. */
    record Operation(String method, String path, JsonNode json) {

        String id() {
            return json.path("operationId").asText();
        }

        /** Whether a request belongs to this path. */
        boolean isOf(String requestMethod, String requestPath) {
            return method.equalsIgnoreCase(requestMethod) && requestPath.matches(path.replaceAll("\\{[^}]*}", "[^/]*"));
        }
    }

    private Document(JsonNode root) {
        this.root = root;
        root.path("paths").properties().forEach(path -> path.getValue().properties().stream()
                .filter(method -> METHODS.contains(method.getKey()))
                .forEach(method -> operations.add(new Operation(method.getKey(), path.getKey(), method.getValue()))));
    }

    static Document stored() {
        try {
            return new Document(new YAMLMapper().readTree(STORED.toFile()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode root() {
        return root;
    }

    List<Operation> operations() {
        return operations;
    }

    Optional<Operation> operation(String method, String path) {
        return operations.stream()
                .filter(operation -> operation.isOf(method, path))
                .findFirst();
    }

    /** What the node is or refers to. */
    JsonNode resolved(JsonNode node) {
        JsonNode found = node;
        while (found.has("$ref")) {
            found = root.at(found.get("$ref").asText().substring(1));
            if (found.isMissingNode()) {
                throw new IllegalStateException("nothing at " + node);
            }
        }
        return found;
    }
}
