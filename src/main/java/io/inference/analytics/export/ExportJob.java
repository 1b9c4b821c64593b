package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
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
        Location location,
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

    /**
     * Where a file is.
     *
     * @param key without the bucket
     */
    record Location(String bucket, String key) {

        private static final String PREFIX = "analytics/exports/";

        static String keyOf(UUID org, UUID job) {
            return PREFIX + org + "/" + job + ".csv";
        }

        static String keyOf(UUID org, Restatement monthly) {
            return PREFIX + org + "/" + compact(monthly.month()) + "-r" + monthly.revision() + ".csv";
        }

        /** Where the latest file of a month is copied to. */
        static String latestKeyOf(UUID org, YearMonth month) {
            return PREFIX + org + "/" + compact(month) + ".csv";
        }

        static String manifestOf(String key) {
            return key.substring(0, key.length() - ".csv".length()) + ".manifest.json";
        }

        private static String compact(YearMonth month) {
            return month.toString().replace("-", "");
        }

        String manifestKey() {
            return manifestOf(key);
        }

        String uri() {
            return "s3://" + bucket + "/" + key;
        }
    }
}
