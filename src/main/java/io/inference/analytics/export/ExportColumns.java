package io.inference.analytics.export;

import java.util.List;
import java.util.Map;

/** How the rows of a file are dressed. */
interface ExportColumns {

    /**
     * A column of the file.
     *
     * @param name as in the header
     * @param definition what it means, with its unit
     */
    record Column(String name, String definition) {}

    List<Column> columns();

    /** The cells of a row, in the order of the columns; null is an empty cell. */
    String[] cells(ExportRow row);

    /** Rows that stand after those of usage; asked for once, when all of those are written. */
    default List<String[]> furtherRows() {
        return List.of();
    }

    /** What the manifest says beside the totals, by name; known when all rows are written. */
    default Map<String, String> figures() {
        return Map.of();
    }

    default String[] header() {
        return columns().stream().map(Column::name).toArray(String[]::new);
    }
}
