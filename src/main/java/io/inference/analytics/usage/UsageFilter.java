package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesScope;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.statement.Query;

/**
 * Of whom a question about usage is.
 *
 * @param org only this organisation; empty means all
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param users only these; empty means all
 * @param statuses only these; empty means all
 * @param raw conditions that only raw events can meet
 * @param userId the SQL of a user's id, as the organisation shows it
 */
record UsageFilter(
        Optional<UUID> org,
        Set<UUID> models,
        Set<String> clients,
        Set<UUID> users,
        Set<String> statuses,
        RawFilter raw,
        String userId) {

    static UsageFilter of(Optional<UUID> org, UsageQuery query, String userId) {
        return new UsageFilter(
                org, query.models(), query.clients(), query.users(), query.statuses(), query.raw(), userId);
    }

    static UsageFilter of(UUID org, BreakdownQuery query, String userId) {
        SeriesScope scope = query.scope();
        return new UsageFilter(
                Optional.of(org),
                scope.models(),
                scope.clients(),
                query.users(),
                query.statuses(),
                query.raw(),
                userId);
    }

    /** The conditions; a statement that has them calls {@link #bind}. */
    String sql() {
        return (org.isEmpty() ? "" : "and org_id = :org\n")
                + (models.isEmpty() ? "" : "and model_id = any (:models)\n")
                + (clients.isEmpty() ? "" : "and client_id = any (:clients)\n")
                + (users.isEmpty() ? "" : "and " + userId + " = any (:users)\n")
                + (statuses.isEmpty() ? "" : "and status = any (:statuses)\n")
                + raw.sql();
    }

    void bind(Query select) {
        org.ifPresent(id -> select.bind("org", id));
        if (!models.isEmpty()) {
            select.bindArray("models", UUID.class, models);
        }
        if (!clients.isEmpty()) {
            select.bindArray("clients", String.class, clients);
        }
        if (!users.isEmpty()) {
            select.bindArray("users", UUID.class, users);
        }
        if (!statuses.isEmpty()) {
            select.bindArray("statuses", String.class, statuses);
        }
        raw.bind(select);
    }
}
