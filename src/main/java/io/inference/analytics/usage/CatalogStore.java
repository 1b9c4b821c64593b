package io.inference.analytics.usage;

import io.inference.analytics.platform.ReadDatabase;
import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The organisations, models and clients that there are figures of, with their names. */
@ApplicationScoped
public class CatalogStore {

    /** Bounds an answer; lists for people to pick from are useless long before. */
    static final int ENTRIES_MAX = 10_000;

    private static final String ORGS =
            """
            select org_id, coalesce(name, org_id::text) as name
            from unnest(?::uuid[]) as given (org_id)
            left join analytics.orgs using (org_id)
            order by name, org_id
            limit ?
            """;

    private static final String ALL_ORGS =
            """
            select org_id, coalesce(name, org_id::text) as name
            from (select distinct org_id from analytics.freshness_status) as seen
            full join analytics.orgs using (org_id)
            order by name, org_id
            limit ?
            """;

    private static final String MODELS =
            """
            select model_id, coalesce(name, model_id::text) as name
            from (select model_id from analytics.usage_daily where org_id = ? and bucket_start >= ?
                  union
                  select model_id from analytics.freshness_status where org_id = ?) as seen
            left join analytics.models using (model_id)
            order by name, model_id
            limit ?
            """;

    private static final String CLIENTS =
            """
            select distinct client_id collate "C" as client_id
            from analytics.usage_daily
            where org_id = ? and bucket_start >= ? and client_id <> ''
            order by 1
            limit ?
            """;

    /**
     * An organisation or a model.
     *
     * @param id what it is called in all figures
     * @param name what people call it; the id where nobody gave it a name
     */
    public record Named(UUID id, String name) {}

    private final ReadDatabase database;
    private final Retention retention;
    private final Clock clock;

    CatalogStore(ReadDatabase database, Retention retention, Clock clock) {
        this.database = database;
        this.retention = retention;
        this.clock = clock;
    }

    /** These organisations, whether there are figures of them or not. */
    public List<Named> orgs(Set<UUID> orgs) {
        return database.read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(ORGS)) {
                select.setArray(1, connection.createArrayOf("uuid", orgs.toArray()));
                select.setInt(2, ENTRIES_MAX);
                return named(select, "org_id");
            }
        });
    }

    /** Every organisation that has a name or figures. */
    public List<Named> allOrgs() {
        return database.read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(ALL_ORGS)) {
                select.setInt(1, ENTRIES_MAX);
                return named(select, "org_id");
            }
        });
    }

    /** The models that the organisation has used. */
    public List<Named> models(UUID org) {
        return database.read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(MODELS)) {
                select.setObject(1, org);
                bindSince(select, 2);
                select.setObject(3, org);
                select.setInt(4, ENTRIES_MAX);
                return named(select, "model_id");
            }
        });
    }

    /** The clients that have used the organisation's models. */
    public List<String> clients(UUID org) {
        return database.read(connection -> {
            try (PreparedStatement select = connection.prepareStatement(CLIENTS)) {
                select.setObject(1, org);
                bindSince(select, 2);
                select.setInt(3, ENTRIES_MAX);
                List<String> clients = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        clients.add(rows.getString(1));
                    }
                }
                return clients;
            }
        });
    }

    private void bindSince(PreparedStatement select, int index) throws SQLException {
        select.setObject(
                index,
                Retention.availableFrom(clock.instant(), retention.rollups()).atOffset(ZoneOffset.UTC));
    }

    private static List<Named> named(PreparedStatement select, String idColumn) throws SQLException {
        List<Named> found = new ArrayList<>();
        try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                found.add(new Named(rows.getObject(idColumn, UUID.class), rows.getString("name")));
            }
        }
        return found;
    }
}
