package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.export.ExportJob.Cancelled;
import io.inference.analytics.export.ExportJob.Failed;
import io.inference.analytics.export.ExportJob.Made;
import io.inference.analytics.export.ExportJob.Outcome;
import io.inference.analytics.export.ExportJob.Progress;
import io.inference.analytics.export.ExportJob.Request;
import io.inference.analytics.export.ExportJob.Restatement;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.result.RowView;

/** Reads jobs from rows of {@code analytics.export_jobs}. */
final class ExportJobMapper {

    /** The columns that {@link #job} reads. */
    static final String COLUMNS =
            """
            job_id, org_id, status, granularity, format, csv, range_start, range_end, time_zone, model_ids, initiated_by, month, revision,
            trace_parent, created_at, bucket, object_key, tries, faults, last_problem, started_at, completed_at, row_count,
            size_bytes, checksum, totals, reconciliation, difference, error, expires_at
            """;

    private ExportJobMapper() {}

    static ExportJob job(RowView row) {
        ExportStatus status = ExportStatus.of(row.getColumn("status", String.class));
        return new ExportJob(
                row.getColumn("job_id", UUID.class),
                row.getColumn("org_id", UUID.class),
                request(row),
                new ObjectLocation(row.getColumn("bucket", String.class), row.getColumn("object_key", String.class)),
                new Progress(
                        status,
                        optional(row, "started_at", Instant.class),
                        row.getColumn("tries", Integer.class),
                        row.getColumn("faults", Integer.class),
                        row.getColumn("row_count", Long.class),
                        optional(row, "last_problem", String.class)),
                outcome(row, status));
    }

    private static Request request(RowView row) {
        return new Request(
                order(row),
                optional(row, "month", LocalDate.class)
                        .map(month -> new Restatement(YearMonth.from(month), row.getColumn("revision", Integer.class))),
                row.getColumn("initiated_by", String.class),
                optional(row, "trace_parent", String.class),
                row.getColumn("created_at", Instant.class));
    }

    private static ExportOrder order(RowView row) {
        String zone = row.getColumn("time_zone", String.class);
        return new ExportOrder(
                new TimeRange(row.getColumn("range_start", Instant.class), row.getColumn("range_end", Instant.class)),
                ExportGranularity.of(row.getColumn("granularity", String.class)),
                zone.equals("UTC") ? ZoneOffset.UTC : ZoneId.of(zone),
                Set.copyOf(List.of(row.getColumn("model_ids", UUID[].class))),
                ExportFormat.of(row.getColumn("format", String.class)),
                optional(row, "csv", String.class).map(CsvForm::ofStored).orElse(CsvForm.DEFAULT),
                Optional.of(row.getColumn("bucket", String.class)));
    }

    private static Optional<Outcome> outcome(RowView row, ExportStatus status) {
        Instant completedAt = row.getColumn("completed_at", Instant.class);
        return switch (status) {
            case PENDING, RUNNING -> Optional.empty();
            case SUCCEEDED, EXPIRED ->
                Optional.of(new Made(
                        completedAt,
                        row.getColumn("expires_at", Instant.class),
                        row.getColumn("size_bytes", Long.class),
                        row.getColumn("checksum", String.class),
                        json(row, "totals").orElseThrow(),
                        json(row, "reconciliation").orElseThrow(),
                        json(row, "difference")));
            case FAILED ->
                Optional.of(new Failed(completedAt, row.getColumn("error", String.class), json(row, "reconciliation")));
            case CANCELLED -> Optional.of(new Cancelled(completedAt));
        };
    }

    private static Optional<JsonNode> json(RowView row, String column) {
        return optional(row, column, String.class).map(Figures::parse);
    }

    private static <T> Optional<T> optional(RowView row, String column, Class<T> type) {
        return Optional.ofNullable(row.getColumn(column, type));
    }
}
