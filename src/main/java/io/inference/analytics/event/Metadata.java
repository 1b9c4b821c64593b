package io.inference.analytics.event;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The canonical JSON of an event's metadata: keys sorted, no white space, only those escapes that JSON demands. Equal maps give
 * equal text, so two events can be compared without parsing.
 */
public final class Metadata {
    static final int ENTRIES_MAX = 32;
    /** Measured on the canonical JSON in UTF-8, so that a producer's white space and escapes do not count. */
    static final int BYTES_MAX = 4096;

    private Metadata() {}

    /** The canonical JSON, or null for an empty map: {@code {}} says no more than absence. */
    public static String canonical(Map<String, String> entries) {
        if (entries.isEmpty()) {
            return null;
        }
        SortedMap<String, String> sorted = entries instanceof SortedMap<String, String> map && map.comparator() == null
                ? map
                : new TreeMap<>(entries);
        StringBuilder out = new StringBuilder(64).append('{');
        sorted.forEach((key, value) -> {
            if (out.length() > 1) {
                out.append(',');
            }
            quote(key, out);
            out.append(':');
            quote(value, out);
        });
        return out.append('}').toString();
    }

    static boolean fits(String canonical) {
        // A char is at most three bytes, so only text between the two bounds has to be encoded.
        return canonical.length() <= BYTES_MAX
                && (canonical.length() <= BYTES_MAX / 3
                        || canonical.getBytes(StandardCharsets.UTF_8).length <= BYTES_MAX);
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
