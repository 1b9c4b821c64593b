package io.inference.analytics.usage;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.ZoneOffset;
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

    private void name(String upsert, UUID id, String name) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(upsert)) {
            statement.setObject(1, id);
            statement.setString(2, name);
            statement.setObject(3, clock.instant().atOffset(ZoneOffset.UTC));
            statement.executeUpdate();
        }
    }
}
