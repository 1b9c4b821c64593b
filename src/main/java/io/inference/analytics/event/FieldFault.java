package io.inference.analytics.event;

/**
 * One thing wrong with an event.
 *
 * @param field the field's name, {@code [3].latencyMs} for an element of an array, empty for the message as a whole
 * @param reason what the event is rejected for if this is its worst fault
 * @param message the value and what was expected; printable, at most {@value #MESSAGE_CHARS_MAX} characters
 */
public record FieldFault(String field, RejectReason reason, String message) {
    /** Enough for a value of 40 characters and a sentence, and for the longest message of the JSON parser. */
    static final int MESSAGE_CHARS_MAX = 300;

    public FieldFault {
        message = PrintableText.of(message, MESSAGE_CHARS_MAX);
    }

    FieldFault ofElement(int index) {
        return new FieldFault(field.isEmpty() ? "[" + index + "]" : "[" + index + "]." + field, reason, message);
    }

    @Override
    public String toString() {
        return field.isEmpty() ? message : field + ": " + message;
    }
}
