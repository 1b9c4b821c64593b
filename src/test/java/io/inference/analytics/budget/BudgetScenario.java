package io.inference.analytics.budget;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.testing.MovedClock;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.usage.NameStore;
import io.inference.analytics.usage.UserIds;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A budget of 10 dollars, and the time that a test says. */
abstract class BudgetScenario {

    static final Duration DAY = Duration.ofDays(1);

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    ApiDatabase api;

    @Inject
    BudgetStore store;

    @Inject
    DeliveryStore deliveries;

    @Inject
    BudgetEvaluation evaluation;

    @Inject
    UserIds users;

    @Inject
    NameStore names;

    final UUID org = UUID.randomUUID();
    final UUID model = UUID.randomUUID();
    Instant now = Instant.parse("2026-03-10T12:00:00Z");
    Receiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new Receiver();
        names.nameModel(model, "a model");
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    /** A budget of 10 dollars with thresholds 50 and 100. */
    Budgets.Stored put(BudgetPeriod period, ZoneId zone) {
        Budgets budgets = new Budgets(api, store, deliveries, evaluation, users, new MovedClock(() -> now));
        Budgets.Stored stored = budgets.put(
                org,
                "b",
                new Budget.Definition(
                        BigDecimal.TEN,
                        period,
                        zone,
                        new Budget.Scope(Optional.empty(), Optional.empty(), Optional.empty()),
                        List.of(50, 100),
                        List.of(receiver.url())),
                false,
                "tester");
        jdbi.useHandle(this::keepFromTheJob);
        return stored;
    }

    Budget.State evaluate() {
        return jdbi.inTransaction(handle -> {
            Budget.State state =
                    evaluation.evaluate(handle, store.find(handle, org, "b").orElseThrow(), now);
            keepFromTheJob(handle);
            return state;
        });
    }

    /** The application's own job would evaluate the budget with the time of this machine. */
    private void keepFromTheJob(Handle handle) {
        handle.createUpdate("update analytics.budgets set evaluated_at = now() + interval '1 hour' where org_id = :org")
                .bind("org", org)
                .execute();
    }

    void spend(String at, String cents) throws Exception {
        new StoredUsage().add(Event.of(org, model, at).cost(cents)).store(database);
    }

    long number(String sql) {
        return jdbi.withHandle(handle ->
                handle.createQuery(sql).bind("org", org).mapTo(Long.class).one());
    }
}
