package io.inference.analytics.export;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.QueryParameters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads the body of a request for an export. Strict: unknown fields, wrong types and repeated names
 * are faults, and all faults are reported at once. Times, ids and zones follow the rules of the
 * usage endpoint, so that a file and a response mean the same window.
 */
final class ExportRequest {

    private static final int DAYS_MAX = 31;

    private static final Pattern BUCKET_NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    /** The fields of the body by the parameter of a time series that each one stands for. */
    private static final Map<String, String> FIELDS = Map.of(
            "start", "timeRange.start",
            "end", "timeRange.end",
            "granularity", "granularity",
            "modelId", "models",
            "timeZone", "timeZone");

    private final JsonBody body;
    private final Map<String, List<String>> asked = new HashMap<>();

    private ExportRequest(JsonBody body) {
        this.body = body;
    }

    /**
     * Reads and checks a body.
     *
     * @throws Failure.Invalid with every fault
     */
    static ExportOrder parse(byte[] body) {
        return new ExportRequest(JsonBody.parse(body, "{\"timeRange\": …}")).read();
    }

    private ExportOrder read() {
        body.object("timeRange").ifPresent(range -> {
            ask("start", range);
            ask("end", range);
        });
        ask("timeZone", body);
        List<String> models = body.texts("models", "UUIDs");
        if (!models.isEmpty()) {
            asked.put("modelId", models);
        }
        ExportGranularity granularity = body.optional(
                        "granularity", QueryParameters.oneOf(ExportGranularity.values(), ExportGranularity::wireName))
                .orElse(ExportGranularity.DAILY);
        asked.put("granularity", List.of(granularity.granularity().wireName()));
        ExportFormat format = body.optional(
                        "format", QueryParameters.oneOf(ExportFormat.values(), ExportFormat::wireName))
                .orElse(ExportFormat.CSV);
        CsvForm csv = csv(format);
        Optional<String> bucket = body.object("delivery").flatMap(ExportRequest::bucket);
        Optional<SeriesScope> scope = scope();
        scope.ifPresent(this::checkLength);
        body.finish();
        SeriesScope series = scope.orElseThrow();
        return new ExportOrder(series.range(), granularity, series.zone(), series.models(), format, csv, bucket);
    }

    private void ask(String field, JsonBody object) {
        object.optional(field, text -> text).ifPresent(text -> asked.put(field, List.of(text)));
    }

    private CsvForm csv(ExportFormat format) {
        Optional<JsonBody> csv = body.object("csv");
        if (csv.isPresent() && format != ExportFormat.CSV) {
            body.fault("csv", "not for format " + format.wireName() + " (expected: only with format csv)");
        }
        return new CsvForm(
                csv.flatMap(form -> form.optional("delimiter", sign("a comma, a semicolon or a tab", ",", ";", "\t")))
                        .orElse(","),
                csv.flatMap(form -> form.optional("decimalMark", sign("a point or a comma", ".", ",")))
                        .orElse("."),
                csv.flatMap(form -> form.flag("bom")).orElse(false),
                csv.flatMap(form -> form.flag("textNames")).orElse(false));
    }

    /** One of some signs, which a message cannot show as they are. */
    private static QueryParameters.Parser<String> sign(String expected, String... signs) {
        return text -> {
            if (!List.of(signs).contains(text)) {
                throw new QueryParameters.Fault("not a known value (expected: " + expected + ")");
            }
            return text;
        };
    }

    private static Optional<String> bucket(JsonBody delivery) {
        delivery.required("type", "s3", sign("s3", "s3"));
        return delivery.optional("bucket", name -> {
            if (!BUCKET_NAME.matcher(name).matches()) {
                throw new QueryParameters.Fault("not a bucket name (expected: 3 to 63 of a-z, 0-9, '.' and '-')");
            }
            return name;
        });
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
                body.fault(new FieldError(
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
            body.fault("timeRange.end", "range too long (expected: at most " + DAYS_MAX + " days)");
        }
    }
}
