package io.inference.analytics.export;

import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import java.util.UUID;

/** Events of March 2026 on three days, of two models, with and without a price; two overflow 64 bits. */
final class MarchUsage {

    static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    private MarchUsage() {}

    static StoredUsage of(UUID org) {
        return new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:59:59.999Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-01T23:30:00Z")
                        .status("timeout")
                        .cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-03T00:00:00Z")
                        .client("=cmd")
                        .cost(null))
                .add(Event.of(org, MODEL_F, "2026-03-31T23:59:59Z")
                        .tokens(Long.MAX_VALUE, 7)
                        .cost("12345678901.00000001"))
                .add(Event.of(org, MODEL_F, "2026-03-31T23:59:59Z")
                        .tokens(Long.MAX_VALUE, 7)
                        .cost("1"));
    }
}
