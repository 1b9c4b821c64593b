package io.inference.analytics.mainjob;

import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.ExpectedTotals.Group;
import io.inference.analytics.devtools.ExpectedTotals.Sums;
import io.inference.analytics.testing.Drift;
import java.math.BigDecimal;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the database holds, read with plain SQL. */
final class Stored implements AutoCloseable {

    private static final String HOURLY_GROUPS =
            """
            select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
            from analytics.usage_hourly
            """;
    private static final String OVERLAPS_AND_GAPS =
            """
            select count(*) from (
                select first_offset, lag(last_offset) over (partition by div(first_offset, 10000000000000) order by first_offset) as before
                from (select first_offset, last_offset from analytics.ingestion_batches where kind = 'live' and first_offset is not null
                      union all select first_offset, last_offset from analytics.ingestion_skipped_offsets) ranges) ordered
            where before is not null and first_offset <> before + 1
            """;

    private final Connection connection;

    Stored(String databaseUrl) throws SQLException {
        URI uri = URI.create(databaseUrl);
        String[] user = uri.getUserInfo().split(":", 2);
        connection = DriverManager.getConnection(
                "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(), user[0], user[1]);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }

    /** Outcomes over all batches: received, stored, duplicates, conflicts, dead letters. */
    record Outcomes(long received, long stored, long duplicates, long conflicts, long deadLettered) {
        static Outcomes of(ExpectedTotals totals) {
            return new Outcomes(
                    totals.received(), totals.stored(), totals.duplicate(), totals.conflict(), totals.deadLetters());
        }
    }

    Outcomes outcomes() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select coalesce(sum(received), 0), coalesce(sum(stored), 0), coalesce(sum(duplicates), 0), "
                                + "coalesce(sum(conflicts), 0), coalesce(sum(dead_lettered), 0) from analytics.ingestion_batches")) {
            rows.next();
            return new Outcomes(rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getLong(5));
        }
    }

    long count(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    SortedMap<Group, Sums> hourly() throws SQLException {
        SortedMap<Group, Sums> groups = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(HOURLY_GROUPS)) {
            while (rows.next()) {
                BigDecimal cost = rows.getBigDecimal("cost_estimate_cents");
                groups.put(
                        new Group(
                                rows.getString("org_id"),
                                rows.getString("model_id"),
                                rows.getString("client_id"),
                                rows.getString("status"),
                                rows.getObject("bucket_start", OffsetDateTime.class)
                                        .toInstant()),
                        new Sums(
                                rows.getLong("invocations"),
                                rows.getLong("unpriced_invocations"),
                                rows.getBigDecimal("input_tokens").toBigIntegerExact(),
                                rows.getBigDecimal("output_tokens").toBigIntegerExact(),
                                rows.getBigDecimal("cache_read_input_tokens").toBigIntegerExact(),
                                rows.getBigDecimal("cache_write_input_tokens").toBigIntegerExact(),
                                rows.getBigDecimal("cache_write_1h_input_tokens")
                                        .toBigIntegerExact(),
                                cost == null ? BigDecimal.ZERO : cost));
            }
        }
        return groups;
    }

    /** Rows by which any rollup differs from the raw events, in either direction, and offsets twice or not accounted for. */
    long drift() throws SQLException {
        return Drift.of(connection) + count(OVERLAPS_AND_GAPS);
    }
}
