package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.Optional;

/**
 * A row of {@code ingestion_batches}.
 *
 * @param firstOffset first offset of the range of the stream over which it moved the position, inclusive; negative when it moved
 *     none, and on transport queue
 * @param lastOffset last offset of that range, inclusive
 * @param messages how many messages are in that range; on transport queue, how many begin in this batch
 */
record BatchRecord(
        long batchId,
        String kind,
        String transport,
        String replica,
        int lane,
        String correlationId,
        long firstOffset,
        long lastOffset,
        int messages,
        Counts counts,
        Optional<Instant> firstEventAt,
        Optional<Instant> lastEventAt,
        boolean late,
        Instant startedAt,
        Instant committedAt) {

    /** Outcomes of the batch's events; received is their sum by construction. */
    record Counts(int stored, int duplicates, int conflicts, int deadLettered) {
        int received() {
            return stored + duplicates + conflicts + deadLettered;
        }
    }
}
