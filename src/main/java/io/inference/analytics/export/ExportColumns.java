package io.inference.analytics.export;

import java.util.List;
import java.util.Map;

/** How the rows of a file are formatted. */
interface ExportColumns {

    /**
     * A column of the file.
     *
     * @param name as in the header
     * @param definition its meaning, with the unit
     */
    record Column(String name, String definition) {}

    List<Column> columns();

    /** The cells of a row, in the order of the columns; null is an empty cell. */
    String[] cells(ExportRow row);

    /** Rows that follow those of usage; asked for once, after all of those are written. */
    default List<String[]> furtherRows() {
        return List.of();
    }

    /**
     * What the manifest says in addition to the totals, by name; known when all rows are written.
     */
    default Map<String, String> figures() {
        return Map.of();
    }

    default String[] header() {
        return columns().stream().map(Column::name).toArray(String[]::new);
    }
}
