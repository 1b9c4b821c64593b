package io.inference.analytics.export;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads RFC 4180 by the letter, independently of the library that writes the files. */
final class CsvText {

    private final List<String> header;
    private final List<Map<String, String>> rows = new ArrayList<>();

    private CsvText(List<String> header) {
        this.header = header;
    }

    static CsvText parse(String text) {
        List<List<String>> lines = new ArrayList<>();
        List<String> line = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c != '"') {
                    cell.append(c);
                } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    cell.append('"');
                    i++;
                } else {
                    quoted = false;
                }
            } else if (c == '"') {
                if (cell.length() > 0) {
                    throw new IllegalArgumentException("a quote inside of a cell without quotes, at " + i);
                }
                quoted = true;
            } else if (c == ',') {
                line.add(cell.toString());
                cell.setLength(0);
            } else if (c == '\r') {
                if (text.charAt(++i) != '\n') {
                    throw new IllegalArgumentException("CR without LF, at " + i);
                }
                line.add(cell.toString());
                cell.setLength(0);
                lines.add(line);
                line = new ArrayList<>();
            } else if (c == '\n') {
                throw new IllegalArgumentException("LF without CR outside of quotes, at " + i);
            } else {
                cell.append(c);
            }
        }
        if (quoted || cell.length() > 0 || !line.isEmpty()) {
            throw new IllegalArgumentException("the last line has no end");
        }
        CsvText csv = new CsvText(lines.get(0));
        for (List<String> cells : lines.subList(1, lines.size())) {
            if (cells.size() != csv.header.size()) {
                throw new IllegalArgumentException(cells + ": not as many cells as the header");
            }
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 0; i < cells.size(); i++) {
                row.put(csv.header.get(i), cells.get(i));
            }
            csv.rows.add(row);
        }
        return csv;
    }

    List<String> header() {
        return header;
    }

    List<Map<String, String>> rows() {
        return rows;
    }

    List<String> column(String name) {
        return rows.stream().map(row -> row.get(name)).toList();
    }

    /** Empty cells count as nothing. */
    BigDecimal sum(String name) {
        return column(name).stream()
                .filter(cell -> !cell.isEmpty())
                .map(BigDecimal::new)
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
