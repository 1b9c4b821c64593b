package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.Optional;

/**
 * A row of {@code ingestion_batches}.
 *
 * @param firstOffset first offset of its range in the stream, inclusive; negative on transport queue
 * @param lastOffset last offset, inclusive; negative on transport queue
 */
record BatchRecord(
        long batchId,
        String kind,
        String transport,
        String replica,
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
