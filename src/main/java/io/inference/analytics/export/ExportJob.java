package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.objectstore.ObjectLocation;
import java.time.Instant;
import java.time.YearMonth;
import java.util.Optional;
import java.util.UUID;

/**
 * A job as it is stored.
 *
 * @param location where the file is or will be
 * @param outcome how the job ended; empty while it is pending or running
 */
record ExportJob(
        UUID jobId,
        UUID orgId,
        Request request,
        ObjectLocation location,
        Progress progress,
        Optional<Outcome> outcome) {

    /**
     * Who asked for what; it never changes.
     *
     * @param monthly of automatic exports, which month and restatement
     */
    record Request(
            ExportOrder order,
            Optional<Restatement> monthly,
            String initiatedBy,
            Optional<String> traceParent,
            Instant createdAt) {}

    /**
     * Which file of a month this is.
     *
     * @param revision from 1
     */
    record Restatement(YearMonth month, int revision) {}

    /**
     * How far the work has come.
     *
     * @param tries how often work on the job has begun
     * @param faults tries that ended without a file, except those for which only the file store was
     *     to blame
     * @param rowCount rows so far, without the header
     * @param lastProblem why the last try ended without a file
     */
    record Progress(
            ExportStatus status,
            Optional<Instant> startedAt,
            int tries,
            int faults,
            long rowCount,
            Optional<String> lastProblem) {

        static final Progress NONE = new Progress(ExportStatus.PENDING, Optional.empty(), 0, 0, 0, Optional.empty());
    }

    /** How a job ended. */
    sealed interface Outcome {

        Instant completedAt();
    }

    /**
     * The job made a file, which may have expired since.
     *
     * @param checksum SHA-256 of the file, hex
     * @param totals of usage, or billedCostUsd of charges
     * @param difference of restatements, to the file before
     */
    record Made(
            Instant completedAt,
            Instant expiresAt,
            long sizeBytes,
            String checksum,
            JsonNode totals,
            JsonNode reconciliation,
            Optional<JsonNode> difference)
            implements Outcome {}

    /**
     * The job can no longer succeed.
     *
     * @param error the reason, for people who do not know how the service works inside
     * @param reconciliation when the rows did not add up to the raw events
     */
    record Failed(Instant completedAt, String error, Optional<JsonNode> reconciliation) implements Outcome {}

    /** A caller cancelled the job. */
    record Cancelled(Instant completedAt) implements Outcome {}

    /** A job that no worker has taken yet. */
    static ExportJob pending(UUID jobId, UUID orgId, Request request, ObjectLocation location) {
        return new ExportJob(jobId, orgId, request, location, Progress.NONE, Optional.empty());
    }

    ExportStatus status() {
        return progress.status();
    }

    ExportOrder order() {
        return request.order();
    }

    Optional<Restatement> monthly() {
        return request.monthly();
    }

    /** The file that the job made; of an expired job, the file that was deleted. */
    Optional<Made> made() {
        return outcome.filter(Made.class::isInstance).map(Made.class::cast);
    }

    Optional<Failed> failed() {
        return outcome.filter(Failed.class::isInstance).map(Failed.class::cast);
    }
}
