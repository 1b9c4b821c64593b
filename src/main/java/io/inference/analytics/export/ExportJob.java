package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.usage.UsageSums;
import java.time.Instant;
import java.time.YearMonth;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * A job as it is stored.
 *
 * @param monthly of automatic ones, which month and restatement
 * @param location where the file is or will be
 * @param rowCount rows so far, without the header
 * @param lastProblem why the last try ended without a file
 * @param error why the job has failed, for people who know nothing of the inside
 */
record ExportJob(
        UUID jobId,
        UUID orgId,
        ExportStatus status,
        ExportOrder order,
        Optional<Restatement> monthly,
        ObjectLocation location,
        String initiatedBy,
        Optional<String> traceParent,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> completedAt,
        Optional<Instant> expiresAt,
        int tries,
        int faults,
        long rowCount,
        OptionalLong sizeBytes,
        Optional<String> checksum,
        Optional<UsageSums> totals,
        Optional<JsonNode> reconciliation,
        Optional<JsonNode> difference,
        Optional<String> lastProblem,
        Optional<String> error) {

    /** The same job as the file of a month. */
    ExportJob of(Restatement restatement) {
        return new ExportJob(
                jobId,
                orgId,
                status,
                order,
                Optional.of(restatement),
                location,
                initiatedBy,
                traceParent,
                createdAt,
                startedAt,
                completedAt,
                expiresAt,
                tries,
                faults,
                rowCount,
                sizeBytes,
                checksum,
                totals,
                reconciliation,
                difference,
                lastProblem,
                error);
    }

    /**
     * Which file of a month this is.
     *
     * @param revision from 1
     */
    record Restatement(YearMonth month, int revision) {}
}
