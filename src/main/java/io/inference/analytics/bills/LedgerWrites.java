package io.inference.analytics.bills;

import io.inference.analytics.provider.Redaction;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/** Writes what became of a day: its row of the ledger and its revisions. All in the caller's transaction. */
final class LedgerWrites {

    /** What the ledger says of a day before it is imported again. */
    record Before(int revision, int rows, byte[] hash) {}

    /**
     * A day that is stored from now on.
     *
     * @param total billed US dollars; null where the data set bills nothing
     */
    record Stored(ImportStatus status, int revision, int rows, BigDecimal total, byte[] hash) {}

    /**
     * A try that changed nothing else.
     *
     * @param next when it may be tried again; null when a person is needed first
     */
    record Failed(ImportStatus status, String code, String text, Instant next) {}

    private static final String FIND =
            """
            select revision, row_count, content_hash from analytics.provider_import_day
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String ENSURE =
            """
            insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, run_id)
            values (?, ?, ?, ?, 'running', ?)
            on conflict (provider, dataset, org_ref, usage_date) do nothing
            """;

    private static final String UNCHANGED =
            """
            update analytics.provider_import_day
            set status = ?, last_checked_at = ?, last_tried_at = ?, attempts = attempts + 1, suspect_count = 0, next_attempt_at = null,
                last_error_code = null, last_error_text = null
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String STORED =
            """
            update analytics.provider_import_day
            set status = ?, revision = ?, row_count = ?, amount_total = ?, content_hash = ?, attempts = attempts + 1, suspect_count = 0,
                next_attempt_at = null, first_imported_at = coalesce(first_imported_at, ?), last_imported_at = ?, last_checked_at = ?,
                last_tried_at = ?, last_error_code = null, last_error_text = null, run_id = ?
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String FAILED =
            """
            update analytics.provider_import_day
            set status = ?, attempts = attempts + 1, suspect_count = suspect_count + ?, next_attempt_at = ?, last_error_code = ?,
                last_error_text = ?, last_tried_at = ?
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            returning revision, row_count
            """;

    private static final String REVISION =
            """
            insert into analytics.provider_day_revision (provider, dataset, org_ref, usage_date, revision, row_count, amount_total,
                content_hash, imported_at, run_id, reason)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private LedgerWrites() {}

    /** What is known of the day, which has a row from now on. */
    static Before open(Connection connection, DayKey key, DayImport.Import by) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(ENSURE)) {
            insert.setObject(key.bind(insert, 1), by.runId());
            insert.executeUpdate();
        }
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            key.bind(select, 1);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new Before(row.getInt(1), row.getInt(2), row.getBytes(3));
            }
        }
    }

    static void unchanged(Connection connection, DayKey key, DayImport.Import by, ImportStatus status)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(UNCHANGED)) {
            update.setString(1, status.wireName());
            update.setObject(2, DayImport.utc(by.fetchedAt()));
            update.setObject(3, DayImport.utc(by.fetchedAt()));
            key.bind(update, 4);
            update.executeUpdate();
        }
    }

    /** Notes that the day could not be imported; what is stored of it stays. */
    static DayOutcome failed(Connection connection, DayKey key, DayImport.Import by, Failed failed)
            throws SQLException {
        String text = Redaction.of(failed.text());
        try (PreparedStatement update = connection.prepareStatement(FAILED)) {
            update.setString(1, failed.status().wireName());
            update.setInt(2, failed.status() == ImportStatus.SUSPECT_EMPTY ? 1 : 0);
            update.setObject(3, failed.next() == null ? null : DayImport.utc(failed.next()));
            update.setString(4, failed.code());
            update.setString(5, text);
            update.setObject(6, DayImport.utc(by.fetchedAt()));
            key.bind(update, 7);
            try (ResultSet row = update.executeQuery()) {
                row.next();
                return new DayOutcome(
                        key.dataset().wireName(),
                        key.day(),
                        failed.status(),
                        row.getInt(1),
                        row.getInt(2),
                        Optional.empty(),
                        Optional.of(failed.code() + ": " + text));
            }
        }
    }

    /** Notes the day and its new revision. */
    static void stored(Connection connection, DayKey key, DayImport.Import by, Stored stored) throws SQLException {
        OffsetDateTime at = DayImport.utc(by.fetchedAt());
        try (PreparedStatement update = connection.prepareStatement(STORED)) {
            update.setString(1, stored.status().wireName());
            update.setInt(2, stored.revision());
            update.setInt(3, stored.rows());
            update.setBigDecimal(4, stored.total());
            update.setBytes(5, stored.hash());
            for (int column = 6; column <= 9; column++) {
                update.setObject(column, at);
            }
            update.setObject(10, by.runId());
            key.bind(update, 11);
            update.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(REVISION)) {
            int column = key.bind(insert, 1);
            insert.setInt(column++, stored.revision());
            insert.setInt(column++, stored.rows());
            insert.setBigDecimal(column++, stored.total());
            insert.setBytes(column++, stored.hash());
            insert.setObject(column++, at);
            insert.setObject(column++, by.runId());
            insert.setString(
                    column, stored.revision() == 1 ? "first" : by.kind() == RunKind.CSV ? "manual" : "restated");
            insert.executeUpdate();
        }
    }
}
