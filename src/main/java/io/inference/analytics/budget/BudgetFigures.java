package io.inference.analytics.budget;

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
import org.jdbi.v3.core.Handle;

/** What the usage in a budget's scope cost, by period: the figures of the usage endpoint for the same question. */
@ApplicationScoped
class BudgetFigures {

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

    BudgetFigures(UsageStore usage) {
        this.usage = usage;
    }

    /** The figures of each period in the range by its start, in order; the range begins and ends with one. */
    Map<Instant, Spent> read(Handle handle, Budget budget, TimeRange range, Instant now) {
        UsageQuery query = UsageQuery.parse(question(budget.definition(), range), now);
        Map<Instant, Spent> spent = new LinkedHashMap<>();
        query.buckets().starts().forEach(start -> spent.put(start, Spent.NOTHING));
        for (UsageRow row : usage.read(handle, budget.org(), query)) {
            spent.put(query.buckets().starts().get(row.bucket()), Spent.of(row.sums()));
        }
        return spent;
    }

    /** As the parameters of the endpoint, so that its rules are those of budgets. */
    private static Map<String, List<String>> question(Budget.Definition budget, TimeRange range) {
        Map<String, List<String>> question = new LinkedHashMap<>();
        question.put("start", List.of(range.start().toString()));
        question.put("end", List.of(range.end().toString()));
        question.put("granularity", List.of(budget.period().wireName()));
        question.put(
                "timeZone",
                List.of(
                        budget.zone().getId().equals("Z")
                                ? "UTC"
                                : budget.zone().getId()));
        budget.scope().model().ifPresent(model -> question.put("modelId", List.of(model.toString())));
        budget.scope().client().ifPresent(client -> question.put("clientId", List.of(client)));
        return question;
    }
}
