package io.inference.analytics.usage;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.result.RowView;

/** The organisations, models, clients and users that there are figures of, with their names. */
@ApplicationScoped
public class CatalogStore {

    /** Bounds an answer; lists for people to pick from are useless long before. */
    static final int ENTRIES_MAX = 10_000;

    private static final String ORGS =
            """
            select org_id, coalesce(name, org_id::text) as name
            from unnest(:orgs::uuid[]) as given (org_id)
            left join analytics.orgs using (org_id)
            order by name, org_id
            limit :limit
            """;

    private static final String ALL_ORGS =
            """
            select org_id, coalesce(name, org_id::text) as name
            from (select distinct org_id from analytics.freshness_status) as seen
            full join analytics.orgs using (org_id)
            order by name, org_id
            limit :limit
            """;

    private static final String MODELS =
            """
            select model_id, coalesce(name, model_id::text) as name
            from (select model_id from analytics.usage_daily where org_id = :org and bucket_start >= :since
                  union
                  select model_id from analytics.freshness_status where org_id = :org) as seen
            left join analytics.models using (model_id)
            order by name, model_id
            limit :limit
            """;

    private static final String CLIENTS =
            """
            select distinct client_id collate "C" as client_id
            from analytics.usage_daily
            where org_id = :org and bucket_start >= :since and client_id <> ''
            order by 1
            limit :limit
            """;

    private static final String USERS =
            """
            select user_id, name
            from (select user_id, coalesce(users.name, user_id::text) collate "C" as name
                  from (select distinct %s as user_id from analytics.usage_user_daily
                        where org_id = :org and bucket_start >= :since and user_id is not null) as seen
                  left join analytics.users using (user_id)) as named
            where (name, user_id) > (:afterName, :afterId)
            order by name, user_id
            limit :limit
            """;

    /** Before every other. */
    private static final Named FIRST = new Named(new UUID(0, 0), "");

    /**
     * An organisation, a model or a user.
     *
     * @param id what it is called in all figures
     * @param name what people call it; the id where it was given none
     */
    public record Named(UUID id, String name) {}

    private final ApiDatabase database;
    private final UserPrivacy privacy;
    private final Retention retention;
    private final Clock clock;

    CatalogStore(ApiDatabase database, UserPrivacy privacy, Retention retention, Clock clock) {
        this.database = database;
        this.privacy = privacy;
        this.retention = retention;
        this.clock = clock;
    }

    /** These organisations, whether there are figures of them or not. */
    public List<Named> orgs(Set<UUID> orgs) {
        return database.read(handle -> handle.createQuery(ORGS)
                .bindArray("orgs", UUID.class, orgs)
                .bind("limit", ENTRIES_MAX)
                .map(row -> named(row, "org_id"))
                .list());
    }

    /** Every organisation that has a name or figures. */
    public List<Named> allOrgs() {
        return database.read(handle -> handle.createQuery(ALL_ORGS)
                .bind("limit", ENTRIES_MAX)
                .map(row -> named(row, "org_id"))
                .list());
    }

    /** The models that the organisation has used. */
    public List<Named> models(UUID org) {
        return database.read(handle -> handle.createQuery(MODELS)
                .bind("org", org)
                .bind("since", since())
                .bind("limit", ENTRIES_MAX)
                .map(row -> named(row, "model_id"))
                .list());
    }

    /** The clients that have used the organisation's models. */
    public List<String> clients(UUID org) {
        return database.read(handle -> handle.createQuery(CLIENTS)
                .bind("org", org)
                .bind("since", since())
                .bind("limit", ENTRIES_MAX)
                .mapTo(String.class)
                .list());
    }

    /**
     * The users that have used the organisation's models, by name.
     *
     * @param after the last one of the page before
     * @throws io.inference.analytics.platform.Failure.Forbidden when the organisation does not show them
     */
    List<Named> users(UUID org, Optional<Named> after, int limit) {
        return database.read(handle -> handle.createQuery(USERS.formatted(privacy.shownId(handle, org, "user_id")))
                .bind("org", org)
                .bind("since", since())
                .bind("afterName", after.orElse(FIRST).name())
                .bind("afterId", after.orElse(FIRST).id())
                .bind("limit", limit)
                .map(row -> named(row, "user_id"))
                .list());
    }

    private Instant since() {
        return Retention.availableFrom(clock.instant(), retention.rollups());
    }

    private static Named named(RowView row, String idColumn) {
        return new Named(row.getColumn(idColumn, UUID.class), row.getColumn("name", String.class));
    }
}
