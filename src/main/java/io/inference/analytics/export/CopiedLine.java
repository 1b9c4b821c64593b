package io.inference.analytics.export;

import java.nio.charset.StandardCharsets;

/**
 * A line of COPY in format text, cell by cell (PostgreSQL, COPY, "Text Format"). The cells are
 * figures and ids only, which contain nothing that COPY would escape.
 */
final class CopiedLine {

    private final byte[] line;
    private int next;

    CopiedLine(byte[] line) {
        this.line = line;
    }

    /** The next cell; null for an SQL null. */
    String text() {
        int from = next;
        int to = end();
        return to - from == 2 && line[from] == '\\' && line[from + 1] == 'N'
                ? null
                : new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** The next cell as a whole number. */
    long number() {
        int from = next;
        int to = end();
        if (to - from > 18) {
            return Long.parseLong(new String(line, from, to - from, StandardCharsets.ISO_8859_1));
        }
        boolean negative = line[from] == '-';
        long number = 0;
        for (int i = negative ? from + 1 : from; i < to; i++) {
            int digit = line[i] - '0';
            if (digit < 0 || digit > 9) {
                throw new NumberFormatException(
                        "column of a copied line: " + new String(line, from, to - from, StandardCharsets.ISO_8859_1)
                                + " (expected: a whole number)");
            }
            number = number * 10 + digit;
        }
        return negative ? -number : number;
    }

    private int end() {
        int to = next;
        while (to < line.length && line[to] != '\t' && line[to] != '\n') {
            to++;
        }
        next = to + 1;
        return to;
    }
}
