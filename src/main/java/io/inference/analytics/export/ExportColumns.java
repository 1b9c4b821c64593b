package io.inference.analytics.export;

import java.util.List;

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

    default String[] header() {
        return columns().stream().map(Column::name).toArray(String[]::new);
    }
}
