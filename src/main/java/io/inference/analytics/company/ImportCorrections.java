package io.inference.analytics.company;

import io.inference.analytics.bills.ImportCalendar.Correction;
import io.inference.analytics.series.Cost;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What providers have changed in days that were stored before, as answers show it. */
@Schema(name = "ImportCorrections")
record ImportCorrections(
        @Schema(description = "The newest first") List<Entry> corrections,
        @Schema(nullable = true, description = "The parameter cursor of the next page; null on the last one")
                String nextCursor) {

    /** A billed line that changed. */
    @Schema(name = "ImportCorrection")
    record Entry(
            @Schema(description = "UTC day") LocalDate day,
            @Schema(enumeration = {"anthropic", "cursor", "openai", "claude_ai"}) String provider,
            @Schema(description = "The provider's name of its organisation") String organizationId,
            String dataset,
            int revisionFrom,
            int revisionTo,
            @Schema(nullable = true, description = "null: there was no such line") Cost before,
            @Schema(nullable = true, description = "null: there no longer is such a line") Cost after,
            @Schema(description = "after less before") Cost difference,
            Instant correctedAt) {

        private static Entry of(Correction correction) {
            return new Entry(
                    correction.day(),
                    correction.provider(),
                    correction.orgRef(),
                    correction.dataset(),
                    correction.revisionFrom(),
                    correction.revisionTo(),
                    correction.oldUsd().map(ProviderCosts::cost).orElse(null),
                    correction.newUsd().map(ProviderCosts::cost).orElse(null),
                    ProviderCosts.cost(correction.differenceUsd()),
                    correction.correctedAt());
        }
    }

    /** The first {@code limit} found; a further one means that another page follows. */
    static ImportCorrections of(List<Correction> found, int limit) {
        boolean more = found.size() > limit;
        List<Correction> shown = more ? found.subList(0, limit) : found;
        return new ImportCorrections(
                shown.stream().map(Entry::of).toList(),
                more ? Long.toString(shown.get(limit - 1).id()) : null);
    }
}
