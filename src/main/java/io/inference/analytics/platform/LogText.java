package io.inference.analytics.platform;

/** Texts that callers choose, made fit for the log and for terminals: nothing of theirs looks like another line or field. */
public final class LogText {

    /** Paths of the API with three ids have some 150. */
    private static final int CHARACTERS_MAX = 256;

    private LogText() {}

    /** As the value of {@code key=}; in quotation marks unless it is one plain word. */
    public static String quoted(String text) {
        if (text == null) {
            return "-";
        }
        String safe = plain(text);
        return safe.equals(text) && safe.indexOf(' ') < 0 && !safe.isEmpty() ? safe : '"' + safe + '"';
    }

    /** One line that a terminal shows as it is: characters that move its cursor or turn its direction become blanks. */
    public static String line(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints()
                .forEach(point -> line.appendCodePoint(
                        switch (Character.getType(point)) {
                            case Character.CONTROL,
                                    Character.FORMAT,
                                    Character.LINE_SEPARATOR,
                                    Character.PARAGRAPH_SEPARATOR -> ' ';
                            default -> point;
                        }));
        return line.toString();
    }

    /** To be put between quotation marks by the line itself. */
    public static String plain(String text) {
        String head = text.length() <= CHARACTERS_MAX ? text : text.substring(0, CHARACTERS_MAX) + "...";
        return head.replaceAll("[^ !#-\\[\\]-~]", "?");
    }
}
