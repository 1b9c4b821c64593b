package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/**
 * How the rows of a file are formatted.
 *
 * @param <R> a row before it is formatted
 */
interface ExportColumns<R> {

    /**
     * A column of the file.
     *
     * @param name as in the header
     * @param definition its meaning, with the unit
     */
    record Column(String name, String definition) {}

    List<Column> columns();

    /** The cells of a row, in the order of the columns; null is an empty cell. */
    String[] cells(R row);

    /** What the manifest says in addition to the totals, by name. */
    default Map<String, JsonNode> figures() {
        return Map.of();
    }

    default String[] header() {
        return columns().stream().map(Column::name).toArray(String[]::new);
    }
}
