package io.inference.analytics.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Holds JSON to schemas of OpenAPI, stricter than the standard: a field that no schema names is a fault, too. */
public final class Schemas {

    private final UnaryOperator<JsonNode> resolved;

    /**
     * Schemas that may refer to each other.
     *
     * @param resolved what a schema is or refers to
     */
    public Schemas(UnaryOperator<JsonNode> resolved) {
        this.resolved = resolved;
    }

    /** Every way in which the value differs from the schema. */
    public List<String> faults(JsonNode value, JsonNode schema) {
        List<String> faults = new ArrayList<>();
        check("$", value, schema, faults);
        return faults;
    }

    private void check(String at, JsonNode value, JsonNode given, List<String> faults) {
        JsonNode schema = resolved.apply(given);
        if (value.isNull()) {
            if (!schema.path("nullable").asBoolean() && schema.has("type")) {
                faults.add(at + ": null");
            }
            return;
        }
        schema.path("allOf").forEach(part -> check(at, value, part, faults));
        if (schema.has("enum") && !contains(schema.get("enum"), value)) {
            faults.add(at + ": " + value + " is not in " + schema.get("enum"));
        }
        if (schema.path("x-kubernetes-int-or-string").asBoolean() && !value.isTextual() && !value.isIntegralNumber()) {
            faults.add(at + ": " + value + " is neither a number nor a text");
        }
        if (!isWithin(schema, value)) {
            faults.add(at + ": " + value + " is outside of " + schema);
        }
        if (schema.has("type") && !isOf(schema, value)) {
            faults.add(at + ": " + value + " is not of " + schema);
        } else if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                check(at + "[" + i + "]", value.get(i), schema.path("items"), faults);
            }
        } else if (value.isObject() && !schema.has("allOf")) {
            checkFields(at, value, schema, faults);
        }
    }

    private void checkFields(String at, JsonNode value, JsonNode schema, List<String> faults) {
        schema.path("required").forEach(name -> {
            if (!value.has(name.asText())) {
                faults.add(at + "." + name.asText() + ": missing");
            }
        });
        value.properties().forEach(field -> {
            String path = at + "." + field.getKey();
            if (schema.path("properties").has(field.getKey())) {
                check(path, field.getValue(), schema.get("properties").get(field.getKey()), faults);
            } else if (schema.path("additionalProperties").isObject()) {
                check(path, field.getValue(), schema.get("additionalProperties"), faults);
            } else if (schema.has("properties")
                    && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
                faults.add(path + ": not in the document");
            }
        });
    }

    private static boolean contains(JsonNode values, JsonNode value) {
        Set<JsonNode> all = new LinkedHashSet<>();
        values.forEach(all::add);
        return all.contains(value);
    }

    private static boolean isWithin(JsonNode schema, JsonNode value) {
        if (value.isTextual() && schema.has("pattern")) {
            return Pattern.compile(schema.get("pattern").asText())
                    .matcher(value.asText())
                    .find();
        }
        return !value.isNumber()
                || value.asDouble() >= schema.path("minimum").asDouble(-Double.MAX_VALUE)
                        && value.asDouble() <= schema.path("maximum").asDouble(Double.MAX_VALUE);
    }

    private static boolean isOf(JsonNode schema, JsonNode value) {
        return switch (schema.get("type").asText()) {
            case "string" ->
                value.isTextual() && hasFormat(schema.path("format").asText(), value.asText());
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "array" -> value.isArray();
            case "object" -> value.isObject();
            default -> false;
        };
    }

    private static boolean hasFormat(String format, String text) {
        try {
            switch (format) {
                case "uuid" -> UUID.fromString(text);
                case "date" -> LocalDate.parse(text);
                case "date-time" -> OffsetDateTime.parse(text);
                default -> {
                    return true;
                }
            }
            return true;
        } catch (IllegalArgumentException | DateTimeException e) {
            return false;
        }
    }
}
