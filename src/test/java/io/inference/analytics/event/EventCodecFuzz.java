package io.inference.analytics.event;

import java.time.Instant;

/** No bytes of a message make the codec throw, and what it takes it writes so that it reads the same again. */
public final class EventCodecFuzz {

    private static final UsageEventCodec CODEC = new UsageEventCodec();
    private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");

    private EventCodecFuzz() {}

    public static void fuzzerTestOneInput(byte[] body) {
        boolean faulty = !CODEC.faults(body, NOW).isEmpty();
        boolean allEvents = true;
        for (Decoded decoded : CODEC.decode(body, NOW)) {
            if (decoded instanceof Decoded.Accepted event) {
                if (!CODEC.faults(UsageEventCodec.encode(event.event()), NOW).isEmpty()) {
                    throw new IllegalStateException("what was taken is not taken again");
                }
            } else {
                allEvents = false;
            }
        }
        if (faulty == allEvents && body.length <= UsageEventCodec.MESSAGE_BYTES_MAX) {
            throw new IllegalStateException("decode and faults do not agree");
        }
    }
}
