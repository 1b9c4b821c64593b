package io.inference.analytics.event;

import java.util.Optional;
import java.util.UUID;

/** What became of one event of a message. */
public sealed interface Decoded {

    /**
     * The bytes exactly as received: the whole message, or the element of an array without what stands around it. A whole
     * message is not copied, so callers must not change it.
     */
    byte[] payload();

    /** An event that follows every rule. */
    record Accepted(UsageEvent event, byte[] payload) implements Decoded {}

    /**
     * Something that cannot be stored.
     *
     * @param detail every fault, the one that gave the reason first; printable, at most {@value UsageEventCodec#DETAIL_CHARS_MAX}
     *     characters
     * @param orgId whose event it is, where nothing but its time is wrong: at another time it would be accepted
     */
    record Rejected(RejectReason reason, String detail, byte[] payload, Optional<UUID> orgId) implements Decoded {

        public Rejected(RejectReason reason, String detail, byte[] payload) {
            this(reason, detail, payload, Optional.empty());
        }
    }
}
