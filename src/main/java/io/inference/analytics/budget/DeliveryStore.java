package io.inference.analytics.budget;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.generic.GenericType;

/** The SQL of the messages about transitions. */
@ApplicationScoped
class DeliveryStore {

    /**
     * A message that is due.
     *
     * @param transition its id, and the id of the transition
     * @param url where it goes
     * @param secret signs it
     * @param org whose budget it is about
     * @param budget name of the budget
     * @param kind reached or recovered
     * @param threshold percent
     * @param spentCents US cents when the transition was found
     * @param occurredAt when it was found
     * @param periodStart the period that it is about
     * @param tries including the one that begins
     */
    record Delivery(
            UUID transition,
            String url,
            String secret,
            UUID org,
            String budget,
            String kind,
            int threshold,
            BigDecimal spentCents,
            Instant occurredAt,
            Instant periodStart,
            int tries) {}

    // The next try is set before the message is sent: a replica that ends meanwhile leaves it to the others.
    private static final String CLAIM =
            """
            with due as (
                select transition_id, url from analytics.budget_deliveries
                where delivered_at is null and failed_at is null and next_try_at <= :now
                order by next_try_at
                limit :limit
                for update skip locked
            ), claimed as (
                update analytics.budget_deliveries delivery
                set next_try_at = :until, tries = delivery.tries + 1
                from due where delivery.transition_id = due.transition_id and delivery.url = due.url
                returning delivery.transition_id, delivery.url, delivery.tries
            )
            select transition_id, claimed.url, webhook_secret, transition.org_id, budget, kind, transition.threshold,
                   transition.spent_cents, occurred_at, transition.period_start, tries
            from claimed
            join analytics.budget_transitions transition using (transition_id)
            join analytics.budgets using (budget_id)
            """;

    /** Claims messages that are due, until the given time. */
    List<Delivery> claim(Handle handle, Instant now, Instant until, int limit) {
        return handle.createQuery(CLAIM)
                .bind("now", now)
                .bind("until", until)
                .bind("limit", limit)
                .map(row -> new Delivery(
                        row.getColumn("transition_id", UUID.class),
                        row.getColumn("url", String.class),
                        row.getColumn("webhook_secret", String.class),
                        row.getColumn("org_id", UUID.class),
                        row.getColumn("budget", String.class),
                        row.getColumn("kind", String.class),
                        row.getColumn("threshold", Integer.class),
                        row.getColumn("spent_cents", BigDecimal.class),
                        row.getColumn("occurred_at", Instant.class),
                        row.getColumn("period_start", Instant.class),
                        row.getColumn("tries", Integer.class)))
                .list();
    }

    private static final String TRIED =
            """
            update analytics.budget_deliveries
            set delivered_at = :delivered, failed_at = :failed, next_try_at = :next, last_problem = :problem
            where transition_id = :transition and url = :url and delivered_at is null
            """;

    void delivered(Handle handle, Delivery delivery, Instant now) {
        tried(handle, delivery, Optional.of(now), Optional.empty(), now, Optional.empty());
    }

    /** Sets when it is tried again. */
    void refused(Handle handle, Delivery delivery, String problem, Instant next) {
        tried(handle, delivery, Optional.empty(), Optional.empty(), next, Optional.of(problem));
    }

    /** Gives it up. */
    void failed(Handle handle, Delivery delivery, String problem, Instant now) {
        tried(handle, delivery, Optional.empty(), Optional.of(now), now, Optional.of(problem));
    }

    private static void tried(
            Handle handle,
            Delivery delivery,
            Optional<Instant> delivered,
            Optional<Instant> failed,
            Instant next,
            Optional<String> problem) {
        handle.createUpdate(TRIED)
                .bind("transition", delivery.transition())
                .bind("url", delivery.url())
                .bind("delivered", delivered)
                .bind("failed", failed)
                .bind("next", next)
                .bind("problem", problem)
                .execute();
    }

    private static final String CANCEL =
            """
            delete from analytics.budget_deliveries delivery using analytics.budget_transitions transition
            where delivery.transition_id = transition.transition_id and transition.budget_id = :id and delivered_at is null
            """;

    /** Removes what has not been delivered about a budget. */
    void cancel(Handle handle, UUID budget) {
        handle.createUpdate(CANCEL).bind("id", budget).execute();
    }

    private static final String CANCEL_OTHERS =
            """
            delete from analytics.budget_deliveries delivery using analytics.budget_transitions transition
            where delivery.transition_id = transition.transition_id and transition.budget_id = :id and delivered_at is null
                and url <> all (:webhooks)
            """;

    /** Removes what has not been delivered to addresses that the budget no longer has. */
    void cancelOthers(Handle handle, UUID budget, List<String> webhooks) {
        handle.createUpdate(CANCEL_OTHERS)
                .bind("id", budget)
                .bindArray("webhooks", String.class, webhooks)
                .execute();
    }

    private static final String PROBLEMS =
            """
            select distinct on (budget_id, url) budget_id, url, tries, last_problem, delivered_at, failed_at
            from analytics.budget_deliveries join analytics.budget_transitions using (transition_id)
            where org_id = :org and tries > 0
            order by budget_id, url, occurred_at desc, transition_id
            """;

    /** Why the last message to an address was not taken, by budget and address; only those with a problem. */
    Map<UUID, Map<String, String>> problems(Handle handle, UUID org) {
        Map<UUID, Map<String, String>> problems = new HashMap<>();
        handle.createQuery(PROBLEMS)
                .bind("org", org)
                .map(row -> {
                    String problem = row.getColumn("last_problem", String.class);
                    if (row.getColumn("delivered_at", Instant.class) == null && problem != null) {
                        String state = row.getColumn("failed_at", Instant.class) == null
                                ? "is tried again"
                                : "given up after a day";
                        problems.computeIfAbsent(row.getColumn("budget_id", UUID.class), id -> new HashMap<>())
                                .put(
                                        row.getColumn("url", String.class),
                                        "%s; %s (tries: %d)"
                                                .formatted(problem, state, row.getColumn("tries", Integer.class)));
                    }
                    return problem;
                })
                .list();
        return problems;
    }

    private static final String FAILED =
            """
            select budget_id, count(*)::integer as failed
            from analytics.budget_deliveries join analytics.budget_transitions using (transition_id)
            where failed_at is not null group by budget_id
            """;

    /** Messages that were given up, by budget. */
    Map<UUID, Integer> failed(Handle handle) {
        return handle.createQuery(FAILED)
                .setMapKeyColumn("budget_id")
                .setMapValueColumn("failed")
                .collectInto(new GenericType<Map<UUID, Integer>>() {});
    }
}
