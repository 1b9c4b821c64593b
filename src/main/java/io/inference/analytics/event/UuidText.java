package io.inference.analytics.event;

import java.util.UUID;

/**
 * UUIDs as RFC 9562, section 4 writes them: 36 characters, in any case. {@code UUID.fromString} would accept {@code 1-1-1-1-1}
 * too.
 */
final class UuidText {
    private static final int CHARS = 36;

    private UuidText() {}

    /** The UUID, or null if the text is not one. */
    static UUID parse(char[] text, int start, int length) {
        if (length != CHARS) {
            return null;
        }
        long high = 0;
        long low = 0;
        for (int i = 0; i < CHARS; i++) {
            char c = text[start + i];
            if (i == 8 || i == 13 || i == 18 || i == 23) {
                if (c != '-') {
                    return null;
                }
            } else {
                int digit = hexDigit(c);
                if (digit < 0) {
                    return null;
                }
                if (i < 18) {
                    high = high << 4 | digit;
                } else {
                    low = low << 4 | digit;
                }
            }
        }
        return new UUID(high, low);
    }

    /** Not {@code Character.digit}, which accepts digits of other scripts. */
    private static int hexDigit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' && c < 0x80 ? lower - 'a' + 10 : -1;
    }
}
