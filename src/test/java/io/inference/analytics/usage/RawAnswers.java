package io.inference.analytics.usage;

import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.TimeRange;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/** What PostgreSQL itself says about the raw events of an organisation, with its own calendar. */
final class RawAnswers {

    private final DataSource database;
    private final UUID org;

    RawAnswers(DataSource database, UUID org) {
        this.database = database;
        this.org = org;
    }

    private static final String FILTERS =
            """
            and (cardinality(?::text[]) = 0 or error_code = any (?)) and (cardinality(?::text[]) = 0 or metadata ->> 'env' = any (?))
            """;

    private static void bindFilters(Connection connection, PreparedStatement select, int first, RawFilter raw)
            throws SQLException {
        int at = first;
        for (Set<String> values : List.of(raw.errorCodes(), raw.metadata().getOrDefault("env", Set.of()))) {
            for (int i = 0; i < 2; i++) {
                select.setArray(at++, connection.createArrayOf("text", values.toArray()));
            }
        }
    }

    /** The sums of each row of a breakdown by its key, and of all as total; events that match the filters of the query alone. */
    Map<String, String> breakdown(String by, BreakdownQuery query, TimeRange range) throws SQLException {
        String key =
                switch (by) {
                    case "model" -> "model_id::text";
                    case "client" -> "client_id";
                    case "user" -> "coalesce(actor_id::text, '')";
                    case "status" -> "status";
                    case "errorCode" -> "coalesce(error_code, '')";
                    default ->
                        "case when metadata ? '%1$s' then '=' || (metadata ->> '%1$s') else '' end"
                                .formatted(by.substring("metadata.".length()))
                                .replace("?", "??");
                };
        String sql =
                """
                select coalesce(%1$s, 'total'), count(*), count(*) filter (where status <> 'success'),
                       coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
                       coalesce(sum(cache_read_input_tokens), 0), coalesce(sum(cache_write_input_tokens), 0),
                       case when count(*) = 0 then 0 else sum(cost_estimate_cents) end,
                       count(*) filter (where cost_estimate_cents is null)
                from analytics.usage_events
                where org_id = ? and occurred_at >= ? and occurred_at < ? %2$s
                group by grouping sets ((), (%1$s))
                """
                        .formatted(key, FILTERS);
        Map<String, String> found = new HashMap<>();
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, org);
            select.setObject(2, range.start().atOffset(ZoneOffset.UTC));
            select.setObject(3, range.end().atOffset(ZoneOffset.UTC));
            bindFilters(connection, select, 4, query.raw());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    List<String> values = new ArrayList<>();
                    for (int column = 2; column <= 9; column++) {
                        BigDecimal value = rows.getBigDecimal(column);
                        values.add(value == null ? "unpriced" : plain(value));
                    }
                    found.put(rows.getString(1), String.join(" ", values));
                }
            }
        }
        return found;
    }

    static String sums(UsageSums sums) {
        return String.join(
                " ",
                Long.toString(sums.invocations()),
                Long.toString(sums.errors()),
                sums.inputTokens().toString(),
                sums.outputTokens().toString(),
                sums.cacheReadInputTokens().toString(),
                sums.cacheWriteInputTokens().toString(),
                sums.costCents().map(RawAnswers::plain).orElse("unpriced"),
                Long.toString(sums.unpricedInvocations()));
    }

    private static String plain(BigDecimal value) {
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString();
    }

    /** The rows of a series, in their order, each as {@link #line}. */
    List<String> series(UsageQuery query) throws SQLException {
        List<String> expected = new ArrayList<>();
        String model = query.groupBy().contains(GroupBy.MODEL) ? "model_id::text" : "null::text";
        String client = query.groupBy().contains(GroupBy.CLIENT) ? "client_id collate \"C\"" : "null::text";
        String user = query.groupBy().contains(GroupBy.USER) ? "coalesce(actor_id::text, '')" : "null::text";
        String status = query.groupBy().contains(GroupBy.STATUS) ? "status collate \"C\"" : "null::text";
        String sql =
                """
                select case when ? = 'total' then ?::timestamptz else date_trunc(nullif(?, 'total'), occurred_at, ?) end, %s, %s, %s, %s, count(*), count(*) filter (where status <> 'success'),
                       sum(input_tokens), sum(output_tokens), sum(cost_estimate_cents),
                       count(*) filter (where cost_estimate_cents is null)
                from analytics.usage_events
                where org_id = ? and occurred_at >= ? and occurred_at < ?
                  and (? or model_id = any (?)) and (? or client_id = any (?)) and (? or actor_id = any (?)) %s
                group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
                """
                        .formatted(model, client, user, status, FILTERS);
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(sql)) {
            int at = 1;
            select.setString(at++, query.granularity().wireName());
            select.setObject(at++, query.range().start().atOffset(ZoneOffset.UTC));
            select.setString(at++, query.granularity().wireName());
            select.setString(at++, query.granularity() == Granularity.HOUR ? "UTC" : query.zoneName());
            select.setObject(at++, org);
            select.setObject(at++, query.range().start().atOffset(ZoneOffset.UTC));
            select.setObject(at++, query.range().end().atOffset(ZoneOffset.UTC));
            select.setBoolean(at++, query.models().isEmpty());
            select.setArray(
                    at++, connection.createArrayOf("uuid", query.models().toArray()));
            select.setBoolean(at++, query.clients().isEmpty());
            select.setArray(
                    at++, connection.createArrayOf("text", query.clients().toArray()));
            select.setBoolean(at++, query.users().isEmpty());
            select.setArray(at++, connection.createArrayOf("uuid", query.users().toArray()));
            bindFilters(connection, select, at, query.raw());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    expected.add(line(
                            rows.getObject(1, OffsetDateTime.class).toInstant(),
                            Optional.ofNullable(rows.getString(2)),
                            Optional.ofNullable(rows.getString(3)),
                            Optional.ofNullable(rows.getString(4)),
                            Optional.ofNullable(rows.getString(5)),
                            rows.getLong(6),
                            rows.getLong(7),
                            rows.getBigDecimal(8),
                            rows.getBigDecimal(9),
                            rows.getBigDecimal(10),
                            rows.getLong(11)));
                }
            }
        }
        return expected;
    }

    static String line(Instant bucket, Object... values) {
        StringBuilder line = new StringBuilder(bucket.toString());
        for (Object value : values) {
            line.append(' ');
            line.append(
                    value instanceof BigDecimal number
                            ? number.stripTrailingZeros().toPlainString()
                            : value);
        }
        return line.toString();
    }
}
