package io.inference.analytics.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.QueryParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Reads the body of a request for an export. Strict: unknown fields, wrong types and repeated names
 * are faults, and all faults are reported at once. Times, ids and zones follow the rules of the
 * usage endpoint, so that a file and a response mean the same window.
 */
final class ExportRequest {

    private static final int DAYS_MAX = 31;

    private static final Pattern BUCKET_NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The fields of the body by the parameter of a time series that each one stands for. */
    private static final Map<String, String> FIELDS = Map.of(
            "start", "timeRange.start",
            "end", "timeRange.end",
            "granularity", "granularity",
            "modelId", "models",
            "timeZone", "timeZone");

    private final List<FieldError> errors = new ArrayList<>();
    private final Map<String, List<String>> asked = new HashMap<>();

    private ExportRequest() {}

    /**
     * Reads and checks a body.
     *
     * @throws Failure.Invalid with every fault
     */
    static ExportOrder parse(byte[] body) {
        return new ExportRequest().read(body);
    }

    private ExportOrder read(byte[] body) {
        JsonNode root = tree(body);
        known(root, "", Set.of("timeRange", "granularity", "models", "timeZone", "format", "csv", "delivery"));
        JsonNode range = object(root, "timeRange", true);
        known(range, "timeRange.", Set.of("start", "end"));
        text(range, "start", "timeRange.start").ifPresent(start -> asked.put("start", List.of(start)));
        text(range, "end", "timeRange.end").ifPresent(end -> asked.put("end", List.of(end)));
        text(root, "timeZone", "timeZone").ifPresent(zone -> asked.put("timeZone", List.of(zone)));
        models(root);
        ExportGranularity granularity = word(
                root, "granularity", ExportGranularity.values(), ExportGranularity::wireName, ExportGranularity.DAILY);
        asked.put("granularity", List.of(granularity.granularity().wireName()));
        ExportFormat format = word(root, "format", ExportFormat.values(), ExportFormat::wireName, ExportFormat.CSV);
        CsvForm csv = csv(root, format);
        Optional<String> bucket = bucket(root);
        Optional<SeriesScope> scope = scope();
        scope.ifPresent(this::checkLength);
        if (!errors.isEmpty()) {
            throw new Failure.Invalid(errors);
        }
        SeriesScope series = scope.orElseThrow();
        return new ExportOrder(series.range(), granularity, series.zone(), series.models(), format, csv, bucket);
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
        throw new Failure.Invalid("The body is empty or not a JSON object (expected: {\"timeRange\": …}).", List.of());
    }

    private void fault(String field, String message) {
        errors.add(new FieldError(field, field + ": " + message));
    }

    private void known(JsonNode object, String prefix, Set<String> names) {
        for (Iterator<String> given = object.fieldNames(); given.hasNext(); ) {
            String name = given.next();
            if (!names.contains(name)) {
                fault(prefix + name, "unknown field (expected one of: " + String.join(", ", sorted(names)) + ")");
            }
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private JsonNode object(JsonNode parent, String name, boolean required) {
        JsonNode value = parent.path(name);
        if (value.isObject()) {
            return value;
        }
        if (!value.isMissingNode() && !value.isNull()) {
            fault(name, "not an object (expected: {…})");
        } else if (required) {
            fault(name, "missing (expected: {\"start\": …, \"end\": …})");
        }
        return STRICT.createObjectNode();
    }

    private Optional<String> text(JsonNode parent, String name, String path) {
        JsonNode value = parent.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            fault(path, "not a string (expected: a string)");
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    private <T> T word(JsonNode parent, String name, T[] values, Function<T, String> wireName, T otherwise) {
        Optional<String> given = text(parent, name, name);
        if (given.isEmpty()) {
            return otherwise;
        }
        for (T value : values) {
            if (wireName.apply(value).equals(given.get())) {
                return value;
            }
        }
        fault(
                name,
                "not a known value (expected one of: "
                        + String.join(", ", Arrays.stream(values).map(wireName).toList()) + ")");
        return otherwise;
    }

    private void models(JsonNode root) {
        JsonNode models = root.path("models");
        if (models.isMissingNode() || models.isNull()) {
            return;
        }
        List<String> ids = new ArrayList<>();
        boolean texts = models.isArray();
        for (JsonNode model : models) {
            texts &= model.isTextual();
            ids.add(model.asText());
        }
        if (!texts) {
            fault("models", "not a list of ids (expected: an array of UUIDs)");
        } else if (!ids.isEmpty()) {
            asked.put("modelId", ids);
        }
    }

    private CsvForm csv(JsonNode root, ExportFormat format) {
        JsonNode csv = object(root, "csv", false);
        known(csv, "csv.", Set.of("delimiter", "decimalMark", "bom", "textNames"));
        if (root.path("csv").isObject() && format != ExportFormat.CSV) {
            fault("csv", "not for format " + format.wireName() + " (expected: only with format csv)");
        }
        return new CsvForm(
                sign(csv, "delimiter", List.of(",", ";", "\t"), "a comma, a semicolon or a tab"),
                sign(csv, "decimalMark", List.of(".", ","), "a point or a comma"),
                flag(csv, "bom"),
                flag(csv, "textNames"));
    }

    /** One of some signs, the first of which is the default. */
    private String sign(JsonNode csv, String name, List<String> signs, String expected) {
        String given = text(csv, name, "csv." + name).orElse(signs.get(0));
        if (!signs.contains(given)) {
            fault("csv." + name, "not a known value (expected: " + expected + ")");
        }
        return given;
    }

    private boolean flag(JsonNode csv, String name) {
        JsonNode value = csv.path(name);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            fault("csv." + name, "not a boolean (expected: true or false)");
        }
        return value.asBoolean();
    }

    private Optional<String> bucket(JsonNode root) {
        JsonNode delivery = object(root, "delivery", false);
        if (root.path("delivery").isObject()) {
            known(delivery, "delivery.", Set.of("type", "bucket"));
            Optional<String> type = text(delivery, "type", "delivery.type");
            if (type.isEmpty() || !type.get().equals("s3")) {
                fault("delivery.type", "missing or unknown (expected: s3)");
            }
        }
        Optional<String> bucket = text(delivery, "bucket", "delivery.bucket");
        if (bucket.isPresent() && !BUCKET_NAME.matcher(bucket.get()).matches()) {
            fault("delivery.bucket", "not a bucket name (expected: 3 to 63 of a-z, 0-9, '.' and '-')");
        }
        return bucket;
    }

    private Optional<SeriesScope> scope() {
        QueryParameters parameters = QueryParameters.of(asked);
        try {
            Optional<SeriesScope> scope = SeriesScope.parseFixed(parameters);
            parameters.finish();
            return scope;
        } catch (Failure.Invalid e) {
            for (FieldError error : e.errors()) {
                String field = FIELDS.getOrDefault(error.field(), error.field());
                String message = error.message();
                errors.add(new FieldError(
                        field,
                        message.startsWith(error.field() + ":")
                                ? field + message.substring(error.field().length())
                                : message));
            }
            return Optional.empty();
        }
    }

    /**
     * Checks the range as requested, before its edges are snapped. Days are those of the zone, so
     * that a month with a clock change fits.
     */
    private void checkLength(SeriesScope series) {
        TimeRange range = series.asked().range();
        if (range.end()
                .isAfter(range.start().atZone(series.zone()).plusDays(DAYS_MAX).toInstant())) {
            fault("timeRange.end", "range too long (expected: at most " + DAYS_MAX + " days)");
        }
    }
}
