package io.inference.analytics.budget;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.usage.UserIds;
import io.inference.analytics.webhook.WebhookSignature;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;

/** Budgets as callers read and write them, for the API and the command line. */
@ApplicationScoped
public class Budgets {

    private static final Logger LOG = Logger.getLogger(Budgets.class);

    /** Bounds what one organisation makes the service evaluate per minute. */
    private static final int BUDGETS_MAX = 100;

    /**
     * A budget with the addresses whose last message was not taken, and why.
     *
     * @param problems by address
     * @param user the user in scope, as the organisation shows it
     */
    record Shown(Budget budget, Map<String, String> problems, Optional<UUID> user) {}

    /**
     * What a definition has led to.
     *
     * @param created whether there was no budget of this name
     * @param secret the new secret, when there is one
     */
    record Stored(Shown shown, boolean created, Optional<String> secret) {}

    private final ApiDatabase database;
    private final BudgetStore store;
    private final DeliveryStore deliveries;
    private final BudgetEvaluation evaluation;
    private final UserIds users;
    private final Clock clock;

    Budgets(
            ApiDatabase database,
            BudgetStore store,
            DeliveryStore deliveries,
            BudgetEvaluation evaluation,
            UserIds users,
            Clock clock) {
        this.database = database;
        this.store = store;
        this.deliveries = deliveries;
        this.evaluation = evaluation;
        this.users = users;
        this.clock = clock;
    }

    /** Those of users are left out while the organisation shows no figures by user. */
    List<Shown> list(UUID org) {
        return database.read(handle -> {
            boolean usersAreShown = users.areShown(handle, org);
            return shown(
                    handle,
                    org,
                    store.list(handle, org).stream()
                            .filter(budget -> usersAreShown || userOf(budget).isEmpty())
                            .toList());
        });
    }

    /**
     * The budget of a name.
     *
     * @throws Failure.Forbidden when it is one of a user, and the organisation shows no figures by user
     */
    Shown get(UUID org, String name) {
        return database.read(handle -> {
            Budget budget = store.find(handle, org, name).orElseThrow(Budgets::unknown);
            return shown(handle, org, List.of(budget)).get(0);
        });
    }

    private List<Shown> shown(Handle handle, UUID org, List<Budget> budgets) {
        Map<UUID, Map<String, String>> problems = deliveries.problems(handle, org);
        List<UUID> theirs = budgets.stream()
                .flatMap(budget -> userOf(budget).stream())
                .distinct()
                .toList();
        Map<UUID, UUID> ids = theirs.isEmpty() ? Map.of() : users.shown(handle, org, theirs);
        return budgets.stream()
                .map(budget -> new Shown(
                        budget,
                        problems.getOrDefault(budget.id(), Map.of()),
                        userOf(budget).map(ids::get)))
                .toList();
    }

    private static Optional<UUID> userOf(Budget budget) {
        return budget.definition().scope().user();
    }

    private static Failure.NotFound unknown() {
        return new Failure.NotFound("There is no such budget.");
    }

    /**
     * Creates a budget or replaces its definition, and evaluates it at once. Where the figures take too long, the state is missing
     * from the answer, and the next round adds it.
     *
     * @throws Failure.Forbidden when the old or the new one is of a user, and the organisation shows no figures by user
     */
    Stored put(UUID org, String name, Budget.Definition wanted, boolean newSecret, String by) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Budget fresh = new Budget(
                UUID.randomUUID(),
                org,
                name,
                wanted,
                WebhookSignature.newSecret(),
                wanted.period().at(now, wanted.zone()).start(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        evaluation.requireKept(wanted, now);
        Budget stored = database.change(handle -> {
            if (store.find(handle, org, name).flatMap(Budgets::userOf).isPresent()) {
                users.requireShown(handle, org);
            }
            Budget known = fresh.with(known(handle, org, wanted));
            if (store.countOthers(handle, org, name) >= BUDGETS_MAX) {
                throw new Failure.Conflict("The organisation has %d budgets already (expected: at most that many)."
                        .formatted(BUDGETS_MAX));
            }
            Budget put = store.put(handle, known, newSecret, now, by);
            deliveries.cancelOthers(handle, put.id(), wanted.webhooks());
            return put;
        });
        evaluate(stored.id(), now);
        boolean created = stored.id().equals(fresh.id());
        return new Stored(
                shown(stored), created, created || newSecret ? Optional.of(fresh.secret()) : Optional.empty());
    }

    /** The definition with the true id of its user. */
    private Budget.Definition known(Handle handle, UUID org, Budget.Definition wanted) {
        wanted.scope()
                .model()
                .filter(model -> !store.knowsModel(handle, org, model))
                .ifPresent(model -> {
                    throw new Failure.Invalid(
                            "scope.modelId",
                            "scope.modelId: %s is not known (expected: a model that the organisation has used, or that has a name or a price)"
                                    .formatted(model));
                });
        return wanted.of(wanted.scope().user().map(shown -> users.find(handle, org, shown)
                .orElseThrow(() -> new Failure.Invalid(
                        "scope.userId",
                        "scope.userId: %s is not known (expected: a user that GET /orgs/%s/users lists)"
                                .formatted(shown, org)))));
    }

    /** With its new state; without one rather than not at all, as the answer may hold the secret. */
    private Shown shown(Budget stored) {
        try {
            return get(stored.org(), stored.name());
        } catch (Failure.Unavailable | Failure.NotFound e) {
            return new Shown(stored, Map.of(), Optional.empty());
        }
    }

    private void evaluate(UUID id, Instant now) {
        try {
            boolean evaluated = database.change(handle -> evaluation.run(handle, id, now, now));
            LOG.debugf("event=budget_evaluated budget=%s evaluated=%s", id, evaluated);
            database.change(handle -> {
                evaluation.forecast(handle, id, now);
                return id;
            });
        } catch (Failure.Unavailable e) {
            LOG.warnf("event=budget_not_evaluated budget=%s cause=\"%s\"", id, e.getMessage());
        }
    }

    /** Deletes a budget; what is still to be sent about it is not sent. */
    void delete(UUID org, String name) {
        database.change(handle -> {
            UUID deleted = store.delete(handle, org, name).orElseThrow(Budgets::unknown);
            deliveries.cancel(handle, deleted);
            return deleted;
        });
    }

    /**
     * Takes the id of a user out of the budgets. They are incomplete from now on, and are evaluated no longer: their figures would
     * be too low once the user's events have lost the id.
     *
     * @return how many budgets it was in
     */
    public int forgetUser(UUID user) {
        return database.change(handle -> store.forgetUser(handle, user, clock.instant()));
    }

    /** A line for each budget, for people: tab-separated, the first one has the names of the columns. */
    public List<String> lines(Optional<UUID> org) {
        return database.read(handle -> BudgetLines.of(store.all(handle, org), deliveries.failed(handle)));
    }
}
