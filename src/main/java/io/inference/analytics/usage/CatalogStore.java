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
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** The organisations, models, clients and users that there are figures of, with their names. */
@ApplicationScoped
public class CatalogStore {

    private static final String ORGS =
            """
            select org_id, name
            from (select org_id, coalesce(name, org_id::text) as name
                  from unnest(:orgs::uuid[]) as given (org_id)
                  left join analytics.orgs using (org_id)) as named
            where (name, org_id) > (:afterName, :afterId)
            order by name, org_id
            limit :limit
            """;

    private static final String ALL_ORGS =
            """
            select org_id, name
            from (select org_id, coalesce(name, org_id::text) as name
                  from (select distinct org_id from analytics.freshness_status) as seen
                  full join analytics.orgs using (org_id)) as named
            where (name, org_id) > (:afterName, :afterId)
            order by name, org_id
            limit :limit
            """;

    private static final String MODELS =
            """
            select model_id, name
            from (select model_id, coalesce(name, model_id::text) as name
                  from (select model_id from analytics.usage_daily where org_id = :org and bucket_start >= :since
                        union
                        select model_id from analytics.freshness_status where org_id = :org) as seen
                  left join analytics.models using (model_id)) as named
            where (name, model_id) > (:afterName, :afterId)
            order by name, model_id
            limit :limit
            """;

    private static final String CLIENTS =
            """
            select distinct client_id collate "C" as client_id
            from analytics.usage_daily
            where org_id = :org and bucket_start >= :since and client_id collate "C" > :afterName
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
    List<Named> orgs(Set<UUID> orgs, ListPage page) {
        return read(page, "org_id", handle -> handle.createQuery(ORGS).bindArray("orgs", UUID.class, orgs));
    }

    /** What people call an organisation; its id where it was given no name. */
    public String orgName(UUID org) {
        return orgs(Set.of(org), new ListPage("", 1, Optional.empty())).get(0).name();
    }

    /** Every organisation that has a name or figures. */
    List<Named> allOrgs(ListPage page) {
        return read(page, "org_id", handle -> handle.createQuery(ALL_ORGS));
    }

    /** The models that the organisation has used. */
    List<Named> models(UUID org, ListPage page) {
        return read(page, "model_id", handle -> handle.createQuery(MODELS)
                .bind("org", org)
                .bind("since", since()));
    }

    /** The clients that have used the organisation's models; their names are their ids. */
    List<Named> clients(UUID org, ListPage page) {
        return database.read(handle -> handle.createQuery(CLIENTS)
                .bind("org", org)
                .bind("since", since())
                .bind("afterName", page.after().orElse(FIRST).name())
                .bind("limit", page.toRead())
                .map(row -> new Named(FIRST.id(), row.getColumn("client_id", String.class)))
                .list());
    }

    /**
     * The users that have used the organisation's models, by name.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when the organisation does not show them
     */
    List<Named> users(UUID org, ListPage page) {
        return read(
                page, "user_id", handle -> handle.createQuery(USERS.formatted(privacy.shownId(handle, org, "user_id")))
                        .bind("org", org)
                        .bind("since", since()));
    }

    private List<Named> read(ListPage page, String idColumn, Function<Handle, Query> list) {
        Named after = page.after().orElse(FIRST);
        return database.read(handle -> list.apply(handle)
                .bind("afterName", after.name())
                .bind("afterId", after.id())
                .bind("limit", page.toRead())
                .map(row -> named(row, idColumn))
                .list());
    }

    private Instant since() {
        return Retention.availableFrom(clock.instant(), retention.rollups());
    }

    private static Named named(RowView row, String idColumn) {
        return new Named(row.getColumn(idColumn, UUID.class), row.getColumn("name", String.class));
    }
}
