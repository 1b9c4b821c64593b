package io.inference.analytics.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.web.QueryParameters.Fault;
import io.inference.analytics.web.QueryParameters.Parser;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Strict reading of the JSON object in a request's body: unknown fields, repeated names and wrong
 * types are faults. All faults are collected and thrown together by {@link #finish()}. A field that
 * is null counts as missing.
 */
public final class JsonBody {

    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,40}([.][0-9]{1,40})?");

    private final JsonNode object;
    private final String path;
    private final List<FieldError> faults;
    private final Set<String> known = new TreeSet<>();
    private final List<JsonBody> parts = new ArrayList<>();

    private JsonBody(JsonNode object, String path, List<FieldError> faults) {
        this.object = object;
        this.path = path;
        this.faults = faults;
    }

    /**
     * Begins to read a body.
     *
     * @param expected what the body looks like, for the message
     * @throws Failure.Invalid when it is not one JSON object
     */
    public static JsonBody parse(byte[] body, String expected) {
        try {
            JsonNode root = body == null ? null : STRICT.readTree(body);
            if (root != null && root.isObject()) {
                return new JsonBody(root, "", new ArrayList<>());
            }
        } catch (JsonProcessingException e) {
            throw new Failure.Invalid(
                    "The body is not JSON: " + e.getOriginalMessage().replaceFirst(" \\(start marker at .*", ""),
                    List.of());
        } catch (IOException e) {
            throw new Failure.Invalid("The body could not be read as JSON.", List.of());
        }
        throw new Failure.Invalid(
                "The body is empty or not a JSON object (expected: %s).".formatted(expected), List.of());
    }

    /** The names of the fields that this object has, for objects whose names are data. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Whether the object has the field. */
    public boolean has(String field) {
        return object.hasNonNull(field);
    }

    /** The field's text, parsed; empty when it is missing or faulty. */
    public <T> Optional<T> optional(String field, Parser<T> parser) {
        known.add(field);
        if (!has(field)) {
            return Optional.empty();
        }
        JsonNode value = object.get(field);
        if (!value.isTextual()) {
            fault(field, "not a string (expected: a string)");
            return Optional.empty();
        }
        try {
            return Optional.of(parser.parse(value.textValue()));
        } catch (Fault e) {
            fault(field, e.getMessage());
            return Optional.empty();
        }
    }

    /** The field's text, parsed; a missing one is a fault. Empty only when there was a fault. */
    public <T> Optional<T> required(String field, String expected, Parser<T> parser) {
        if (!has(field)) {
            fault(field, "missing (expected: " + expected + ")");
        }
        return optional(field, parser);
    }

    /** A field that is true or false; empty when it is missing or faulty. */
    public Optional<Boolean> flag(String field) {
        known.add(field);
        if (has(field) && !object.get(field).isBoolean()) {
            fault(field, "not a boolean (expected: true or false)");
            return Optional.empty();
        }
        return has(field) ? Optional.of(object.get(field).booleanValue()) : Optional.empty();
    }

    /**
     * An exact decimal, given as a number or as a string such as {@code "12.50"}, without exponent; empty when it is missing or
     * faulty.
     */
    public Optional<BigDecimal> decimal(String field, int integerDigitsMax, int decimalsMax) {
        known.add(field);
        if (!has(field)) {
            return Optional.empty();
        }
        JsonNode value = object.get(field);
        if (value.isNumber()
                || value.isTextual() && DECIMAL.matcher(value.textValue()).matches()) {
            BigDecimal number = value.isNumber() ? value.decimalValue() : new BigDecimal(value.textValue());
            // The digits are counted and not written down: 1e999999999 would need a gigabyte.
            if (number.scale() <= decimalsMax && (long) number.precision() - number.scale() <= integerDigitsMax) {
                return Optional.of(number);
            }
        }
        fault(
                field,
                "not an amount (expected: a number of at most %d digits and %d decimals)"
                        .formatted(integerDigitsMax, decimalsMax));
        return Optional.empty();
    }

    /** The whole numbers of an array, in the order given; empty when the field is missing or faulty. */
    public Optional<List<Integer>> integers(String field) {
        known.add(field);
        if (!has(field)) {
            return Optional.empty();
        }
        List<Integer> numbers = new ArrayList<>();
        for (JsonNode value : object.get(field)) {
            if (value.isIntegralNumber() && value.canConvertToInt()) {
                numbers.add(value.intValue());
            }
        }
        if (!object.get(field).isArray() || numbers.size() != object.get(field).size()) {
            fault(field, "not a list of whole numbers (expected: an array of whole numbers)");
            return Optional.empty();
        }
        return Optional.of(numbers);
    }

    /** The objects of an array, whose faults count as this one's; none when the field is missing or faulty. */
    public List<JsonBody> objects(String field) {
        known.add(field);
        List<JsonBody> objects = new ArrayList<>();
        JsonNode values = object.path(field);
        boolean sound = !has(field) || values.isArray();
        for (int i = 0; i < values.size(); i++) {
            JsonNode value = values.get(i);
            sound &= value != null && value.isObject();
            if (sound) {
                objects.add(new JsonBody(value, "%s%s[%d].".formatted(path, field, i), faults));
            }
        }
        if (!sound) {
            fault(field, "not a list of objects (expected: an array of {…})");
            return List.of();
        }
        parts.addAll(objects);
        return objects;
    }

    /** Accepts a field without reading it. */
    public void ignore(String field) {
        known.add(field);
    }

    /**
     * The texts of an array, in the order given; none when the field is missing or faulty.
     *
     * @param expected what they are, in plural
     */
    public List<String> texts(String field, String expected) {
        known.add(field);
        List<String> texts = new ArrayList<>();
        boolean sound = !has(field) || object.get(field).isArray();
        for (JsonNode value : object.path(field)) {
            sound &= value.isTextual();
            texts.add(value.asText());
        }
        if (!sound) {
            fault(field, "not a list of " + expected + " (expected: an array of " + expected + ")");
            return List.of();
        }
        return texts;
    }

    /** The object in the field, whose faults count as this one's; empty when it is missing or faulty. */
    public Optional<JsonBody> object(String field) {
        known.add(field);
        if (!has(field)) {
            return Optional.empty();
        }
        if (!object.get(field).isObject()) {
            fault(field, "not an object (expected: {…})");
            return Optional.empty();
        }
        JsonBody part = new JsonBody(object.get(field), path + field + ".", faults);
        parts.add(part);
        return Optional.of(part);
    }

    /** Adds a fault of a field of this object. */
    public void fault(String field, String message) {
        faults.add(new FieldError(path + field, path + field + ": " + message));
    }

    /** Adds a fault of the whole body, or one that was found elsewhere. */
    public void fault(FieldError fault) {
        faults.add(fault);
    }

    /**
     * Ends the reading: every field that was never asked for is unknown.
     *
     * @throws Failure.Invalid with every fault, if there is one; unknown fields come first
     */
    public void finish() {
        List<FieldError> all = new ArrayList<>();
        unknown(all);
        all.addAll(faults);
        if (!all.isEmpty()) {
            throw new Failure.Invalid(all);
        }
    }

    private void unknown(List<FieldError> found) {
        for (String name : names()) {
            if (!known.contains(name)) {
                found.add(new FieldError(
                        path + name,
                        path + name + ": unknown field (expected one of: " + String.join(", ", known) + ")"));
            }
        }
        parts.forEach(part -> part.unknown(found));
    }
}
