package io.inference.analytics.forecast;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What the wire shows of a forecast. */
@Schema(name = "Forecast")
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Forecast(
        UUID orgId,
        @Schema(examples = "month-to-date", description = "The unit that is still running") String period,
        @Schema(description = "IANA name of the zone whose days are meant") String timeZone,
        @Schema(description = "Start of the unit") Instant start,
        @Schema(description = "End of the unit, exclusive") Instant end,
        @Schema(description = "Until when usage is counted as spent") Instant asOf,
        @Schema(
                        nullable = true,
                        description =
                                "The exact cost from start until asOf; null when there was usage and nothing of it"
                                        + " has a price")
                Cost spent,
        @Schema(description = "Invocations from start until asOf without a price, which the forecast lacks")
                long unpricedInvocations,
        @Schema(description = "Whether everything from start until asOf has a price") boolean costComplete,
        @Schema(
                        nullable = true,
                        description =
                                "Expected cost from start until end, rounded to cents; null when there is a reason")
                Cost expected,
        @Schema(nullable = true, description = "Between what the total will lie; null when there is a reason")
                Range range,
        @Schema(
                        examples = "weekday-profile",
                        description =
                                "How it was made. weekday-profile: the share of each day of the week in the last 8 weeks, times the"
                                        + " level of the last 14 days")
                String method,
        History history,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(description = "Why there is no forecast; absent when there is one")
                String reason,
        FreshnessView.Summary freshness) {

    private static final String METHOD = "weekday-profile";

    /** Between what the total will lie. */
    @Schema(name = "ForecastRange")
    public record Range(
            @Schema(description = "Not less than what is spent") Cost low,
            Cost high,
            @Schema(examples = "80", description = "In how many of 100 cases the total lies between low and high")
                    int probabilityPercent) {}

    /** What it was learnt from. */
    @Schema(name = "ForecastHistory")
    public record History(
            @Schema(description = "Whole days before today, from the first one with usage, at most 56") int days,
            @Schema(description = "Invocations of these days without a price") long unpricedInvocations) {}

    static Forecast of(UUID org, ForecastQuery query, ForecastStore.Past past, FreshnessView.Summary freshness) {
        Optional<BigDecimal> spent = past.spent().costCents();
        Optional<String> reason = reason(past);
        Optional<Outlook> outlook = reason.isPresent()
                ? Optional.empty()
                : Outlook.of(spent.orElseThrow(), past.days(), past.left(), query.daysAfterToday());
        return new Forecast(
                org,
                query.period().wireName(),
                query.spent().zoneName(),
                query.spent().range().start(),
                query.end(),
                query.now(),
                spent.map(Cost::ofCents).orElse(null),
                past.spent().unpricedInvocations(),
                past.spent().unpricedInvocations() == 0,
                outlook.map(total -> Cost.ofCents(total.expected())).orElse(null),
                outlook.map(total -> new Range(
                                Cost.ofCents(total.low()), Cost.ofCents(total.high()), Outlook.PROBABILITY_PERCENT))
                        .orElse(null),
                METHOD,
                new History(Math.min(past.days().size(), WeekdayProfile.DAYS_MAX), past.unpriced()),
                reason.orElse(null),
                freshness);
    }

    private static Optional<String> reason(ForecastStore.Past past) {
        if (past.days().size() < WeekdayProfile.DAYS_MIN) {
            return Optional.of("too little history: %d whole days with usage before today (expected: at least %d)"
                    .formatted(past.days().size(), WeekdayProfile.DAYS_MIN));
        }
        return past.spent().costCents().isPresent()
                ? Optional.empty()
                : Optional.of("nothing of the usage has a price (expected: a price for its models)");
    }
}
