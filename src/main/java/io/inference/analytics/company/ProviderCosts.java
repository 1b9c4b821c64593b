package io.inference.analytics.company;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Bills of the providers, as answers show them. */
@Schema(name = "ProviderCosts")
record ProviderCosts(
        Instant start,
        Instant end,
        @Schema(description = "What the rows are split by") List<String> groupBy,
        @Schema(description = "By group, sorted by it") List<Row> series,
        Totals totals,
        Finality finality) {

    /** The group of a row: only fields that were grouped by; null where the provider names none. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "ProviderCostsKey")
    record Key(
            @Schema(description = "UTC day") Optional<LocalDate> day,
            @Schema(enumeration = {"anthropic", "cursor", "openai"}) Optional<String> provider,
            @Schema(enumeration = {"claude_api", "claude_code", "claude_ai", "cursor", "openai_api", "unknown"})
                    Optional<String> platform,
            @Schema(description = "The provider's name of the model") Optional<String> model,
            @Schema(description = "null: the default workspace") Optional<String> workspaceId,
            @Schema(description = "null: the user is not known") Optional<String> userEmail,
            @Schema(description = "null: of no team") Optional<String> team,
            @Schema(description = "input, output, cache_read or cache_write; null: not by token")
                    Optional<String> tokenType,
            @Schema(description = "The provider's name of its organisation; null: seats entered by hand")
                    Optional<String> organizationId) {}

    /** A row. */
    @Schema(name = "ProviderCostsRow")
    record Row(@JsonUnwrapped Key key, Cost cost) {}

    /**
     * The sum of all rows, per day and per user; quotients are rounded to eight digits of a dollar.
     */
    @Schema(name = "ProviderCostsTotals")
    record Totals(
            Cost cost,
            @Schema(description = "UTC days of the range") long days,
            @Schema(description = "Cost per day of the range, days without bills included") Cost dailyAverage,
            @Schema(description = "Users with cost") long users,
            @Schema(nullable = true, description = "Cost per user with cost; null without such users")
                    Optional<Cost> costPerUser) {

        private static final int DIGITS = 8;

        static Totals of(BigDecimal total, long days, long users) {
            return new Totals(
                    ProviderCosts.cost(total),
                    days,
                    per(total, days),
                    users,
                    users == 0 ? Optional.empty() : Optional.of(per(total, users)));
        }

        private static Cost per(BigDecimal total, long parts) {
            return ProviderCosts.cost(total.divide(BigDecimal.valueOf(parts), DIGITS, RoundingMode.HALF_UP));
        }
    }

    static Cost cost(BigDecimal dollars) {
        return Cost.ofCents(dollars.movePointRight(2));
    }
}
