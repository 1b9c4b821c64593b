package io.inference.analytics.company;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.series.Cost;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Our estimates beside the providers' bills, as answers show them. The two are compared and never added. */
@Schema(name = "Reconciliation")
record Reconciliation(
        Instant start,
        Instant end,
        @Schema(description = "What the rows are split by") List<String> groupBy,
        List<Row> series,
        Figures totals,
        Finality finality) {

    /** What a row is about; only what was grouped by is there. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "ReconciliationKey")
    record Key(
            @Schema(description = "UTC day") Optional<LocalDate> day,
            @Schema(
                            description = "unmapped: events of models that no provider is known for",
                            enumeration = {"anthropic", "cursor", "unmapped"})
                    Optional<String> provider,
            @Schema(enumeration = {"claude_api", "claude_code", "claude_ai", "cursor", "unknown"})
                    Optional<String> platform,
            @Schema(description = "The provider's name of the model; null where the bill names none")
                    Optional<String> model) {}

    /** A row. */
    @Schema(name = "ReconciliationRow")
    record Row(@JsonUnwrapped Key key, @JsonUnwrapped Figures figures) {}

    /** The amounts; difference = billed - estimate = the sum of the five parts. */
    @Schema(name = "ReconciliationFigures")
    record Figures(
            @Schema(description = "Of our events, by their own cost or the price book") Cost estimate,
            @Schema(description = "By the provider") Cost billed,
            @Schema(description = "billed - estimate") Cost difference,
            Split split,
            @Schema(description = "Invocations without a cost in the estimate") long unpricedInvocations) {}

    /** Why they differ. */
    @Schema(name = "ReconciliationSplit")
    record Split(
            @Schema(description = "Billed usage of which we have no event at all that day") Cost coverage,
            @Schema(description = "More or fewer tokens billed than in our events, at the billed price") Cost quantity,
            @Schema(description = "Another price than ours for the tokens that both have") Cost price,
            @Schema(description = "Our events without a price, at the billed price") Cost unpriced,
            @Schema(
                            description =
                                    "What is not explained: fixed amounts, bills without tokens, models without a provider")
                    Cost rest) {}
}
