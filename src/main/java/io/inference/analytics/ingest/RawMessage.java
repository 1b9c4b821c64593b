package io.inference.analytics.ingest;

import io.inference.analytics.event.PrintableText;
import java.time.Instant;

/**
 * One message as the broker gave it.
 *
 * @param body the bytes as published
 * @param offset its place in the stream, or {@link #NO_OFFSET} on transport queue
 * @param publishedAt when the broker took it; when we received it, where the broker does not say
 * @param messageId the producer's id for correlation, printable, at most {@value #MESSAGE_ID_CHARS_MAX} characters; empty when it sent
 *     none
 * @param traceParent the producer's W3C trace context; empty when it sent none
 * @param settlement what to tell the transport once the outcome is committed
 */
record RawMessage(
        byte[] body, long offset, Instant publishedAt, String messageId, String traceParent, Settlement settlement) {

    static final long NO_OFFSET = -1;

    /** The limit of AMQP 0-9-1; AMQP 1.0 has none. */
    static final int MESSAGE_ID_CHARS_MAX = 255;

    RawMessage {
        messageId = PrintableText.of(messageId, MESSAGE_ID_CHARS_MAX);
    }

    /** No event is shorter, so an array of n bytes holds at most n divided by this. */
    private static final int EVENT_BYTES_MIN = 200;

    /** How many events it may hold; batches are cut by this before anything is decoded. */
    int weight() {
        return body.length > 0 && body[0] == '{' ? 1 : Math.max(1, Math.min(1000, body.length / EVENT_BYTES_MIN));
    }

    /** Called once, after the commit. */
    @FunctionalInterface
    interface Settlement {
        void committed();
    }
}
