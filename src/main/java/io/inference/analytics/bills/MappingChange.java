package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/**
 * A change of what people say of workspaces, keys and each other: one transaction with all the derived days that it touches. While
 * it runs, nothing else is derived. What it changes for a key's costs is noted in provider_attribution_change.
 */
public final class MappingChange {

    private static final String TOUCHED =
            """
            select distinct provider, org_ref, usage_date from analytics.provider_import_day
            where provider in ('anthropic', 'claude_ai') and revision > 0 and usage_date >= ?
            order by provider, org_ref, usage_date
            """;

    private static final String CHANGED_BY = "select set_config('analytics.changed_by', ?, true)";

    /** What is done in the transaction. */
    public interface Change {

        /** Returns how many days were derived anew, or another count that the caller wants. */
        int on(Connection connection) throws SQLException;
    }

    private MappingChange() {}

    /**
     * Runs the change; all of it or nothing.
     *
     * @param by who makes it
     * @return what the change returns
     */
    public static int run(DataSource dataSource, String by, Change change) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                DayTables.holdMappings(connection);
                try (PreparedStatement name = connection.prepareStatement(CHANGED_BY)) {
                    name.setString(1, by);
                    name.execute();
                }
                int result = change.on(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    /** Derives every imported day of Anthropic and of claude.ai since then anew. @return how many */
    public static int deriveSince(Connection connection, LocalDate from) throws SQLException {
        List<DayKey> days = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(TOUCHED)) {
            select.setObject(1, from);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    boolean claudeAi = rows.getString(1).equals(Provider.CLAUDE_AI.wireName());
                    days.add(new DayKey(
                            claudeAi ? Dataset.CLAUDE_AI_AUDIT : Dataset.COST,
                            rows.getString(2),
                            rows.getObject(3, LocalDate.class)));
                }
            }
        }
        for (DayKey day : days) {
            DayTables.derive(connection, day);
        }
        return days.size();
    }
}
