package io.inference.analytics.budget;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of a budget.
 *
 * @param webhookSecret only in the answer to the request that made it
 */
@Schema(name = "Budget")
@JsonInclude(JsonInclude.Include.NON_NULL)
record BudgetView(
        @Schema(required = true, description = "Unique in the organisation") String name,
        @Schema(required = true, examples = "250", description = "Dollars per period: a plain decimal") String amount,
        @Schema(required = true, examples = "USD", description = "ISO 4217") String currency,
        @Schema(required = true) BudgetPeriod period,
        @Schema(
                        required = true,
                        description = "IANA name of the zone whose days, weeks (from Monday) and months are meant")
                String timeZone,
        @Schema(required = true) Scope scope,
        @Schema(required = true, description = "Percent of the amount, ascending") List<Integer> thresholds,
        @Schema(required = true, description = "Addresses that get a message about each transition")
                List<Webhook> webhooks,
        @Schema(description = "What the last evaluation found, less than a minute ago; absent until the first one")
                State state,
        @Schema(
                        description =
                                "Key of the signature of messages. Only in the answer to the request that made it; it is not shown again")
                String webhookSecret) {

    /** Which usage counts. */
    @Schema(name = "BudgetScope", description = "Which usage counts: all of it where a field is left out")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Scope(
            @Schema(description = "Only this model") UUID modelId,
            @Schema(description = "Only this client") String clientId,
            @Schema(
                            description =
                                    "Only this user, with the id that the list of users shows: a pseudonym where the organisation shows"
                                            + " pseudonyms")
                    UUID userId,
            @Schema(
                            description =
                                    "true when the budget was one of a user whose id was erased: it is incomplete, and evaluated no"
                                            + " longer; else absent. Refused in requests")
                    Boolean userErased) {}

    /** A receiver of messages. */
    @Schema(name = "BudgetWebhook")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Webhook(
            @Schema(required = true, examples = "https://alerts.example.com/budgets") String url,
            @Schema(description = "Why the last message was not taken; absent when all is well. Ignored in requests")
                    String problem) {}

    /** What the last evaluation found. */
    @Schema(name = "BudgetState")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record State(
            @Schema(
                            required = true,
                            description =
                                    "ok, reached (a threshold), or incomplete: some usage in scope has no price, so that more may have been spent")
                    BudgetStatus status,
            @Schema(description = "Highest threshold that is reached; absent when none is") Integer threshold,
            @Schema(required = true, examples = "12.3456", description = "Dollars of the usage that has a price, exact")
                    String spent,
            @Schema(
                            examples = "57.20",
                            description =
                                    "Dollars that the whole period is expected to cost, as the forecast of the same scope says, at most 15"
                                            + " minutes old. Absent with less than 14 whole days of usage before today, and while usage has no"
                                            + " price")
                    String forecast,
            @Schema(required = true, description = "Start of the current period") Instant periodStart,
            @Schema(required = true, description = "Since when status and threshold are what they are")
                    Instant since) {}

    static BudgetView of(Budgets.Shown shown, Optional<String> secret) {
        Budget.Definition definition = shown.budget().definition();
        Map<String, String> problems = shown.problems();
        return new BudgetView(
                shown.budget().name(),
                plain(definition.amountUsd()),
                "USD",
                definition.period(),
                zoneName(definition.zone()),
                new Scope(
                        definition.scope().model().orElse(null),
                        definition.scope().client().orElse(null),
                        shown.user().orElse(null),
                        shown.budget().userErasedAt().map(erased -> true).orElse(null)),
                definition.thresholds(),
                definition.webhooks().stream()
                        .map(url -> new Webhook(url, problems.get(url)))
                        .toList(),
                shown.budget()
                        .state()
                        .map(state -> state(state, shown.budget()))
                        .orElse(null),
                secret.orElse(null));
    }

    private static State state(Budget.State state, Budget budget) {
        return new State(
                state.status(),
                state.threshold().orElse(null),
                Cost.ofCents(state.spentCents()).amount(),
                forecast(state, budget),
                state.periodStart(),
                state.since());
    }

    /** What has no price is missing from a forecast, and one that is passed already is worked out again in the next round. */
    private static String forecast(Budget.State state, Budget budget) {
        return budget.forecastCents()
                .filter(cents -> state.status() != BudgetStatus.INCOMPLETE && cents.compareTo(state.spentCents()) >= 0)
                .map(cents -> Cost.ofCents(cents).amount())
                .orElse(null);
    }

    static String plain(BigDecimal dollars) {
        return Cost.ofCents(dollars.movePointRight(2)).amount();
    }

    static String zoneName(ZoneId zone) {
        return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
    }
}
