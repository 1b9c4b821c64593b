package io.inference.analytics.export;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;

/**
 * A piece of SQL and the values for its placeholders: ids, times, lists of one of them, and
 * integers.
 *
 * @param sql without a question mark other than placeholders
 */
record SqlPart(String sql, List<Object> values) {

    /** Concatenates parts. */
    static SqlPart joined(String delimiter, List<SqlPart> parts) {
        List<Object> values = new ArrayList<>();
        parts.forEach(part -> values.addAll(part.values()));
        return new SqlPart(
                String.join(delimiter, parts.stream().map(SqlPart::sql).toList()), values);
    }

    /** Appends SQL with one placeholder. */
    SqlPart and(String more, Object value) {
        List<Object> all = new ArrayList<>(values);
        all.add(value);
        return new SqlPart(sql + more, all);
    }

    /**
     * The SQL with its values, because COPY takes no parameters. Ids, times and numbers need no
     * quoting.
     */
    String inlined() {
        StringBuilder text = new StringBuilder();
        Iterator<Object> next = values.iterator();
        for (int i = 0; i < sql.length(); i++) {
            char c = sql.charAt(i);
            if (c == '?') {
                text.append(literal(next.next()));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    private static String literal(Object value) {
        if (value instanceof List<?> list) {
            return "'{"
                    + String.join(",", list.stream().map(Object::toString).toList())
                    + "}'::" + type(list.get(0)) + "[]";
        }
        return "'" + value + "'::" + type(value);
    }

    private static String type(Object value) {
        if (value instanceof UUID) {
            return "uuid";
        }
        if (value instanceof Instant) {
            return "timestamptz";
        }
        if (value instanceof Integer) {
            return "integer";
        }
        throw new IllegalArgumentException("%s (expected: an id, a time or an integer)".formatted(value.getClass()));
    }
}
