package io.inference.analytics.observability;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The rows of a panel, and what Grafana's transformations make of them. Only those that the dashboards use are known; where Grafana loses a
 * row, so does this.
 *
 * @param fields in their order
 * @param rows a value per field: a BigDecimal, a text, or null
 */
record PanelFrame(List<String> fields, List<Map<String, Object>> rows) {

    /** A frame of the columns that a query asks for. */
    static PanelFrame of(JsonNode query, JsonNode root) {
        List<String> fields = new ArrayList<>();
        query.get("columns").forEach(column -> fields.add(column.get("text").asText()));
        List<Map<String, Object>> rows = new ArrayList<>();
        for (JsonNode item : root.isArray() ? root : List.of(root)) {
            Map<String, Object> row = new LinkedHashMap<>();
            for (JsonNode column : query.get("columns")) {
                JsonNode value = item.at("/" + column.get("selector").asText().replace('.', '/'));
                row.put(
                        column.get("text").asText(),
                        value(value, column.get("type").asText()));
            }
            rows.add(row);
        }
        return new PanelFrame(fields, rows);
    }

    private static Object value(JsonNode value, String type) {
        if (value.isNull() || value.isMissingNode()) {
            return null;
        }
        return type.equals("number") ? new BigDecimal(value.asText()) : value.asText();
    }

    /** @param frames by query: A, B and so on */
    static PanelFrame transformed(Map<String, PanelFrame> frames, JsonNode transformations) {
        Map<String, PanelFrame> now = new LinkedHashMap<>(frames);
        for (JsonNode step : transformations) {
            JsonNode options = step.get("options");
            if (step.get("id").asText().equals("joinByField")) {
                PanelFrame joined = join(now.values(), options.get("byField").asText());
                now.clear();
                now.put("joined", joined);
                continue;
            }
            String only = step.at("/filter/options").asText("");
            now.replaceAll((query, frame) -> only.isEmpty() || only.equals(query)
                    ? frame.transformed(step.get("id").asText(), options)
                    : frame);
        }
        if (now.size() != 1) {
            throw new IllegalStateException("frames: " + now.keySet() + " (expected: one)");
        }
        return now.values().iterator().next();
    }

    private PanelFrame transformed(String id, JsonNode options) {
        return switch (id) {
            case "formatTime" -> weeks(options.get("timeField").asText());
            case "groupBy" -> grouped(options.get("fields"));
            case "groupingToMatrix" ->
                matrix(
                        options.get("rowField").asText(),
                        options.get("columnField").asText(),
                        options.get("valueField").asText());
            case "calculateField" -> calculated(options);
            case "sortBy" -> sorted(options.at("/sort/0"));
            case "limit" ->
                new PanelFrame(
                        fields,
                        rows.subList(
                                0,
                                Math.min(rows.size(), options.get("limitField").asInt())));
            case "filterByValue" -> filtered(options);
            case "filterFieldsByName" -> only(options.at("/include/names"));
            case "reduce" -> reduced(options.get("reducers"));
            default -> throw new IllegalArgumentException(id + " (expected: a transformation that is known here)");
        };
    }

    private PanelFrame weeks(String field) {
        rows.forEach(row -> row.compute(field, (name, day) -> week(LocalDate.parse(((String) day).substring(0, 10)))));
        return this;
    }

    static String week(LocalDate day) {
        return String.format(
                Locale.ROOT,
                "%04d-W%02d",
                day.get(IsoFields.WEEK_BASED_YEAR),
                day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }

    /** Fields that are in no group and are not added up or so are dropped. */
    private PanelFrame grouped(JsonNode how) {
        List<String> named = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (String field : fields) {
            if (how.path(field).path("operation").asText().equals("groupby")) {
                keys.add(field);
            }
            how.path(field).path("aggregations").forEach(one -> named.add(field + " (" + one.asText() + ")"));
        }
        Map<List<Object>, List<Map<String, Object>>> groups = new LinkedHashMap<>();
        for (Map<String, Object> row : rows) {
            List<Object> key = new ArrayList<>();
            keys.forEach(field -> key.add(row.get(field)));
            groups.computeIfAbsent(key, any -> new ArrayList<>()).add(row);
        }
        List<Map<String, Object>> made = new ArrayList<>();
        for (List<Map<String, Object>> group : groups.values()) {
            Map<String, Object> row = new LinkedHashMap<>();
            keys.forEach(field -> row.put(field, group.get(0).get(field)));
            for (String name : named) {
                int end = name.lastIndexOf(" (");
                row.put(name, reduced(name.substring(end + 2, name.length() - 1), group, name.substring(0, end)));
            }
            made.add(row);
        }
        keys.addAll(named);
        return new PanelFrame(keys, made);
    }

    /** A row per field of what the reducers make of its column. */
    private PanelFrame reduced(JsonNode reducers) {
        List<String> named = new ArrayList<>(List.of("Field"));
        reducers.forEach(reducer -> named.add(title(reducer.asText())));
        List<Map<String, Object>> made = new ArrayList<>();
        for (String field : fields) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("Field", field);
            reducers.forEach(reducer -> row.put(title(reducer.asText()), reduced(reducer.asText(), rows, field)));
            made.add(row);
        }
        return new PanelFrame(named, made);
    }

    private static String title(String reducer) {
        return reducer.substring(0, 1).toUpperCase(Locale.ROOT) + reducer.substring(1);
    }

    /** Values that are null are not counted. */
    private static Object reduced(String reducer, List<Map<String, Object>> rows, String field) {
        Stream<Object> values = rows.stream().map(row -> row.get(field));
        return switch (reducer) {
            case "sum" -> values.map(PanelFrame::number).reduce(BigDecimal.ZERO, BigDecimal::add);
            case "count" -> BigDecimal.valueOf(values.filter(Objects::nonNull).count());
            case "first" -> rows.isEmpty() ? null : rows.get(0).get(field);
            case "max" ->
                values.filter(Objects::nonNull)
                        .map(PanelFrame::number)
                        .max(Comparator.naturalOrder())
                        .orElse(null);
            default -> throw new IllegalArgumentException(reducer + " (expected: a reducer that is known here)");
        };
    }

    private PanelFrame only(JsonNode names) {
        List<String> kept = new ArrayList<>();
        names.forEach(name -> kept.add(name.asText()));
        return new PanelFrame(kept, rows);
    }

    private static BigDecimal number(Object value) {
        return value == null ? BigDecimal.ZERO : (BigDecimal) value;
    }

    /** The last value of a cell is shown. A column of no name is one of its own. */
    private PanelFrame matrix(String rowField, String columnField, String valueField) {
        Set<String> columns = new LinkedHashSet<>();
        Map<Object, Map<String, Object>> cells = new LinkedHashMap<>();
        String corner = rowField + "\\" + columnField;
        for (Map<String, Object> row : rows) {
            String column = (String) row.get(columnField);
            columns.add(column);
            Map<String, Object> cell = cells.computeIfAbsent(row.get(rowField), any -> new LinkedHashMap<>());
            cell.put(corner, row.get(rowField));
            cell.put(column, row.get(valueField));
        }
        List<String> named = new ArrayList<>(List.of(corner));
        named.addAll(columns);
        return new PanelFrame(named, new ArrayList<>(cells.values()));
    }

    private PanelFrame calculated(JsonNode options) {
        String alias = options.get("alias").asText();
        String left = options.at("/binary/left/matcher/options").asText();
        JsonNode right = options.at("/binary/right");
        boolean alone = options.path("replaceFields").asBoolean();
        List<Map<String, Object>> made = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            BigDecimal from = (BigDecimal) row.get(left);
            BigDecimal by = right.has("fixed")
                    ? new BigDecimal(right.get("fixed").asText())
                    : (BigDecimal) row.get(right.at("/matcher/options").asText());
            Map<String, Object> next = alone ? new LinkedHashMap<>() : new LinkedHashMap<>(row);
            next.put(
                    alias,
                    by == null
                            ? null
                            : calculated(options.at("/binary/operator").asText(), from, by));
            made.add(next);
        }
        List<String> named = alone ? new ArrayList<>() : new ArrayList<>(fields);
        named.add(alias);
        return new PanelFrame(named, made);
    }

    private static BigDecimal calculated(String operator, BigDecimal from, BigDecimal by) {
        return switch (operator) {
            case "-" -> from.subtract(by);
            case "*" -> from.multiply(by);
            case "/" -> from.divide(by, MathContext.DECIMAL64);
            default -> throw new IllegalArgumentException(operator + " (expected: an operator that is known here)");
        };
    }

    private PanelFrame sorted(JsonNode sort) {
        Comparator<Map<String, Object>> order =
                Comparator.comparing(row -> number(row.get(sort.get("field").asText())));
        return new PanelFrame(
                fields,
                rows.stream()
                        .sorted(sort.path("desc").asBoolean() ? order.reversed() : order)
                        .toList());
    }

    private PanelFrame filtered(JsonNode options) {
        JsonNode filter = options.at("/filters/0");
        String field = filter.get("fieldName").asText();
        String rule = filter.at("/config/id").asText();
        if (!options.get("type").asText().equals("include")
                || options.get("filters").size() != 1) {
            throw new IllegalArgumentException(options.toString());
        }
        return new PanelFrame(
                fields,
                rows.stream()
                        .filter(row -> switch (rule) {
                            case "greater" ->
                                number(row.get(field))
                                                .compareTo(new BigDecimal(filter.at("/config/options/value")
                                                        .asText()))
                                        > 0;
                            case "isNotNull" -> row.get(field) != null;
                            default -> throw new IllegalArgumentException(rule);
                        })
                        .toList());
    }

    /** Rows of either side stay. */
    private static PanelFrame join(Iterable<PanelFrame> frames, String field) {
        Set<String> named = new LinkedHashSet<>();
        Map<Object, Map<String, Object>> joined = new LinkedHashMap<>();
        for (PanelFrame frame : frames) {
            named.addAll(frame.fields);
            frame.rows.forEach(row -> joined.computeIfAbsent(row.get(field), any -> new LinkedHashMap<>())
                    .putAll(row));
        }
        return new PanelFrame(new ArrayList<>(named), new ArrayList<>(joined.values()));
    }

    /** A matrix as rows of row, column and value; the cells without a value are left out. */
    PanelFrame melted() {
        List<Map<String, Object>> cells = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            for (String column : fields.subList(1, fields.size())) {
                if (row.get(column) != null) {
                    Map<String, Object> cell = new LinkedHashMap<>();
                    cell.put("row", row.get(fields.get(0)));
                    cell.put("column", column);
                    cell.put("value", row.get(column));
                    cells.add(cell);
                }
            }
        }
        return new PanelFrame(List.of("row", "column", "value"), cells);
    }

    /** Each row as one text, sorted; equal numbers and times are equal texts. */
    List<String> texts(List<String> shown) {
        return rows.stream()
                .map(row -> shown.stream()
                        .map(field -> text(row.get(field)))
                        .toList()
                        .toString())
                .sorted()
                .toList();
    }

    static String text(Object value) {
        if (value instanceof BigDecimal number) {
            return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
        }
        String text = Objects.toString(value, "-");
        return text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T.*")
                ? OffsetDateTime.parse(text).toInstant().toString()
                : text;
    }
}
