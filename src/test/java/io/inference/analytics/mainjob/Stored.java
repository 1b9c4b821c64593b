package io.inference.analytics.mainjob;

import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.ExpectedTotals.Group;
import io.inference.analytics.devtools.ExpectedTotals.Sums;
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

    private static final String RAW_GROUPS =
            """
            select org_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC') as bucket_start, count(*) as invocations,
                   count(*) filter (where cost_estimate_cents is null) as unpriced_invocations, sum(input_tokens) as input_tokens,
                   sum(output_tokens) as output_tokens, sum(cache_read_input_tokens) as cache_read_input_tokens,
                   sum(cache_write_input_tokens) as cache_write_input_tokens,
                   sum(cache_write_1h_input_tokens) as cache_write_1h_input_tokens, sum(cost_estimate_cents) as cost_estimate_cents
            from analytics.usage_events group by 1, 2, 3, 4, 5
            """;
    private static final String HOURLY_GROUPS =
            """
            select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
            from analytics.usage_hourly
            """;
    private static final String DAILY_OF_HOURLY =
            """
            select org_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC') as bucket_start, sum(invocations),
                   sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
                   sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
            from analytics.usage_hourly group by 1, 2, 3, 4, 5
            """;
    private static final String DAILY =
            """
            select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
            from analytics.usage_daily
            """;
    private static final String RAW_BINS =
            """
            select org_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), analytics.latency_bin(latency_ms), count(*)
            from analytics.usage_events group by 1, 2, 3, 4, 5, 6
            """;
    private static final String BINS =
            "select org_id, model_id, client_id, status, bucket_start, bin, count from analytics.latency_hourly";
    private static final String RAW_FIRST_TOKEN_BINS =
            """
            select org_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'),
                   analytics.latency_bin(time_to_first_token_ms), count(*)
            from analytics.usage_events where time_to_first_token_ms is not null group by 1, 2, 3, 4, 5, 6
            """;
    private static final String FIRST_TOKEN_BINS =
            "select org_id, model_id, client_id, status, bucket_start, bin, count from analytics.time_to_first_token_hourly";
    private static final String OVERLAPS_AND_GAPS =
            """
            select count(*) from (
                select first_offset, lag(last_offset) over (order by first_offset) as before
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
        return difference(RAW_GROUPS, HOURLY_GROUPS)
                + difference(DAILY_OF_HOURLY, DAILY)
                + difference(RAW_BINS, BINS)
                + difference(RAW_FIRST_TOKEN_BINS, FIRST_TOKEN_BINS)
                + count(OVERLAPS_AND_GAPS);
    }

    private long difference(String one, String other) throws SQLException {
        return count("select count(*) from ((%s) except all (%s)) missing".formatted(one, other))
                + count("select count(*) from ((%s) except all (%s)) surplus".formatted(other, one));
    }
}
