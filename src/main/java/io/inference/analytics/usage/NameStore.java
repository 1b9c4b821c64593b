package io.inference.analytics.usage;

import io.inference.analytics.series.SeriesGroup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/** The names of organisations, models and users; the last one given counts. Ids need not have been seen in events. */
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

    private static final String USER =
            """
            insert into analytics.users (user_id, name, updated_at) values (:id, :name, :now)
            on conflict (user_id) do update set name = excluded.name, updated_at = excluded.updated_at
            """;

    private static final String FORGET_USER = "delete from analytics.users where user_id = :id";

    private static final String ORG_NAMES =
            "select org_id as id, name from analytics.orgs where name is not null and org_id = any (:ids)";

    private static final String MODEL_NAMES =
            "select model_id as id, name from analytics.models where name is not null and model_id = any (:ids)";

    private static final String USER_NAMES =
            "select user_id as id, name from analytics.users where user_id = any (:ids)";

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

    /** Whether the user had a name. */
    public boolean forgetUser(UUID id) {
        return jdbi.withHandle(handle ->
                        handle.createUpdate(FORGET_USER).bind("id", id).execute())
                > 0;
    }

    /** Sets many in the caller's transaction. */
    void nameAll(Handle handle, Map<UUID, String> orgs, Map<UUID, String> models, Map<UUID, String> users) {
        name(handle, ORG, orgs);
        name(handle, MODEL, models);
        name(handle, USER, users);
    }

    /** The names of the organisations, models and users that these groups are about. */
    public GroupNames of(Handle handle, Stream<SeriesGroup> groups) {
        Set<UUID> orgs = new HashSet<>();
        Set<UUID> models = new HashSet<>();
        Set<UUID> users = new HashSet<>();
        groups.forEach(group -> {
            group.org().ifPresent(orgs::add);
            group.model().ifPresent(models::add);
            group.userId().ifPresent(users::add);
        });
        return new GroupNames(
                names(handle, ORG_NAMES, orgs), names(handle, MODEL_NAMES, models), names(handle, USER_NAMES, users));
    }

    private static Map<UUID, String> names(Handle handle, String sql, Set<UUID> ids) {
        Map<UUID, String> names = new HashMap<>();
        if (!ids.isEmpty()) {
            handle.createQuery(sql)
                    .bindArray("ids", UUID.class, ids)
                    .map(row -> names.put(row.getColumn("id", UUID.class), row.getColumn("name", String.class)))
                    .list();
        }
        return names;
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
