package io.inference.analytics.company;

import io.inference.analytics.bills.ImportCalendar.Run;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Runs of imports, as answers show them. */
@Schema(name = "ImportRuns")
record ImportRuns(
        @Schema(description = "The newest first") List<Entry> runs,
        @Schema(nullable = true, description = "The parameter cursor of the next page; null on the last one")
                String nextCursor) {

    /** A run. */
    @Schema(name = "ImportRun")
    record Entry(
            UUID runId,
            @Schema(enumeration = {"anthropic", "cursor", "openai", "claude_ai"}) String provider,
            @Schema(enumeration = {"daily", "backfill", "retry", "restate", "manual", "csv"}) String kind,
            @Schema(description = "First UTC day that it was to import") LocalDate from,
            @Schema(description = "Last UTC day, inclusive") LocalDate to,
            Instant startedAt,
            @Schema(nullable = true, description = "null: it still runs") Instant finishedAt,
            @Schema(enumeration = {"running", "succeeded", "partial", "failed"}) String status,
            @Schema(description = "Who asked for it") String requestedBy,
            @Schema(description = "Days of data sets that it imported or found unchanged") long daysImported,
            @Schema(description = "Days of data sets that it could not import") long daysNotImported) {

        private static Entry of(Run run) {
            return new Entry(
                    run.runId(),
                    run.provider(),
                    run.kind(),
                    run.from(),
                    run.to(),
                    run.startedAt(),
                    run.finishedAt().orElse(null),
                    run.status(),
                    run.requestedBy(),
                    run.daysImported(),
                    run.daysNotImported());
        }
    }

    /** The first {@code limit} runs found; a further one means that another page follows. */
    static ImportRuns of(List<Run> found, int limit) {
        boolean more = found.size() > limit;
        List<Run> shown = more ? found.subList(0, limit) : found;
        return new ImportRuns(
                shown.stream().map(Entry::of).toList(), more ? ImportQuery.cursor(shown.get(limit - 1)) : null);
    }
}
