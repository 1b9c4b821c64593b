package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesScope;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.statement.Query;

/**
 * Of whom a question about usage is.
 *
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param users only these; empty means all
 * @param userId the SQL of a user's id, as the organisation shows it
 */
record UsageFilter(Set<UUID> models, Set<String> clients, Set<UUID> users, String userId) {

    static UsageFilter of(SeriesScope scope, Set<UUID> users, String userId) {
        return new UsageFilter(scope.models(), scope.clients(), users, userId);
    }

    /** The conditions; a statement that has them calls {@link #bind}. */
    String sql() {
        return (models.isEmpty() ? "" : "and model_id = any (:models)\n")
                + (clients.isEmpty() ? "" : "and client_id = any (:clients)\n")
                + (users.isEmpty() ? "" : "and " + userId + " = any (:users)\n");
    }

    void bind(Query select) {
        if (!models.isEmpty()) {
            select.bindArray("models", UUID.class, models);
        }
        if (!clients.isEmpty()) {
            select.bindArray("clients", String.class, clients);
        }
        if (!users.isEmpty()) {
            select.bindArray("users", UUID.class, users);
        }
    }
}
