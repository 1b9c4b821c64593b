package io.inference.analytics.budget;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The states of budgets as gauges, for the {@value #BUDGETS_MAX} that have reached most; every replica shows what the database
 * holds. When the database does not answer, the gauges stay as they are.
 */
@ApplicationScoped
class BudgetGauges {

    private static final Logger LOG = Logger.getLogger(BudgetGauges.class);

    /** Bounds the number of series. */
    private static final int BUDGETS_MAX = 250;

    /** A message that was given up stays visible for this long. */
    private static final Duration FAILED_SHOWN = Duration.ofHours(24);

    private static final String STATES =
            """
            select org_id, name, coalesce(threshold, 0) as reached, (status = 'incomplete')::int as incomplete
            from analytics.budgets
            where status is not null and %s
            order by threshold desc nulls last, incomplete desc, org_id, name
            limit :limit
            """
                    .formatted(BudgetStore.EVALUABLE);

    private static final String MESSAGES =
            """
            select count(*) filter (where delivered_at is null and failed_at is null) as pending,
                   count(*) filter (where failed_at >= :since) as failed
            from analytics.budget_deliveries
            where delivered_at is null
            """;

    private record Key(UUID org, String budget) {}

    private record Shown(Key key, int reached, int incomplete) {}

    private record State(Map<Key, Shown> budgets, long pending, long failed) {}

    private final ApiDatabase database;
    private final Clock clock;
    private final MultiGauge reached;
    private final MultiGauge incomplete;
    private volatile State state = new State(Map.of(), 0, 0);

    BudgetGauges(ApiDatabase database, Clock clock, MeterRegistry registry) {
        this.database = database;
        this.clock = clock;
        reached = MultiGauge.builder("analytics.budget.state")
                .description(
                        "Highest threshold in percent that the budget has reached in its current period; 0 when none")
                .register(registry);
        incomplete = MultiGauge.builder("analytics.budget.incomplete")
                .description(
                        "1 when usage without a price is in the budget's scope, so that more may have been spent; else 0")
                .register(registry);
        for (String status : List.of("pending", "failed")) {
            Gauge.builder(
                            "analytics.budget.messages",
                            () -> status.equals("pending") ? state.pending() : state.failed())
                    .description("Messages about budgets: pending, or failed (given up within the last 24 hours)")
                    .tag("status", status)
                    .register(registry);
        }
    }

    /** Observing the start creates the bean, and so its series, before the first round. */
    void onStart(@Observes StartupEvent event) {
        LOG.debug("event=budget_gauges_registered");
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        try {
            state = read();
        } catch (Failure.Unavailable e) {
            LOG.debugf("event=budget_gauges_not_read cause=%s", e.getMessage());
            return;
        }
        List<Row<?>> states = new ArrayList<>();
        List<Row<?>> incompletes = new ArrayList<>();
        for (Key key : state.budgets().keySet()) {
            Tags tags = Tags.of("org_id", key.org().toString(), "budget", key.budget());
            // The value is looked up at each scrape: a row that stays is not registered again, and misses no scrape.
            states.add(Row.of(tags, () -> shown(key).reached()));
            incompletes.add(Row.of(tags, () -> shown(key).incomplete()));
        }
        reached.register(states);
        incomplete.register(incompletes);
    }

    private Shown shown(Key key) {
        return state.budgets().getOrDefault(key, new Shown(key, 0, 0));
    }

    private State read() {
        return database.read(handle -> {
            Map<Key, Shown> budgets = handle
                    .createQuery(STATES)
                    .bind("limit", BUDGETS_MAX)
                    .map(row -> new Shown(
                            new Key(row.getColumn("org_id", UUID.class), row.getColumn("name", String.class)),
                            row.getColumn("reached", Integer.class),
                            row.getColumn("incomplete", Integer.class)))
                    .stream()
                    .collect(Collectors.toMap(Shown::key, shown -> shown));
            return handle.createQuery(MESSAGES)
                    .bind("since", clock.instant().minus(FAILED_SHOWN))
                    .map(row -> new State(
                            budgets, row.getColumn("pending", Long.class), row.getColumn("failed", Long.class)))
                    .one();
        });
    }
}
