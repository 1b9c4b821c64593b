package io.inference.analytics.usage;

import io.inference.analytics.platform.Buckets.Slice;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.SeriesGroup;
import io.inference.analytics.platform.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Sums of the rollups by bucket and group. */
@ApplicationScoped
public class UsageStore {

    /** Bounds the memory of an answer (some 300 bytes a point); more is a matter for exports. */
    static final int POINTS_MAX = 100_000;

    // Buckets are numbered from 1 by width_bucket; their edges come from java.time, which knows the zones' rules.
    private static final String SUMS =
            """
            select width_bucket(bucket_start, ?::timestamptz[]) as bucket, %1$s
                   sum(invocations) as invocations,
                   coalesce(sum(invocations) filter (where status <> 'success'), 0) as errors,
                   sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
                   sum(cache_read_input_tokens) as cache_read_input_tokens,
                   sum(cache_write_input_tokens) as cache_write_input_tokens,
                   sum(cost_estimate_cents) as cost_cents, sum(unpriced_invocations) as unpriced_invocations
            from (%2$s) as slices
            group by %3$s
            order by %3$s
            limit %4$d
            """;

    private static final String SLICE =
            """
            select bucket_start, model_id, client_id, status, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from analytics.%s
            where org_id = ? and bucket_start >= ? and bucket_start < ?
            """;

    /** The points of a query, by bucket and then by group. */
    public List<UsageRow> read(Connection connection, UUID org, UsageQuery query) throws SQLException {
        List<Slice> slices = query.buckets().slices(query.range());
        try (PreparedStatement select = connection.prepareStatement(sql(query, slices))) {
            bind(select, org, query, slices);
            select.setFetchSize(0);
            try (ResultSet rows = select.executeQuery()) {
                return rows(rows, query.groupBy());
            }
        }
    }

    static String sql(UsageQuery query, List<Slice> slices) {
        List<String> parts = new ArrayList<>();
        for (Slice slice : slices) {
            parts.add(SLICE.formatted(
                            switch (slice.rollup()) {
                                case HOURLY -> "usage_hourly";
                                case DAILY -> "usage_daily";
                            })
                    + (query.models().isEmpty() ? "" : "and model_id = any (?)\n")
                    + (query.clients().isEmpty() ? "" : "and client_id = any (?)\n"));
        }
        StringBuilder selected = new StringBuilder();
        StringBuilder grouped = new StringBuilder("bucket");
        for (GroupBy group : query.groupBy()) {
            String column = column(group);
            selected.append(column).append(", ");
            grouped.append(", ").append(column);
        }
        return SUMS.formatted(selected, String.join("union all\n", parts), grouped, POINTS_MAX + 1);
    }

    private static String column(GroupBy group) {
        return switch (group) {
            case MODEL -> "model_id";
            case CLIENT -> "client_id collate \"C\"";
            case STATUS -> "status collate \"C\"";
        };
    }

    private static void bind(PreparedStatement select, UUID org, UsageQuery query, List<Slice> slices)
            throws SQLException {
        Connection connection = select.getConnection();
        Object[] starts =
                query.buckets().starts().stream().map(Instant::toString).toArray();
        int index = 1;
        select.setArray(index++, connection.createArrayOf("timestamptz", starts));
        for (Slice slice : slices) {
            TimeRange range = slice.range();
            select.setObject(index++, org);
            select.setObject(index++, range.start().atOffset(ZoneOffset.UTC), Types.TIMESTAMP_WITH_TIMEZONE);
            select.setObject(index++, range.end().atOffset(ZoneOffset.UTC), Types.TIMESTAMP_WITH_TIMEZONE);
            if (!query.models().isEmpty()) {
                Array models = connection.createArrayOf("uuid", query.models().toArray());
                select.setArray(index++, models);
            }
            if (!query.clients().isEmpty()) {
                select.setArray(
                        index++,
                        connection.createArrayOf("text", query.clients().toArray()));
            }
        }
    }

    private static List<UsageRow> rows(ResultSet rows, Set<GroupBy> groupBy) throws SQLException {
        List<UsageRow> points = new ArrayList<>();
        while (rows.next()) {
            if (points.size() == POINTS_MAX) {
                throw tooManyPoints();
            }
            SeriesGroup group = new SeriesGroup(
                    groupBy.contains(GroupBy.MODEL)
                            ? Optional.of(rows.getObject("model_id", UUID.class))
                            : Optional.empty(),
                    groupBy.contains(GroupBy.CLIENT) ? Optional.of(rows.getString("client_id")) : Optional.empty(),
                    groupBy.contains(GroupBy.STATUS) ? Optional.of(rows.getString("status")) : Optional.empty());
            points.add(new UsageRow(
                    rows.getInt("bucket") - 1,
                    group,
                    new UsageSums(
                            rows.getLong("invocations"),
                            rows.getLong("errors"),
                            rows.getBigDecimal("input_tokens").toBigIntegerExact(),
                            rows.getBigDecimal("output_tokens").toBigIntegerExact(),
                            rows.getBigDecimal("cache_read_input_tokens").toBigIntegerExact(),
                            rows.getBigDecimal("cache_write_input_tokens").toBigIntegerExact(),
                            Optional.ofNullable(rows.getBigDecimal("cost_cents")),
                            rows.getLong("unpriced_invocations"))));
        }
        return points;
    }

    static Failure.Invalid tooManyPoints() {
        return new Failure.Invalid(
                "groupBy",
                "answer: more than " + POINTS_MAX
                        + " points (expected: a shorter range, a coarser granularity or fewer groups; exports have no such limit)");
    }
}
