package io.inference.analytics.attribution;

import io.inference.analytics.bills.DayImport;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.util.UUID;
import javax.sql.DataSource;

/** Which of our models is which at a provider; without an entry a model's own name is taken for it. */
@ApplicationScoped
public class ProviderModels {

    private static final String SET =
            """
            insert into analytics.provider_model (model_id, provider, provider_model, updated_at) values (?, ?, ?, ?)
            on conflict (model_id, provider) do update set provider_model = excluded.provider_model, updated_at = excluded.updated_at
            """;

    private final DataSource dataSource;
    private final Clock clock;

    ProviderModels(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** Says what the provider calls the model. */
    public void set(UUID model, Provider provider, String name) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(SET)) {
            insert.setObject(1, model);
            insert.setString(2, provider.wireName());
            insert.setString(3, name);
            insert.setObject(4, DayImport.utc(clock.instant()));
            insert.executeUpdate();
        }
    }
}
