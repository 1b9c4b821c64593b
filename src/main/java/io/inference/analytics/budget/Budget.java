package io.inference.analytics.budget;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A stored budget.
 *
 * @param id its key
 * @param org whose it is
 * @param name unique in the organisation
 * @param definition what is wanted
 * @param secret signs its messages
 * @param judgedFrom start of the first period that the definition applies to
 * @param state what the last evaluation found; empty before the first one
 * @param closedEvaluatedAt when periods that are over were last evaluated
 * @param forecastCents US cents that the state's period is expected to have cost at its end; empty when that cannot be said
 * @param userErasedAt when the user in scope was erased: since then the budget is not evaluated
 */
record Budget(
        UUID id,
        UUID org,
        String name,
        Definition definition,
        String secret,
        Instant judgedFrom,
        Optional<State> state,
        Optional<Instant> closedEvaluatedAt,
        Optional<BigDecimal> forecastCents,
        Optional<Instant> userErasedAt) {

    /** The same with another definition. */
    Budget with(Definition other) {
        return new Budget(
                id, org, name, other, secret, judgedFrom, state, closedEvaluatedAt, forecastCents, userErasedAt);
    }

    /**
     * What a caller wants.
     *
     * @param amountUsd US dollars per period, greater than 0
     * @param period how long it lasts
     * @param zone whose days, weeks and months are meant
     * @param scope which usage counts
     * @param thresholds percent of the amount, ascending
     * @param webhooks where messages about transitions go
     */
    record Definition(
            BigDecimal amountUsd,
            BudgetPeriod period,
            ZoneId zone,
            Scope scope,
            List<Integer> thresholds,
            List<String> webhooks) {

        /** The same for another user in scope. */
        Definition of(Optional<UUID> user) {
            Scope other = new Scope(scope.model(), scope.client(), user);
            return new Definition(amountUsd, period, zone, other, thresholds, webhooks);
        }
    }

    /**
     * Which usage counts: that of all that is given; all of it where nothing is given.
     *
     * @param user the true id in what is stored; in a request the id that the organisation shows
     */
    record Scope(Optional<UUID> model, Optional<String> client, Optional<UUID> user) {}

    /**
     * What an evaluation found.
     *
     * @param periodStart start of the period it is about
     * @param status what it is like
     * @param threshold the highest one that is reached
     * @param spentCents US cents of the usage that has a price
     * @param since since when status and threshold are what they are
     */
    record State(
            Instant periodStart,
            BudgetStatus status,
            Optional<Integer> threshold,
            BigDecimal spentCents,
            Instant since) {}
}
