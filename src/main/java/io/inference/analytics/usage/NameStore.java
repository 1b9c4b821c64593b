package io.inference.analytics.usage;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import javax.sql.DataSource;

/** Sets the names of organisations and models; the last one given counts. Ids need not have been seen in events. */
@ApplicationScoped
public class NameStore {

    private static final String ORG =
            """
            insert into analytics.orgs (org_id, name, updated_at) values (?, ?, ?)
            on conflict (org_id) do update set name = excluded.name, updated_at = excluded.updated_at
            """;

    private static final String MODEL =
            """
            insert into analytics.models (model_id, name, updated_at) values (?, ?, ?)
            on conflict (model_id) do update set name = excluded.name, updated_at = excluded.updated_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    NameStore(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    public void nameOrg(UUID id, String name) throws SQLException {
        name(ORG, id, name);
    }

    public void nameModel(UUID id, String name) throws SQLException {
        name(MODEL, id, name);
    }

    /** Sets many in the caller's transaction. */
    void nameAll(Connection connection, Map<UUID, String> orgs, Map<UUID, String> models) throws SQLException {
        // In the order of ids, so that two callers can not lock each other out.
        for (Map.Entry<UUID, String> org : new TreeMap<>(orgs).entrySet()) {
            name(connection, ORG, org.getKey(), org.getValue());
        }
        for (Map.Entry<UUID, String> model : new TreeMap<>(models).entrySet()) {
            name(connection, MODEL, model.getKey(), model.getValue());
        }
    }

    private void name(String upsert, UUID id, String name) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            name(connection, upsert, id, name);
        }
    }

    private void name(Connection connection, String upsert, UUID id, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(upsert)) {
            statement.setObject(1, id);
            statement.setString(2, name);
            statement.setObject(3, clock.instant().atOffset(ZoneOffset.UTC));
            statement.executeUpdate();
        }
    }
}
