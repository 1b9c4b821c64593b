package io.inference.analytics.company;

import io.inference.analytics.bills.DayState;
import io.inference.analytics.bills.ImportCalendar.Entry;
import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Which days of the providers are imported, as answers show it. */
@Schema(name = "ImportDays")
record ImportDays(
        @Schema(description = "The newest day first, then by provider and organisation") List<Day> days,
        @Schema(nullable = true, description = "The parameter cursor of the next page; null on the last one")
                String nextCursor) {

    private static final String STATES =
            "quarantined: held back until a person decides; failed; suspect: the provider had nothing for a day that is"
                    + " expected to have something; missing: never tried; pending; partial: read before the day was over;"
                    + " restated: imported, and changed by the provider since; imported";

    /** A day of a provider's organisation. */
    @Schema(name = "ImportDay")
    record Day(
            @Schema(description = "UTC day") LocalDate day,
            @Schema(enumeration = {"anthropic", "cursor", "openai", "claude_ai"}) String provider,
            @Schema(description = "The provider's name of its organisation") String organizationId,
            @Schema(
                            description = "That of the data set that needs attention most. " + STATES,
                            enumeration = {
                                "quarantined",
                                "failed",
                                "suspect",
                                "missing",
                                "pending",
                                "partial",
                                "restated",
                                "imported"
                            })
                    String status,
            @Schema(
                            enumeration = {"provisional", "final"},
                            description = "final: all data sets were read again after the fifth of the following month")
                    String finality,
            @Schema(nullable = true, description = "When the provider last answered for any data set of the day")
                    Instant refreshedAt,
            @Schema(description = "Billed by the stored data sets of the day") Cost billed,
            List<DatasetDay> datasets) {

        private static Day of(List<Entry> entries) {
            Entry any = entries.get(0);
            boolean settled = entries.stream().allMatch(entry -> entry.settled() && good(entry.state()));
            BigDecimal billed = entries.stream()
                    .flatMap(entry -> entry.amountUsd().stream())
                    .reduce(BigDecimal.ZERO, BigDecimal::add);
            return new Day(
                    any.day(),
                    any.provider(),
                    any.orgRef(),
                    entries.stream()
                            .map(Entry::state)
                            .min(Comparator.naturalOrder())
                            .orElseThrow()
                            .wireName(),
                    settled ? "final" : "provisional",
                    entries.stream()
                            .flatMap(entry -> entry.lastRead().stream())
                            .max(Comparator.naturalOrder())
                            .orElse(null),
                    Cost.ofCents(billed.movePointRight(2)),
                    entries.stream().map(DatasetDay::of).toList());
        }

        private static boolean good(DayState state) {
            return state == DayState.IMPORTED || state == DayState.RESTATED;
        }
    }

    /** A data set of such a day. */
    @Schema(name = "ImportDatasetDay")
    record DatasetDay(
            @Schema(examples = "cost") String dataset,
            @Schema(
                            description = STATES,
                            enumeration = {
                                "quarantined",
                                "failed",
                                "suspect",
                                "missing",
                                "pending",
                                "partial",
                                "restated",
                                "imported"
                            })
                    String status,
            @Schema(
                            description =
                                    "Of the stored day, from 1; 0: nothing is stored. A day that failed keeps what is stored")
                    int revision,
            @Schema(nullable = true) Instant refreshedAt,
            @Schema(nullable = true, description = "Why the last attempt failed") String errorCode) {

        private static DatasetDay of(Entry entry) {
            return new DatasetDay(
                    entry.dataset(),
                    entry.state().wireName(),
                    entry.revision(),
                    entry.lastRead().orElse(null),
                    entry.errorCode().orElse(null));
        }
    }

    /** @param next the cursor of the next page, if there is one */
    static ImportDays of(List<Entry> entries, Optional<LocalDate> next) {
        Map<List<String>, List<Entry>> days = new LinkedHashMap<>();
        entries.forEach(entry -> days.computeIfAbsent(
                        List.of(entry.day().toString(), entry.provider(), entry.orgRef()), day -> new ArrayList<>())
                .add(entry));
        return new ImportDays(
                days.values().stream().map(Day::of).toList(),
                next.map(LocalDate::toString).orElse(null));
    }
}
