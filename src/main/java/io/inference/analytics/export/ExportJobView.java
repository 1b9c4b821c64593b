package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.export.ExportJob.Failed;
import io.inference.analytics.export.ExportJob.Made;
import io.inference.analytics.export.ExportJob.Outcome;
import io.inference.analytics.usage.UsageSeries;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A job as callers see it. */
@Schema(name = "ExportJob")
@JsonInclude(JsonInclude.Include.ALWAYS)
record ExportJobView(
        UUID jobId,
        UUID orgId,
        ExportStatus status,
        ExportGranularity granularity,
        ExportFormat format,
        @Schema(nullable = true, description = "Of format csv: how the file is written") CsvForm csv,
        @Schema(description = "Snapped outward to whole UTC hours, but never past a midnight of timeZone")
                Range timeRange,
        String timeZone,
        @Schema(description = "Empty means all") List<UUID> models,
        Instant createdAt,
        @Schema(nullable = true) Instant startedAt,
        @Schema(nullable = true) Instant completedAt,
        @Schema(nullable = true, description = "When the file is deleted") Instant expiresAt,
        @Schema(nullable = true, description = "s3://bucket/key, once there is a file and until it expires")
                String outputUri,
        @Schema(nullable = true, description = "SHA-256 of the file, hex") String checksum,
        @Schema(description = "Rows so far, the header not counted") long rowCount,
        @Schema(nullable = true, description = "Bytes of the file") Long sizeBytes,
        @Schema(
                        nullable = true,
                        description =
                                "The same figures as the usage endpoint returns for this window and these models; null of"
                                        + " files of billed charges")
                UsageSeries.Sums totals,
        @Schema(
                        nullable = true,
                        description = "Of files of billed charges: the sum of BilledCost, US dollars, exact",
                        examples = "21.47")
                String billedCostUsd,
        @Schema(nullable = true) Reconciliation reconciliation,
        String initiatedBy,
        @Schema(nullable = true, description = "Of automatic monthly exports") Monthly monthly,
        @Schema(description = "How often work on the export has begun") int tries,
        @Schema(nullable = true, description = "Of an export that is not done: why its last try ended without a file")
                String lastProblem,
        @Schema(nullable = true, description = "Why it has failed") String error) {

    /** A half-open window. */
    @Schema(name = "ExportTimeRange")
    record Range(Instant start, Instant end) {}

    /**
     * The comparison of the file's rows with the raw events, or with the allocated bill, made in the
     * same snapshot.
     */
    @Schema(name = "ExportReconciliation")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Reconciliation(
            @Schema(enumeration = {"equal", "unequal"}) String status,
            Instant checkedAt,
            @Schema(nullable = true, description = "Of usage: totals of the rows of the file")
                    UsageSeries.Sums exported,
            @Schema(nullable = true, description = "Of usage: the same figures, summed over the raw events")
                    UsageSeries.Sums rawEvents,
            @Schema(nullable = true, description = "Of billed charges: the sum of the rows, US dollars")
                    String exportedBilledUsd,
            @Schema(nullable = true, description = "Of billed charges: the sum of the allocated bill, US dollars")
                    String allocatedBilledUsd) {}

    /** Which file of a month this is. */
    @Schema(name = "ExportMonth")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Monthly(
            @Schema(examples = "2026-03") String month,
            @Schema(description = "1 for the first file of the month; each restatement adds 1") int revision,
            @Schema(nullable = true, description = "Of restatements: this file minus the one before")
                    Difference difference) {}

    /** This file minus the one before. */
    @Schema(name = "ExportDifference")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Difference(
            UUID previousJobId,
            int previousRevision,
            long rows,
            @Schema(nullable = true, description = "Null of billed charges, as are all figures of usage")
                    Long invocations,
            @Schema(nullable = true) Long errors,
            @Schema(nullable = true, type = SchemaType.INTEGER) BigInteger inputTokens,
            @Schema(nullable = true, type = SchemaType.INTEGER) BigInteger outputTokens,
            @Schema(nullable = true, type = SchemaType.INTEGER) BigInteger cacheReadInputTokens,
            @Schema(nullable = true, type = SchemaType.INTEGER) BigInteger cacheWriteInputTokens,
            @Schema(nullable = true, description = "US cents, exact: a plain decimal", examples = "-12.5")
                    String costEstimateCents,
            @Schema(nullable = true) Long unpricedInvocations,
            @Schema(nullable = true, description = "US dollars, exact; null of usage", examples = "-5000")
                    String billedCostUsd) {}

    static ExportJobView of(ExportJob job) {
        boolean hasFile = job.status() == ExportStatus.SUCCEEDED;
        Optional<Made> made = job.made();
        Optional<Failed> failed = job.failed();
        ExportOrder order = job.order();
        return new ExportJobView(
                job.jobId(),
                job.orgId(),
                job.status(),
                order.granularity(),
                order.format(),
                order.format() == ExportFormat.CSV ? order.csv() : null,
                new Range(order.range().start(), order.range().end()),
                order.zoneName(),
                order.models().stream()
                        .sorted(Comparator.comparing(UUID::toString))
                        .toList(),
                job.request().createdAt(),
                job.progress().startedAt().orElse(null),
                job.outcome().map(Outcome::completedAt).orElse(null),
                made.map(Made::expiresAt).orElse(null),
                hasFile ? job.location().uri() : null,
                made.map(Made::checksum).orElse(null),
                job.progress().rowCount(),
                made.map(Made::sizeBytes).orElse(null),
                sums(made.map(Made::totals)).orElse(null),
                made.flatMap(file -> text(file.totals(), Figures.BILLED)).orElse(null),
                made.map(Made::reconciliation)
                        .or(() -> failed.flatMap(Failed::reconciliation))
                        .map(ExportJobView::reconciliation)
                        .orElse(null),
                job.request().initiatedBy(),
                job.monthly()
                        .map(monthly -> new Monthly(
                                monthly.month().toString(),
                                monthly.revision(),
                                made.flatMap(Made::difference)
                                        .map(ExportJobView::difference)
                                        .orElse(null)))
                        .orElse(null),
                job.progress().tries(),
                job.outcome().isEmpty() ? job.progress().lastProblem().orElse(null) : null,
                failed.map(Failed::error).orElse(null));
    }

    private static Reconciliation reconciliation(JsonNode stored) {
        return new Reconciliation(
                stored.get("status").textValue(),
                Instant.parse(stored.get("checkedAt").textValue()),
                sums(node(stored, "exported")).orElse(null),
                sums(node(stored, "rawEvents")).orElse(null),
                text(stored, "exportedBilledUsd").orElse(null),
                text(stored, "allocatedBilledUsd").orElse(null));
    }

    private static Difference difference(JsonNode stored) {
        return new Difference(
                UUID.fromString(stored.get("previousJobId").textValue()),
                stored.get("previousRevision").intValue(),
                stored.get("rows").longValue(),
                node(stored, "invocations").map(JsonNode::longValue).orElse(null),
                node(stored, "errors").map(JsonNode::longValue).orElse(null),
                node(stored, "inputTokens").map(JsonNode::bigIntegerValue).orElse(null),
                node(stored, "outputTokens").map(JsonNode::bigIntegerValue).orElse(null),
                node(stored, "cacheReadInputTokens")
                        .map(JsonNode::bigIntegerValue)
                        .orElse(null),
                node(stored, "cacheWriteInputTokens")
                        .map(JsonNode::bigIntegerValue)
                        .orElse(null),
                text(stored, "costEstimateCents").orElse(null),
                node(stored, "unpricedInvocations").map(JsonNode::longValue).orElse(null),
                text(stored, Figures.BILLED).orElse(null));
    }

    private static Optional<UsageSeries.Sums> sums(Optional<JsonNode> totals) {
        return totals.filter(Figures::ofUsage).map(Figures::of).map(UsageSeries.Sums::of);
    }

    private static Optional<JsonNode> node(JsonNode stored, String name) {
        return Optional.ofNullable(stored.get(name));
    }

    private static Optional<String> text(JsonNode stored, String name) {
        return node(stored, name).map(JsonNode::textValue);
    }
}
