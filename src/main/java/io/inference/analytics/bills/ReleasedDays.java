package io.inference.analytics.bills;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Remembers which contents of a day above the limits a person has found right. All in the caller's transaction, so a release is
 * remembered if and only if its day is stored.
 */
final class ReleasedDays {

    private static final String CONTAINS =
            """
            select exists (select from analytics.provider_released_day
                           where provider = ? and dataset = ? and org_ref = ? and usage_date = ? and content_hash = ?)
            """;

    private static final String STORED =
            """
            select exists (select from analytics.provider_released_day
                           join analytics.provider_import_day using (provider, dataset, org_ref, usage_date, content_hash)
                           where provider = ? and dataset = ? and org_ref = ? and usage_date = ?)
            """;

    private static final String ADD =
            """
            insert into analytics.provider_released_day (provider, dataset, org_ref, usage_date, content_hash, released_at, released_by, run_id)
            select ?, ?, ?, ?, ?, ?, requested_by, run_id from analytics.provider_import_run where run_id = ?
            on conflict do nothing
            """;

    private ReleasedDays() {}

    static boolean contains(Connection connection, DayKey key, byte[] hash) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(CONTAINS)) {
            select.setBytes(key.bind(select, 1), hash);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Whether a person has released what is stored of the day. */
    static boolean stored(Connection connection, DayKey key) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(STORED)) {
            key.bind(select, 1);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** Names the person who asked for the run; the first release of a content stays. */
    static void add(Connection connection, DayKey key, byte[] hash, DayImport.Import by) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(ADD)) {
            int column = key.bind(insert, 1);
            insert.setBytes(column++, hash);
            insert.setObject(column++, DayImport.utc(by.fetchedAt()));
            insert.setObject(column, by.runId());
            insert.executeUpdate();
        }
    }
}
