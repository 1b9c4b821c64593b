package io.inference.analytics.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Holds JSON to the schemas of the document, stricter than the standard: a field that no schema names is a fault, too. */
final class Schemas {

    private final Document document;

    Schemas(Document document) {
        this.document = document;
    }

    /** Every way in which the value differs from the schema. */
    List<String> faults(JsonNode value, JsonNode schema) {
        List<String> faults = new ArrayList<>();
        check("$", value, schema, faults);
        return faults;
    }

    private void check(String at, JsonNode value, JsonNode given, List<String> faults) {
        JsonNode schema = document.resolved(given);
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
            } else if (schema.has("properties")) {
                faults.add(path + ": not in the document");
            }
        });
    }

    private static boolean contains(JsonNode values, JsonNode value) {
        Set<JsonNode> all = new LinkedHashSet<>();
        values.forEach(all::add);
        return all.contains(value);
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
