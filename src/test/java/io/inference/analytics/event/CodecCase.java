package io.inference.analytics.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.EventJson;
import java.time.Instant;
import java.util.List;

/** What the tests of the codec share: its usual settings, a fixed time, and what must hold of each outcome. */
final class CodecCase {

    static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");

    private static final UsageEventCodec CODEC = new UsageEventCodec();

    private CodecCase() {}

    static UsageEvent accepted(EventJson json) {
        List<Decoded> decoded = CODEC.decode(json.bytes(), NOW);
        assertThat(decoded).hasSize(1).first().isInstanceOf(Decoded.Accepted.class);
        assertThat(faults(json.bytes())).isEmpty();
        return ((Decoded.Accepted) decoded.get(0)).event();
    }

    static void assertRejected(EventJson json, RejectReason reason, String detailPrefix) {
        assertRejected(json.bytes(), reason, detailPrefix);
    }

    static void assertRejected(byte[] body, RejectReason reason, String detailPrefix) {
        List<Decoded> decoded = decode(body);
        assertThat(decoded).hasSize(1).first().isInstanceOf(Decoded.Rejected.class);
        Decoded.Rejected rejected = (Decoded.Rejected) decoded.get(0);
        assertThat(rejected.reason()).as(rejected.detail()).isEqualTo(reason);
        assertThat(rejected.detail()).startsWith(detailPrefix).doesNotContain("cannot be read");
        assertThat(rejected.payload()).isSameAs(body);
    }

    static List<FieldFault> faults(byte[] body) {
        return CODEC.faults(body, NOW);
    }

    static List<Decoded> decode(byte[] body) {
        return CODEC.decode(body, NOW);
    }

    static List<Decoded> decode(String body) {
        return decode(body.getBytes(UTF_8));
    }

    static RejectReason reason(Decoded decoded) {
        return ((Decoded.Rejected) decoded).reason();
    }

    static String text(Decoded decoded) {
        return new String(decoded.payload(), UTF_8);
    }
}
