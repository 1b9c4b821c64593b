package io.inference.analytics.event;

/** Text from outside, made safe for a log line, a header, a terminal and the database. */
public final class PrintableText {

    private PrintableText() {}

    /**
     * The text cut to a length, with {@code ?} for what would break a line, UTF-8 or PostgreSQL's text: control and format
     * characters, line separators and half surrogate pairs.
     *
     * @param charsMax at least 3; a text that is cut ends in {@code ...}
     */
    public static String of(String text, int charsMax) {
        String cut = text.length() <= charsMax ? text : text.substring(0, charsMax - 3) + "...";
        StringBuilder out = null;
        for (int i = 0; i < cut.length(); i++) {
            char c = cut.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < cut.length() && Character.isLowSurrogate(cut.charAt(i + 1))) {
                i++;
            } else if (isHarmful(c)) {
                if (out == null) {
                    out = new StringBuilder(cut);
                }
                out.setCharAt(i, '?');
            }
        }
        return out == null ? cut : out.toString();
    }

    private static boolean isHarmful(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
