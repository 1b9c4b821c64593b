package io.inference.analytics.budget;

import io.inference.analytics.budget.BudgetFigures.Spent;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Evaluates one budget: reads the figures, stores the transitions that they mean, and the state.
 *
 * <p>Everything happens in one transaction that holds the budget's row. A replica that ends in the middle leaves nothing behind,
 * and the next evaluation finds the same transitions again.
 *
 * <p>Bound: periods that are over are evaluated for {@link #LATE_MAX}, in each round for the first {@link #LATE_AT_ONCE} and once
 * per {@link #LATE_EVERY} afterwards, as late events and new prices are rare then. A definition applies from the period in which it
 * was given.
 */
@ApplicationScoped
class BudgetEvaluation {

    private static final Duration LATE_MAX = Duration.ofDays(31);
    private static final Duration LATE_AT_ONCE = Duration.ofHours(2);
    private static final Duration LATE_EVERY = Duration.ofHours(1);

    /** It reads eight weeks of days and two of hours, and moves little meanwhile. */
    private static final Duration FORECAST_MAX_AGE = Duration.ofMinutes(15);

    private final BudgetStore store;
    private final BudgetFigures figures;

    BudgetEvaluation(BudgetStore store, BudgetFigures figures) {
        this.store = store;
        this.figures = figures;
    }

    /**
     * Evaluates the budget unless another replica is doing so, or has done so since {@code before}; in the caller's transaction.
     *
     * @return whether it was evaluated
     */
    boolean run(Handle handle, UUID id, Instant before, Instant now) {
        Optional<Budget> claimed = store.claim(handle, id, before);
        claimed.ifPresent(budget -> evaluate(handle, budget, now));
        return claimed.isPresent();
    }

    /**
     * Works out again what the period of the state will have cost at its end, unless the figure is young and not passed yet; in
     * the caller's transaction, which is not the one of an evaluation: a forecast that fails must not undo a transition.
     */
    void forecast(Handle handle, UUID id, Instant now) {
        store.withOldForecast(handle, id, now.minus(FORECAST_MAX_AGE))
                .filter(budget -> isOfPeriod(budget, now))
                .ifPresent(budget -> store.forecast(handle, budget, figures.expected(handle, budget, now), now));
    }

    private static boolean isOfPeriod(Budget budget, Instant now) {
        Instant start =
                budget.definition().period().at(now, budget.definition().zone()).start();
        return budget.state().map(Budget.State::periodStart).equals(Optional.of(start));
    }

    /** Leaves a forecast that takes too long out until it is next due. */
    void noForecast(Handle handle, UUID id, Instant now) {
        store.withOldForecast(handle, id, now.minus(FORECAST_MAX_AGE))
                .ifPresent(budget -> store.forecast(handle, budget, Optional.empty(), now));
    }

    /**
     * Refuses a definition that could not be evaluated, now or as long as its periods are evaluated after their end.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid when raw events that it needs are not kept for so long
     */
    void requireKept(Budget.Definition definition, Instant now) {
        TimeRange current = definition.period().at(now, definition.zone());
        Instant first =
                definition.period().at(now.minus(LATE_MAX), definition.zone()).start();
        figures.requireKept(definition, new TimeRange(first, current.end()), now);
    }

    /** Evaluates a budget whose row the caller's transaction has locked; returns its state. */
    Budget.State evaluate(Handle handle, Budget budget, Instant now) {
        Budget.Definition definition = budget.definition();
        TimeRange current = definition.period().at(now, definition.zone());
        boolean closed = closedAreDue(budget, current, now);
        TimeRange range = closed ? new TimeRange(firstStart(budget, current, now), current.end()) : current;
        Map<Instant, Map<Integer, Integer>> ordinals = store.ordinals(handle, budget.id(), range.start());
        Budget.State state = null;
        for (Map.Entry<Instant, Spent> period :
                figures.read(handle, budget, range, now).entrySet()) {
            Spent spent = period.getValue();
            BudgetVerdict verdict = BudgetVerdict.of(
                    definition.amountUsd(),
                    definition.thresholds(),
                    spent.spentCents(),
                    spent.complete(),
                    ordinals.getOrDefault(period.getKey(), Map.of()));
            verdict.crossings()
                    .forEach(crossing ->
                            store.cross(handle, budget, period.getKey(), crossing, spent.spentCents(), now));
            state = state(budget, period.getKey(), verdict, spent, now);
        }
        store.evaluated(handle, budget.id(), state, closed, now);
        return state;
    }

    private static boolean closedAreDue(Budget budget, TimeRange current, Instant now) {
        return current.start().plus(LATE_AT_ONCE).isAfter(now)
                || budget.closedEvaluatedAt()
                        // By the clock of another replica it may lie ahead.
                        .map(at -> Duration.between(at, now).abs().compareTo(LATE_EVERY) >= 0)
                        .orElse(true);
    }

    private static Instant firstStart(Budget budget, TimeRange current, Instant now) {
        Budget.Definition definition = budget.definition();
        Instant earliest =
                definition.period().at(now.minus(LATE_MAX), definition.zone()).start();
        Instant from = earliest.isAfter(budget.judgedFrom()) ? earliest : budget.judgedFrom();
        return from.isBefore(current.start()) ? from : current.start();
    }

    /** The last period is the current one, and its state is the budget's. */
    private static Budget.State state(
            Budget budget, Instant periodStart, BudgetVerdict verdict, Spent spent, Instant now) {
        Instant since = budget.state()
                .filter(before -> before.periodStart().equals(periodStart)
                        && before.status() == verdict.status()
                        && before.threshold().equals(verdict.threshold()))
                .map(Budget.State::since)
                .orElse(now);
        return new Budget.State(periodStart, verdict.status(), verdict.threshold(), spent.spentCents(), since);
    }
}
