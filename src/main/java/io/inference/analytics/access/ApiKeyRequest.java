package io.inference.analytics.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Reads the body of a request that creates a key: strictly, and reporting all faults at once. */
final class ApiKeyRequest {

    private static final List<String> FIELDS = List.of("allOrgs", "expiresAt", "name", "orgIds", "permissions");

    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final List<FieldError> faults = new ArrayList<>();

    private ApiKeyRequest() {}

    /**
     * Reads a body; {@link ApiKeys} checks what the values mean.
     *
     * @throws Failure.Invalid with every fault
     */
    static ApiKeys.Draft parse(byte[] body) {
        return new ApiKeyRequest().read(tree(body));
    }

    private static JsonNode tree(byte[] body) {
        try {
            JsonNode root = body == null ? null : STRICT.readTree(body);
            if (root != null && root.isObject()) {
                return root;
            }
        } catch (JsonProcessingException e) {
            throw new Failure.Invalid("The body is not JSON: " + e.getOriginalMessage(), List.of());
        } catch (IOException e) {
            throw new Failure.Invalid("The body could not be read as JSON.", List.of());
        }
        throw new Failure.Invalid("The body is empty or not a JSON object (expected: {\"name\": …}).", List.of());
    }

    private ApiKeys.Draft read(JsonNode root) {
        for (Iterator<String> names = root.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!FIELDS.contains(name)) {
                fault(name, "unknown field (expected one of: " + String.join(", ", FIELDS) + ")");
            }
        }
        Set<UUID> orgs = new LinkedHashSet<>();
        for (String org : texts(root, "orgIds")) {
            Uuids.parse(org).ifPresentOrElse(orgs::add, () -> fault("orgIds", "not an id (expected: UUIDs)"));
        }
        JsonNode all = root.path("allOrgs");
        if (!all.isMissingNode() && !all.isBoolean()) {
            fault("allOrgs", "not a boolean (expected: true or false)");
        }
        ApiKeys.Draft draft = new ApiKeys.Draft(
                text(root, "name").orElse(""), orgs, all.asBoolean(false), texts(root, "permissions"), expiry(root));
        if (!faults.isEmpty()) {
            throw new Failure.Invalid(faults);
        }
        return draft;
    }

    private Optional<Instant> expiry(JsonNode root) {
        Optional<String> text = text(root, "expiresAt");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ParameterValues.time(text.get()));
        } catch (QueryParameters.Fault e) {
            fault("expiresAt", e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<String> text(JsonNode root, String name) {
        JsonNode value = root.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            fault(name, "not a string (expected: a string)");
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    private List<String> texts(JsonNode root, String name) {
        JsonNode values = root.path(name);
        List<String> texts = new ArrayList<>();
        if (values.isMissingNode() || values.isNull()) {
            return texts;
        }
        boolean sound = values.isArray();
        for (JsonNode value : values) {
            sound &= value.isTextual();
            texts.add(value.asText());
        }
        if (!sound) {
            fault(name, "not a list of strings (expected: an array of strings)");
            return List.of();
        }
        return texts;
    }

    private void fault(String field, String message) {
        faults.add(new FieldError(field, field + ": " + message));
    }
}
