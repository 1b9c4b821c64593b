package io.inference.analytics.bills;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the content of a day: its archived pages, corrections, rows and estimates, and what is derived from them. All in the
 * caller's transaction.
 */
public final class DayTables {

    /** U+0000 in JSON text, which the database does not take; a backslash before it that is itself escaped is none of it. */
    private static final Pattern NUL = Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000");

    private static final String CORRECTION =
            """
            insert into analytics.provider_correction (provider, dataset, org_ref, usage_date, revision_from, revision_to, dimensions,
                old_amount, new_amount, delta, corrected_at)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)
            """;

    private static final String PAGE =
            """
            insert into analytics.provider_raw_page (run_id, provider, dataset, usage_date, page_no, fetched_at, body, body_hash)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?)
            on conflict do nothing
            """;

    private static final String ESTIMATE =
            """
            insert into nonfinancial.claude_code_estimate (activity_date, organization_id, line_key, model, input_tokens, output_tokens,
                cache_read_tokens, cache_creation_tokens, estimated_cost_usd)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (activity_date, organization_id, line_key, model) do update set
                input_tokens = claude_code_estimate.input_tokens + excluded.input_tokens,
                output_tokens = claude_code_estimate.output_tokens + excluded.output_tokens,
                cache_read_tokens = claude_code_estimate.cache_read_tokens + excluded.cache_read_tokens,
                cache_creation_tokens = claude_code_estimate.cache_creation_tokens + excluded.cache_creation_tokens,
                estimated_cost_usd = claude_code_estimate.estimated_cost_usd + excluded.estimated_cost_usd
            """;

    private static final String FORGET_ESTIMATES =
            "delete from nonfinancial.claude_code_estimate where activity_date = ? and organization_id = ?";

    private DayTables() {}

    /** Keeps the answers as they came. */
    static void archive(Connection connection, DayKey key, DayAnswer answer, DayImport.Import by) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(PAGE)) {
            int number = 0;
            for (String page : answer.pages()) {
                insert.setObject(1, by.runId());
                insert.setString(2, key.dataset().provider().wireName());
                insert.setString(3, key.dataset().wireName());
                insert.setObject(4, key.day());
                insert.setInt(5, ++number);
                insert.setObject(6, DayImport.utc(by.fetchedAt()));
                insert.setString(7, NUL.matcher(page).replaceAll("$1"));
                insert.setBytes(8, DayRow.sha256(page));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    /** Books each billed amount that changes; must run before the rows are replaced. */
    static void correct(Connection connection, DayKey key, DayAnswer answer, DayImport.Import by, int revision)
            throws SQLException {
        Dataset dataset = key.dataset();
        if (dataset.amount().isEmpty()) {
            return;
        }
        Map<String, BigDecimal> before = new TreeMap<>();
        Map<String, String> names = new LinkedHashMap<>();
        stored(connection, key, before, names);
        Map<String, BigDecimal> after = new TreeMap<>();
        for (DayRow row : answer.rows()) {
            after.put(row.lineKey(), DayChecks.amount(dataset, row));
            names.put(row.lineKey(), dimensions(dataset, row));
        }
        SortedSet<String> lines = new TreeSet<>(before.keySet());
        lines.addAll(after.keySet());
        try (PreparedStatement insert = connection.prepareStatement(CORRECTION)) {
            for (String line : lines) {
                BigDecimal old = before.get(line);
                BigDecimal now = after.get(line);
                BigDecimal delta = (now == null ? BigDecimal.ZERO : now).subtract(old == null ? BigDecimal.ZERO : old);
                if (delta.signum() != 0) {
                    int column = key.bind(insert, 1);
                    insert.setInt(column++, revision - 1);
                    insert.setInt(column++, revision);
                    insert.setString(column++, names.get(line));
                    insert.setBigDecimal(column++, old);
                    insert.setBigDecimal(column++, now);
                    insert.setBigDecimal(column++, delta);
                    insert.setObject(column, DayImport.utc(by.fetchedAt()));
                    insert.addBatch();
                }
            }
            insert.executeBatch();
        }
    }

    private static void stored(
            Connection connection, DayKey key, Map<String, BigDecimal> amounts, Map<String, String> names)
            throws SQLException {
        String sql = "select line_key, %s, to_jsonb(t) from %s t where activity_date = ? and organization_id = ?"
                .formatted(key.dataset().amount().orElseThrow(), key.dataset().table());
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, key.day());
            select.setString(2, key.orgRef());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    amounts.put(rows.getString(1), rows.getBigDecimal(2));
                    names.put(rows.getString(1), rows.getString(3));
                }
            }
        }
    }

    private static String dimensions(Dataset dataset, DayRow row) {
        ObjectNode named = ProviderHttp.JSON.createObjectNode();
        for (int i = 0; i < dataset.dimensions().size(); i++) {
            Object value = row.dimensions().get(i);
            named.put(dataset.dimensions().get(i), value == null ? null : value.toString());
        }
        return named.toString();
    }

    /** Puts the rows in the place of those that are there. */
    static void replace(Connection connection, DayKey key, DayAnswer answer, DayImport.Import by, int revision)
            throws SQLException {
        Dataset dataset = key.dataset();
        String delete = "delete from " + dataset.table() + " where activity_date = ? and organization_id = ?";
        try (PreparedStatement statement = connection.prepareStatement(delete)) {
            statement.setObject(1, key.day());
            statement.setString(2, key.orgRef());
            statement.executeUpdate();
        }
        List<String> columns = Stream.concat(dataset.dimensions().stream(), dataset.measures().stream())
                .toList();
        String insert =
                "insert into %s (activity_date, organization_id, line_key, ingestion_timestamp, import_revision, run_id, %s) values (?, ?, ?, ?, ?, ?%s)"
                        .formatted(dataset.table(), String.join(", ", columns), ", ?".repeat(columns.size()));
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            for (DayRow row : answer.rows()) {
                int column = 1;
                statement.setObject(column++, key.day());
                statement.setString(column++, key.orgRef());
                statement.setString(column++, row.lineKey());
                statement.setObject(column++, DayImport.utc(by.fetchedAt()));
                statement.setInt(column++, revision);
                statement.setObject(column++, by.runId());
                for (Object value : row.dimensions()) {
                    statement.setObject(column++, value);
                }
                for (Object value : row.measures()) {
                    statement.setObject(column++, value);
                }
                statement.addBatch();
            }
            statement.executeBatch();
        }
        if (dataset == Dataset.CLAUDE_CODE) {
            estimates(connection, key, answer);
        }
    }

    private static void estimates(Connection connection, DayKey key, DayAnswer answer) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(FORGET_ESTIMATES)) {
            delete.setObject(1, key.day());
            delete.setString(2, key.orgRef());
            delete.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(ESTIMATE)) {
            for (DayRow row : answer.rows()) {
                for (DayRow.Estimate estimate : row.estimates()) {
                    insert.setObject(1, key.day());
                    insert.setString(2, key.orgRef());
                    insert.setString(3, row.lineKey());
                    insert.setString(4, estimate.model());
                    insert.setLong(5, estimate.input());
                    insert.setLong(6, estimate.output());
                    insert.setLong(7, estimate.cacheRead());
                    insert.setLong(8, estimate.cacheCreation());
                    insert.setBigDecimal(9, estimate.usd());
                    insert.addBatch();
                }
            }
            insert.executeBatch();
        }
    }

    /** For the time that mappings are changed, nothing is derived by others: a day could miss the change. */
    static void holdMappings(Connection connection) throws SQLException {
        execute(connection, "select pg_advisory_xact_lock(" + AdvisoryLock.PROVIDER_MAPPINGS.key() + ")");
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Derives the day anew from the base tables, in the caller's transaction. */
    public static void derive(Connection connection, DayKey key) throws SQLException {
        if (key.dataset().rebuild().isEmpty()) {
            return;
        }
        execute(connection, "select pg_advisory_xact_lock_shared(" + AdvisoryLock.PROVIDER_MAPPINGS.key() + ")");
        try (PreparedStatement statement =
                connection.prepareStatement(key.dataset().rebuild().get())) {
            int column = 1;
            if (key.dataset() != Dataset.CLAUDE_AI_AUDIT) {
                statement.setString(column++, key.orgRef());
            }
            statement.setObject(column, key.day());
            statement.execute();
        }
    }
}
