package io.inference.analytics.event;

/**
 * One thing wrong with an event.
 *
 * @param field the field's name, {@code [3].latencyMs} for an element of an array, empty for the message as a whole
 * @param reason what the event is rejected for if this is its worst fault
 * @param message the value and what was expected; printable, at most {@value #MESSAGE_CHARS_MAX} characters
 */
public record FieldFault(String field, RejectReason reason, String message) {
    /** Enough for a value of 40 characters and a sentence, also for the longest message of the JSON parser. */
    static final int MESSAGE_CHARS_MAX = 300;

    public FieldFault {
        message = printable(message, MESSAGE_CHARS_MAX);
    }

    FieldFault ofElement(int index) {
        return new FieldFault(field.isEmpty() ? "[" + index + "]" : "[" + index + "]." + field, reason, message);
    }

    @Override
    public String toString() {
        return field.isEmpty() ? message : field + ": " + message;
    }

    /** The text cut to a length, with {@code ?} for what would break a log line, a header or UTF-8. */
    static String printable(String text, int charsMax) {
        String cut = text.length() <= charsMax ? text : text.substring(0, charsMax - 3) + "...";
        StringBuilder out = null;
        for (int i = 0; i < cut.length(); i++) {
            char c = cut.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < cut.length() && Character.isLowSurrogate(cut.charAt(i + 1))) {
                i++;
            } else if (Character.isISOControl(c) || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
                if (out == null) {
                    out = new StringBuilder(cut);
                }
                out.setCharAt(i, '?');
            }
        }
        return out == null ? cut : out.toString();
    }
}
