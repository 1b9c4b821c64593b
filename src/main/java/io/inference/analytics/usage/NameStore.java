package io.inference.analytics.usage;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Sets the names of organisations and models; the last one given counts. Ids need not have been seen in events. */
@ApplicationScoped
public class NameStore {

    private static final String ORG =
            """
            insert into analytics.orgs (org_id, name, updated_at) values (:id, :name, :now)
            on conflict (org_id) do update set name = excluded.name, updated_at = excluded.updated_at
            """;

    private static final String MODEL =
            """
            insert into analytics.models (model_id, name, updated_at) values (:id, :name, :now)
            on conflict (model_id) do update set name = excluded.name, updated_at = excluded.updated_at
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    NameStore(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    public void nameOrg(UUID id, String name) {
        jdbi.useHandle(handle -> name(handle, ORG, Map.of(id, name)));
    }

    public void nameModel(UUID id, String name) {
        jdbi.useHandle(handle -> name(handle, MODEL, Map.of(id, name)));
    }

    /** Sets many in the caller's transaction. */
    void nameAll(Handle handle, Map<UUID, String> orgs, Map<UUID, String> models) {
        name(handle, ORG, orgs);
        name(handle, MODEL, models);
    }

    private void name(Handle handle, String upsert, Map<UUID, String> names) {
        if (names.isEmpty()) {
            return;
        }
        try (PreparedBatch batch = handle.prepareBatch(upsert)) {
            // In the order of ids, so that two callers cannot lock each other out.
            new TreeMap<>(names).forEach((id, name) -> batch.bind("id", id)
                    .bind("name", name)
                    .bind("now", clock.instant())
                    .add());
            batch.execute();
        }
    }
}
