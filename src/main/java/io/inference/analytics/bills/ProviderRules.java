package io.inference.analytics.bills;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.ProvidersConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Puts the rules that settings choose into the database, where all that is derived and every reader of it finds the same ones. A
 * setting that is empty changes nothing, so a process that was not told can not undo what another was.
 */
final class ProviderRules {

    private static final Logger LOG = Logger.getLogger(ProviderRules.class);
    private static final int MONTHS = 12;

    private static final String FIND = "select value from analytics.provider_rule where name = ?";

    private static final String SET =
            """
            insert into analytics.provider_rule (name, value, changed_at) values (?, ?, ?)
            on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at
            """;

    private ProviderRules() {}

    /**
     * Applies the settings; where the rule about names of keys changes, every day is derived anew.
     *
     * @throws Failure.Invalid when the month is none
     */
    static void apply(ProvidersConfig config, DataSource dataSource, Clock clock) throws SQLException {
        Optional<String> month = Optional.empty();
        if (config.fiscalYearStart().isPresent()) {
            int start = config.fiscalYearStart().getAsInt();
            if (start < 1 || start > MONTHS) {
                throw new Failure.Invalid(
                        "analytics.providers.fiscal-year-start",
                        "analytics.providers.fiscal-year-start: %d (expected: 1 to 12)".formatted(start));
            }
            month = Optional.of(Integer.toString(start));
        }
        set(dataSource, clock, "fiscal_year_start", month, false);
        set(dataSource, clock, "key_names", config.keyNames().map(String::valueOf), true);
    }

    private static void set(DataSource dataSource, Clock clock, String name, Optional<String> value, boolean derives)
            throws SQLException {
        if (value.isEmpty() || value.equals(find(dataSource, name))) {
            return;
        }
        int days = MappingChange.run(dataSource, "setting " + name, connection -> {
            try (PreparedStatement set = connection.prepareStatement(SET)) {
                set.setString(1, name);
                set.setString(2, value.get());
                set.setObject(3, DayImport.utc(clock.instant()));
                set.executeUpdate();
            }
            return derives ? MappingChange.deriveSince(connection, LocalDate.EPOCH) : 0;
        });
        LOG.infof("event=provider_rule_set name=%s value=%s days=%d", name, value.get(), days);
    }

    private static Optional<String> find(DataSource dataSource, String name) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }
}
