package io.inference.analytics.event;

/**
 * Strict UTF-8 (RFC 3629) for JSON text: no overlong forms, no surrogates, nothing above U+10FFFF, and none of the control bytes
 * that JSON allows nowhere. Jackson's own decoder accepts some of these, and would read bytes with NULs as UTF-16.
 */
final class Utf8 {
    private Utf8() {}

    /** The offset of the first byte that cannot be part of JSON text, or -1. */
    static int invalidAt(byte[] bytes) {
        int i = 0;
        while (i < bytes.length) {
            byte first = bytes[i];
            if (first >= 0x20) {
                i++;
            } else if (first >= 0) {
                if (first != '\n' && first != '\t' && first != '\r') {
                    return i;
                }
                i++;
            } else {
                int length = sequenceLength(bytes, i);
                if (length == 0) {
                    return i;
                }
                i += length;
            }
        }
        return -1;
    }

    /** The length of the multi-byte sequence at i, 0 if there is none. The ranges are those of RFC 3629, section 4. */
    private static int sequenceLength(byte[] bytes, int i) {
        int first = bytes[i] & 0xff;
        if (first < 0xc2) {
            return 0;
        } else if (first < 0xe0) {
            return continues(bytes, i + 1, 0x80, 0xbf) ? 2 : 0;
        } else if (first < 0xf0) {
            int low = first == 0xe0 ? 0xa0 : 0x80;
            int high = first == 0xed ? 0x9f : 0xbf;
            return continues(bytes, i + 1, low, high) && continues(bytes, i + 2, 0x80, 0xbf) ? 3 : 0;
        } else if (first < 0xf5) {
            int low = first == 0xf0 ? 0x90 : 0x80;
            int high = first == 0xf4 ? 0x8f : 0xbf;
            return continues(bytes, i + 1, low, high)
                            && continues(bytes, i + 2, 0x80, 0xbf)
                            && continues(bytes, i + 3, 0x80, 0xbf)
                    ? 4
                    : 0;
        }
        return 0;
    }

    private static boolean continues(byte[] bytes, int i, int low, int high) {
        return i < bytes.length && (bytes[i] & 0xff) >= low && (bytes[i] & 0xff) <= high;
    }
}
