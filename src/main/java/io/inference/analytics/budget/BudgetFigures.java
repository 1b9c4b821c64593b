package io.inference.analytics.budget;

import io.inference.analytics.forecast.ExpectedCost;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import io.inference.analytics.usage.UsageSums;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;

/** What the usage in a budget's scope cost, by period: the figures of the usage endpoint for the same question. */
@ApplicationScoped
class BudgetFigures {

    private static final Logger LOG = Logger.getLogger(BudgetFigures.class);

    /**
     * What was spent in a period.
     *
     * @param spentCents US cents of the usage that has a price
     * @param complete whether all usage has one
     */
    record Spent(BigDecimal spentCents, boolean complete) {

        static final Spent NOTHING = new Spent(BigDecimal.ZERO, true);

        private static Spent of(UsageSums sums) {
            return new Spent(sums.costCents().orElse(BigDecimal.ZERO), sums.unpricedInvocations() == 0);
        }
    }

    private final UsageStore usage;
    private final ExpectedCost expected;

    BudgetFigures(UsageStore usage, ExpectedCost expected) {
        this.usage = usage;
        this.expected = expected;
    }

    /**
     * Refuses a definition whose figures need raw events that may be gone.
     *
     * @param range begins and ends with a period
     * @throws io.inference.analytics.platform.Failure.Invalid when they may be gone
     */
    void requireKept(Budget.Definition definition, TimeRange range, Instant now) {
        usage.requireKept(UsageQuery.parse(question(definition, range), now));
    }

    /** The figures of each period in the range by its start, in order; the range begins and ends with one. */
    Map<Instant, Spent> read(Handle handle, Budget budget, TimeRange range, Instant now) {
        UsageQuery query = UsageQuery.parse(question(budget.definition(), range), now)
                .withClients(clients(budget))
                .withUsers(users(budget));
        Map<Instant, Spent> spent = new LinkedHashMap<>();
        query.buckets().starts().forEach(start -> spent.put(start, Spent.NOTHING));
        for (UsageRow row : usage.readOfUsers(handle, budget.org(), query)) {
            spent.put(query.buckets().starts().get(row.bucket()), Spent.of(row.sums()));
        }
        return spent;
    }

    /**
     * US cents that the period around {@code now} is expected to have cost at its end: the figure of the forecast endpoint for the
     * same question. Empty when that cannot be said, or only from raw events that may be gone.
     */
    Optional<BigDecimal> expected(Handle handle, Budget budget, Instant now) {
        Map<String, List<String>> question = scope(budget.definition());
        question.put("period", List.of(budget.definition().period().runningName()));
        try {
            return expected.cents(handle, budget.org(), question, clients(budget), users(budget), now);
        } catch (Failure.Invalid e) {
            LOG.infof("event=budget_without_forecast budget=%s cause=\"%s\"", budget.id(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Not by the parameter, which would take an id with a comma for several ids. */
    private static Set<String> clients(Budget budget) {
        return budget.definition().scope().client().map(Set::of).orElse(Set.of());
    }

    private static Set<UUID> users(Budget budget) {
        return budget.definition().scope().user().map(Set::of).orElse(Set.of());
    }

    /** As the parameters of the endpoint, except clients and users, so that its rules are those of budgets. */
    private static Map<String, List<String>> question(Budget.Definition budget, TimeRange range) {
        Map<String, List<String>> question = scope(budget);
        question.put("start", List.of(range.start().toString()));
        question.put("end", List.of(range.end().toString()));
        question.put("granularity", List.of(budget.period().wireName()));
        return question;
    }

    private static Map<String, List<String>> scope(Budget.Definition budget) {
        Map<String, List<String>> question = new LinkedHashMap<>();
        question.put("timeZone", List.of(BudgetView.zoneName(budget.zone())));
        budget.scope().model().ifPresent(model -> question.put("modelId", List.of(model.toString())));
        return question;
    }
}
