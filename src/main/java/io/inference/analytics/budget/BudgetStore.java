package io.inference.analytics.budget;

import io.inference.analytics.budget.BudgetVerdict.Crossing;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** The SQL of budgets and their transitions. */
@ApplicationScoped
class BudgetStore {

    private static final String COLUMNS =
            """
            budget_id, org_id, name, amount_usd, period, time_zone, model_id, client_id, user_id, thresholds, webhooks,
            webhook_secret, judged_from, period_start, status, threshold, spent_cents, since, closed_evaluated_at, forecast_cents,
            user_erased_at
            """;

    private static final String OF_ORG =
            "select %s from analytics.budgets where org_id = :org order by name collate \"C\"".formatted(COLUMNS);

    /** The organisation's budgets, by name. */
    List<Budget> list(Handle handle, UUID org) {
        return handle.createQuery(OF_ORG)
                .bind("org", org)
                .map(BudgetStore::budget)
                .list();
    }

    private static final String ALL =
            "select %s from analytics.budgets where :org::uuid is null or org_id = :org order by org_id, name collate \"C\""
                    .formatted(COLUMNS);

    /** Every budget, or those of one organisation. */
    List<Budget> all(Handle handle, Optional<UUID> org) {
        return handle.createQuery(ALL).bind("org", org).map(BudgetStore::budget).list();
    }

    private static final String BY_NAME =
            "select %s from analytics.budgets where org_id = :org and name = :name".formatted(COLUMNS);

    Optional<Budget> find(Handle handle, UUID org, String name) {
        return handle.createQuery(BY_NAME)
                .bind("org", org)
                .bind("name", name)
                .map(BudgetStore::budget)
                .findOne();
    }

    private static final String COUNT = "select count(*) from analytics.budgets where org_id = :org and name <> :name";

    /** How many other budgets the organisation has. */
    int countOthers(Handle handle, UUID org, String name) {
        return handle.createQuery(COUNT)
                .bind("org", org)
                .bind("name", name)
                .mapTo(Integer.class)
                .one();
    }

    private static final String KNOWN_MODEL =
            """
            select exists (select from analytics.models where model_id = :model)
                or exists (select from analytics.model_prices where model_id = :model)
                or exists (select from analytics.freshness_status where org_id = :org and model_id = :model)
            """;

    /** Whether the model has a name or a price, or the organisation has used it. */
    boolean knowsModel(Handle handle, UUID org, UUID model) {
        return handle.createQuery(KNOWN_MODEL)
                .bind("org", org)
                .bind("model", model)
                .mapTo(Boolean.class)
                .one();
    }

    // Another amount or scope is another question: what was found by the one before is not shown as its answer, and
    // periods
    // that are over are not judged by it.
    private static final String PUT =
            """
            insert into analytics.budgets as stored (budget_id, org_id, name, amount_usd, period, time_zone, model_id, client_id,
                user_id, evaluated_at, thresholds, webhooks, webhook_secret, created_at, updated_at, updated_by, judged_from)
            values (:id, :org, :name, :amount, :period, :zone, :model, :client, :user,
                case when :user::uuid is not null then timestamptz 'infinity' end, :thresholds, :webhooks, :secret, :now, :now,
                :by, :judgedFrom)
            on conflict (org_id, name) do update set
                amount_usd = excluded.amount_usd, period = excluded.period, time_zone = excluded.time_zone,
                model_id = excluded.model_id, client_id = excluded.client_id, user_id = excluded.user_id,
                user_erased_at = null, evaluated_at = coalesce(excluded.evaluated_at, nullif(stored.evaluated_at, 'infinity')),
                user_evaluated_at = case when excluded.user_id is not null then stored.user_evaluated_at end,
                thresholds = excluded.thresholds, webhooks = excluded.webhooks, updated_at = excluded.updated_at,
                updated_by = excluded.updated_by,
                webhook_secret = case when :newSecret then excluded.webhook_secret else stored.webhook_secret end,
                judged_from = case when (%1$s) is not distinct from (%2$s) then stored.judged_from else excluded.judged_from end,
                period_start = case when (%1$s) is not distinct from (%2$s) then stored.period_start end,
                status = case when (%1$s) is not distinct from (%2$s) then stored.status end,
                threshold = case when (%1$s) is not distinct from (%2$s) then stored.threshold end,
                spent_cents = case when (%1$s) is not distinct from (%2$s) then stored.spent_cents end,
                since = case when (%1$s) is not distinct from (%2$s) then stored.since end,
                forecast_cents = case when (%1$s) is not distinct from (%2$s) then stored.forecast_cents end,
                forecast_at = case when (%1$s) is not distinct from (%2$s) then stored.forecast_at end
            returning %3$s
            """
                    .formatted(definition("stored"), definition("excluded"), COLUMNS);

    private static String definition(String row) {
        return "%1$s.amount_usd, %1$s.period, %1$s.time_zone, %1$s.model_id, %1$s.client_id, %1$s.user_id, %1$s.user_erased_at, %1$s.thresholds"
                .formatted(row);
    }

    /**
     * Stores a budget, or replaces the definition of the one that has its name; returns what is stored then.
     *
     * @param fresh its id and secret are those of a new budget
     * @param newSecret whether a budget that exists gets the new secret as well
     */
    Budget put(Handle handle, Budget fresh, boolean newSecret, Instant now, String by) {
        Budget.Definition wanted = fresh.definition();
        return handle.createQuery(PUT)
                .bind("id", fresh.id())
                .bind("org", fresh.org())
                .bind("name", fresh.name())
                .bind("amount", wanted.amountUsd())
                .bind("period", wanted.period())
                .bind("zone", wanted.zone().getId())
                .bind("model", wanted.scope().model())
                .bind("client", wanted.scope().client())
                .bind("user", wanted.scope().user())
                .bindArray("thresholds", Integer.class, wanted.thresholds())
                .bindArray("webhooks", String.class, wanted.webhooks())
                .bind("secret", fresh.secret())
                .bind("newSecret", newSecret)
                .bind("judgedFrom", fresh.judgedFrom())
                .bind("now", now)
                .bind("by", by)
                .map(BudgetStore::budget)
                .one();
    }

    private static final String DELETE =
            "delete from analytics.budgets where org_id = :org and name = :name returning budget_id";

    /** Deletes a budget; empty when there is none of this name. Its transitions stay. */
    Optional<UUID> delete(Handle handle, UUID org, String name) {
        return handle.createQuery(DELETE)
                .bind("org", org)
                .bind("name", name)
                .mapTo(UUID.class)
                .findOne();
    }

    // A budget of one user waits while the organisation shows no figures by user, and for ever once the user is erased.
    static final String EVALUABLE =
            """
            user_erased_at is null
            and (user_id is null
                 or not exists (select from analytics.user_privacy privacy where privacy.org_id = budgets.org_id and mode = 'off'))
            """;

    // The version before takes budgets by evaluated_at and knows no users, so those of users keep infinity there.
    // During a deploy
    // or after a rollback it would evaluate them as budgets of all users.
    private static final String EVALUATED_AT =
            "case when evaluated_at = 'infinity' then user_evaluated_at else evaluated_at end";

    private static final String DUE =
            """
            select budget_id from analytics.budgets where coalesce(%1$s < :before, true) and %2$s
            order by %1$s nulls first limit :limit
            """
                    .formatted(EVALUATED_AT, EVALUABLE);

    /** Budgets that were not evaluated since, the one that waits longest first. */
    List<UUID> due(Handle handle, Instant before, int limit) {
        return handle.createQuery(DUE)
                .bind("before", before)
                .bind("limit", limit)
                .mapTo(UUID.class)
                .list();
    }

    private static final String CLAIM =
            """
            select %s from analytics.budgets where budget_id = :id and coalesce(%s < :before, true) and %s
            for update skip locked
            """
                    .formatted(COLUMNS, EVALUATED_AT, EVALUABLE);

    /** Locks a budget until the transaction ends; empty when another replica has it, or has evaluated it meanwhile. */
    Optional<Budget> claim(Handle handle, UUID id, Instant before) {
        return handle.createQuery(CLAIM)
                .bind("id", id)
                .bind("before", before)
                .map(BudgetStore::budget)
                .findOne();
    }

    private static final String ORDINALS =
            """
            select period_start, threshold, max(ordinal) as ordinal from analytics.budget_transitions
            where budget_id = :id and period_start >= :from
            group by period_start, threshold
            """;

    /** The last crossing of each threshold, by period. */
    Map<Instant, Map<Integer, Integer>> ordinals(Handle handle, UUID id, Instant from) {
        Map<Instant, Map<Integer, Integer>> ordinals = new HashMap<>();
        handle.createQuery(ORDINALS)
                .bind("id", id)
                .bind("from", from)
                .map(row -> Map.entry(
                        row.getColumn("period_start", Instant.class),
                        Map.entry(row.getColumn("threshold", Integer.class), row.getColumn("ordinal", Integer.class))))
                .forEach(found -> ordinals.computeIfAbsent(found.getKey(), start -> new HashMap<>())
                        .put(found.getValue().getKey(), found.getValue().getValue()));
        return ordinals;
    }

    private static final String CROSS =
            """
            with transition as (
                insert into analytics.budget_transitions
                    (transition_id, budget_id, org_id, budget, period_start, threshold, ordinal, kind, spent_cents, occurred_at)
                values (:transition, :id, :org, :name, :periodStart, :threshold, :ordinal, :kind, :spent, :now)
                on conflict (budget_id, period_start, threshold, ordinal) do nothing
                returning transition_id
            )
            insert into analytics.budget_deliveries (transition_id, url, next_try_at)
            select transition_id, url, :now from transition cross join unnest(:webhooks::text[]) as url
            """;

    /** Stores a transition with its messages, unless it is stored already. */
    void cross(Handle handle, Budget budget, Instant periodStart, Crossing crossing, BigDecimal spent, Instant now) {
        handle.createUpdate(CROSS)
                .bind("transition", UUID.randomUUID())
                .bind("id", budget.id())
                .bind("org", budget.org())
                .bind("name", budget.name())
                .bind("periodStart", periodStart)
                .bind("threshold", crossing.threshold())
                .bind("ordinal", crossing.ordinal())
                .bind("kind", crossing.reached() ? "reached" : "recovered")
                .bind("spent", spent)
                .bind("now", now)
                .bindArray("webhooks", String.class, budget.definition().webhooks())
                .execute();
    }

    private static final String EVALUATED =
            """
            update analytics.budgets set period_start = :periodStart, status = :status, threshold = :threshold,
                spent_cents = :spent, since = :since,
                evaluated_at = case when evaluated_at = 'infinity' then evaluated_at else :now end,
                user_evaluated_at = case when evaluated_at = 'infinity' then :now end,
                closed_evaluated_at = case when :closed then :now else closed_evaluated_at end,
                forecast_cents = case when period_start = :periodStart then forecast_cents end,
                forecast_at = case when period_start = :periodStart then forecast_at end
            where budget_id = :id
            """;

    void evaluated(Handle handle, UUID id, Budget.State state, boolean closed, Instant now) {
        handle.createUpdate(EVALUATED)
                .bind("id", id)
                .bind("periodStart", state.periodStart())
                .bind("status", state.status())
                .bind("threshold", state.threshold())
                .bind("spent", state.spentCents())
                .bind("since", state.since())
                .bind("closed", closed)
                .bind("now", now)
                .execute();
    }

    private static final String WITH_OLD_FORECAST =
            """
            select %s from analytics.budgets
            where budget_id = :id and status is not null
                and (forecast_at is null or forecast_at < :before or spent_cents > forecast_cents) and %s
            """
                    .formatted(COLUMNS, EVALUABLE);

    /** The budget, if it has a state whose forecast is older, or is passed. */
    Optional<Budget> withOldForecast(Handle handle, UUID id, Instant before) {
        return handle.createQuery(WITH_OLD_FORECAST)
                .bind("id", id)
                .bind("before", before)
                .map(BudgetStore::budget)
                .findOne();
    }

    private static final String FORECAST =
            """
            update analytics.budgets set forecast_cents = :cents, forecast_at = :now
            where budget_id = :id and period_start = :periodStart and updated_at <= :now and user_erased_at is null
            """;

    /** Stores a forecast, unless there is another period or definition by now, or the user was erased. */
    void forecast(Handle handle, Budget budget, Optional<BigDecimal> cents, Instant now) {
        handle.createUpdate(FORECAST)
                .bind("id", budget.id())
                .bind("periodStart", budget.state().map(Budget.State::periodStart))
                .bind("cents", cents)
                .bind("now", now)
                .execute();
    }

    private static final String FORGET_USER =
            """
            update analytics.budgets set user_id = null, user_erased_at = :now, forecast_cents = null, forecast_at = null,
                status = case when status is not null then 'incomplete' end
            where user_id = :user
            """;

    /** Takes the id of a user out of the budgets, which are incomplete from now on. */
    int forgetUser(Handle handle, UUID user, Instant now) {
        return handle.createUpdate(FORGET_USER)
                .bind("user", user)
                .bind("now", now)
                .execute();
    }

    private static final String FORGET = "delete from analytics.budget_transitions where occurred_at < :before";

    /** Deletes old transitions with their messages. */
    int forget(Handle handle, Instant before) {
        return handle.createUpdate(FORGET).bind("before", before).execute();
    }

    private static Budget budget(RowView row) {
        Budget.Definition definition = new Budget.Definition(
                row.getColumn("amount_usd", BigDecimal.class),
                BudgetPeriod.of(row.getColumn("period", String.class)),
                ZoneId.of(row.getColumn("time_zone", String.class)),
                new Budget.Scope(
                        Optional.ofNullable(row.getColumn("model_id", UUID.class)),
                        Optional.ofNullable(row.getColumn("client_id", String.class)),
                        Optional.ofNullable(row.getColumn("user_id", UUID.class))),
                List.of(row.getColumn("thresholds", Integer[].class)),
                List.of(row.getColumn("webhooks", String[].class)));
        return new Budget(
                row.getColumn("budget_id", UUID.class),
                row.getColumn("org_id", UUID.class),
                row.getColumn("name", String.class),
                definition,
                row.getColumn("webhook_secret", String.class),
                row.getColumn("judged_from", Instant.class),
                Optional.ofNullable(row.getColumn("status", String.class)).map(status -> state(row, status)),
                Optional.ofNullable(row.getColumn("closed_evaluated_at", Instant.class)),
                Optional.ofNullable(row.getColumn("forecast_cents", BigDecimal.class)),
                Optional.ofNullable(row.getColumn("user_erased_at", Instant.class)));
    }

    private static Budget.State state(RowView row, String status) {
        return new Budget.State(
                row.getColumn("period_start", Instant.class),
                BudgetStatus.of(status),
                Optional.ofNullable(row.getColumn("threshold", Integer.class)),
                row.getColumn("spent_cents", BigDecimal.class),
                row.getColumn("since", Instant.class));
    }
}
