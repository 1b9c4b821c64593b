package io.inference.analytics.providers;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.platform.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What the providers bill, as answers show it. */
@Schema(name = "ProviderCosts")
record ProviderCosts(
        Instant start,
        Instant end,
        @Schema(description = "What the rows are split by") List<String> groupBy,
        @Schema(description = "By group, sorted by it") List<Row> series,
        Totals totals,
        Finality finality) {

    /** What a row is about; only what was grouped by is there, and null where the provider names none. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "ProviderCostsKey")
    record Key(
            @Schema(description = "UTC day") Optional<LocalDate> day,
            @Schema(enumeration = {"anthropic", "cursor"}) Optional<String> provider,
            @Schema(enumeration = {"claude_api", "claude_code", "claude_ai", "cursor", "unknown"})
                    Optional<String> platform,
            @Schema(description = "The provider's name of the model") Optional<String> model,
            @Schema(description = "null: the default workspace") Optional<String> workspaceId,
            @Schema(description = "null: nobody that is known") Optional<String> userEmail,
            @Schema(description = "null: of no team") Optional<String> team,
            @Schema(description = "input, output, cache_read or cache_write; null: not by token")
                    Optional<String> tokenType) {}

    /** A row. */
    @Schema(name = "ProviderCostsRow")
    record Row(@JsonUnwrapped Key key, Cost cost) {}

    /** The sum of all rows. */
    @Schema(name = "ProviderCostsTotals")
    record Totals(Cost cost) {}

    static Cost cost(BigDecimal dollars) {
        return Cost.ofCents(dollars.movePointRight(2));
    }
}
