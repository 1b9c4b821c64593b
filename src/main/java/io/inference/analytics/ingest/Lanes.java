package io.inference.analytics.ingest;

import java.util.UUID;

/**
 * How organisations are divided into lanes. An organisation has one of {@link #SLOTS} slots for ever, and a slot has one lane of
 * the {@code count} that this process uses. Locks are taken by slot, so replicas with different numbers of lanes exclude each
 * other where they must.
 *
 * @param count from 1 to {@link #SLOTS}
 */
record Lanes(int count) {

    /** Never changed: replicas of two versions run at once. */
    static final int SLOTS = 64;

    /** The slot of a message that holds no event of a known organisation. */
    static final int SLOT_WITHOUT_ORG = 0;

    /** 2^64 divided by the golden ratio: the upper bits of the product are spread evenly, also for ids that count up. */
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    Lanes {
        if (count < 1 || count > SLOTS) {
            throw new IllegalArgumentException("INGESTION_LANES: %d (expected: 1 to %d)".formatted(count, SLOTS));
        }
    }

    static int slotOf(UUID org) {
        long mixed = (org.getMostSignificantBits() * SPREAD ^ org.getLeastSignificantBits()) * SPREAD;
        return (int) (mixed >>> 58);
    }

    int ofSlot(int slot) {
        return slot % count;
    }
}
