package io.inference.analytics.budget;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Evaluates every budget at least once per minute. Each budget is claimed by the lock of its row, so replicas share the work, and
 * one at a time evaluates a budget.
 *
 * <p>On failure of one budget the others are evaluated all the same; it is tried again in the next round.
 */
@ApplicationScoped
class BudgetJob {

    private static final Logger LOG = Logger.getLogger(BudgetJob.class);

    /** With a round every 15 s, an evaluation is at most 45 s old when the next one begins. */
    private static final Duration AGE_MAX = Duration.ofSeconds(30);

    /** Those that wait longest; the others follow in the next round. */
    private static final int ROUND_MAX = 1_000;

    /** Fails the budget alone, and not the round, when its organisation has too much usage to add up. */
    private static final String LIMITS = "set local statement_timeout = '30s'";

    private static final String FORECAST_LIMITS = "set local statement_timeout = '5s'; set local lock_timeout = '1s'";

    /** As long as raw events by default, so that a transition can be explained by them. */
    private static final Duration TRANSITIONS_KEPT = Duration.ofDays(400);

    private final Jdbi jdbi;
    private final BudgetStore store;
    private final BudgetEvaluation evaluation;
    private final Clock clock;

    BudgetJob(Jdbi jdbi, BudgetStore store, BudgetEvaluation evaluation, Clock clock) {
        this.jdbi = jdbi;
        this.store = store;
        this.evaluation = evaluation;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", delayed = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        try {
            runOnce(AGE_MAX);
        } catch (JdbiException e) {
            LOG.warnf("event=budgets_not_evaluated sqlstate=%s", SqlState.of(e));
        }
    }

    @EndsBeforeStop
    @Scheduled(every = "1h", delayed = "30s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void upkeep() {
        try {
            Instant before = clock.instant().minus(TRANSITIONS_KEPT);
            int forgotten = jdbi.withHandle(handle -> store.forget(handle, before));
            LOG.debugf("event=budget_transitions_forgotten transitions=%d", forgotten);
        } catch (JdbiException e) {
            LOG.warnf("event=budget_transitions_not_forgotten sqlstate=%s", SqlState.of(e));
        }
    }

    /**
     * Evaluates the budgets whose last evaluation is older.
     *
     * @return how many this replica has evaluated
     */
    int runOnce(Duration ageMax) {
        Instant before = clock.instant().minus(ageMax);
        int evaluated = 0;
        for (UUID id : jdbi.withHandle(handle -> store.due(handle, before, ROUND_MAX))) {
            try {
                if (jdbi.inTransaction(handle -> evaluate(handle, id, before))) {
                    evaluated++;
                    forecast(id);
                }
            } catch (JdbiException e) {
                LOG.warnf("event=budget_not_evaluated budget=%s sqlstate=%s", id, SqlState.of(e));
            } catch (Failure e) {
                LOG.warnf("event=budget_not_evaluated budget=%s cause=\"%s\"", id, e.getMessage());
            }
        }
        return evaluated;
    }

    /** It is shown and judges nothing, so a budget without one is as good. */
    private void forecast(UUID id) {
        try {
            jdbi.useTransaction(handle -> {
                handle.execute(FORECAST_LIMITS);
                evaluation.forecast(handle, id, clock.instant());
            });
        } catch (JdbiException e) {
            LOG.infof("event=budget_without_forecast budget=%s sqlstate=%s", id, SqlState.of(e));
            jdbi.useHandle(handle -> evaluation.noForecast(handle, id, clock.instant()));
        }
    }

    private boolean evaluate(Handle handle, UUID id, Instant before) {
        handle.execute(LIMITS);
        return evaluation.run(handle, id, before, clock.instant());
    }
}
