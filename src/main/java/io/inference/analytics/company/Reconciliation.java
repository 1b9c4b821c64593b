package io.inference.analytics.company;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.series.Cost;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Estimates next to the providers' bills, as answers show them. The two are compared and never
 * added.
 */
@Schema(name = "Reconciliation")
record Reconciliation(
        Instant start,
        Instant end,
        @Schema(description = "What the rows are split by") List<String> groupBy,
        List<Row> series,
        Figures totals,
        Finality finality) {

    /** The group of a row: only fields that were grouped by. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "ReconciliationKey")
    record Key(
            @Schema(description = "UTC day") Optional<LocalDate> day,
            @Schema(
                            description = "unmapped: events of models without a known provider",
                            enumeration = {"anthropic", "cursor", "openai", "unmapped"})
                    Optional<String> provider,
            @Schema(enumeration = {"claude_api", "claude_code", "claude_ai", "cursor", "openai_api", "unknown"})
                    Optional<String> platform,
            @Schema(description = "The provider's name of the model; null where the bill names none")
                    Optional<String> model) {}

    /** A row. */
    @Schema(name = "ReconciliationRow")
    record Row(@JsonUnwrapped Key key, @JsonUnwrapped Figures figures) {}

    /** The amounts; difference = billed - estimate = the sum of the five parts. */
    @Schema(name = "ReconciliationFigures")
    record Figures(
            @Schema(description = "Of the stored events, by their own cost or the price book") Cost estimate,
            @Schema(description = "By the provider") Cost billed,
            @Schema(description = "billed - estimate") Cost difference,
            Split split,
            @Schema(description = "Invocations without a cost in the estimate") long unpricedInvocations) {}

    /** Why they differ. */
    @Schema(name = "ReconciliationSplit")
    record Split(
            @Schema(description = "Billed usage without any stored event on that day") Cost coverage,
            @Schema(
                            description =
                                    "Tokens that only the bill has, at the billed price, less those that only the stored"
                                            + " events have, at the estimated price")
                    Cost quantity,
            @Schema(description = "Another price than the price book's, for the tokens that both sides have")
                    Cost price,
            @Schema(description = "Stored events without a price, at the billed price") Cost unpriced,
            @Schema(description = "Not explained: fixed amounts, bills without tokens, models without a provider")
                    Cost rest) {}
}
