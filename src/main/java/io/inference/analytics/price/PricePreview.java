package io.inference.analytics.price;

import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What a price would change, if it were added and the stored events repriced. */
@Schema(name = "PricePreview")
record PricePreview(
        @Schema(description = "From when stored events were compared: the 31 days before now at most") Instant start,
        @Schema(description = "Up to when; equal to start for a price that holds from a later time") Instant end,
        @Schema(description = "UTC days whose cost would change, in order; other days keep theirs") List<Day> days,
        Totals totals) {

    /** A day of the model. */
    @Schema(name = "PricePreviewDay")
    record Day(
            LocalDate day,
            @Schema(description = "Events whose cost would change") long events,
            @Schema(description = "What these events cost now") Cost before,
            @Schema(description = "What they would cost") Cost after,
            @Schema(description = "after less before") Cost difference,
            @Schema(description = "Those without a cost now") long unpricedBefore,
            @Schema(description = "Those that would have no cost") long unpricedAfter) {}

    /** All days together. */
    @Schema(name = "PricePreviewTotals")
    record Totals(long events, Cost before, Cost after, Cost difference, long unpricedBefore, long unpricedAfter) {}

    /** A day as it is read; cents, exact. */
    record Sum(
            LocalDate day,
            long events,
            BigDecimal beforeCents,
            BigDecimal afterCents,
            long unpricedBefore,
            long unpricedAfter) {

        private Day shown() {
            return new Day(
                    day,
                    events,
                    Cost.ofCents(beforeCents),
                    Cost.ofCents(afterCents),
                    Cost.ofCents(afterCents.subtract(beforeCents)),
                    unpricedBefore,
                    unpricedAfter);
        }
    }

    static PricePreview of(Instant start, Instant end, List<Sum> sums) {
        BigDecimal before = sums.stream().map(Sum::beforeCents).reduce(BigDecimal.ZERO, BigDecimal::add);
        BigDecimal after = sums.stream().map(Sum::afterCents).reduce(BigDecimal.ZERO, BigDecimal::add);
        Totals totals = new Totals(
                sums.stream().mapToLong(Sum::events).sum(),
                Cost.ofCents(before),
                Cost.ofCents(after),
                Cost.ofCents(after.subtract(before)),
                sums.stream().mapToLong(Sum::unpricedBefore).sum(),
                sums.stream().mapToLong(Sum::unpricedAfter).sum());
        return new PricePreview(start, end, sums.stream().map(Sum::shown).toList(), totals);
    }
}
