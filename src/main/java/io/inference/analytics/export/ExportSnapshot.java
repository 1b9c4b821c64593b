package io.inference.analytics.export;

import io.inference.analytics.platform.Buckets;
import io.inference.analytics.platform.Buckets.Slice;
import io.inference.analytics.platform.Granularity;
import io.inference.analytics.usage.UsageSums;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Everything that a file is made of, read from one snapshot of the database: the rows, the aggregate that they are compared with,
 * the names.
 *
 * <p>Rows come from the rollups. In flavour timescale a late event shows in them only after a refresh, a few seconds later; hours
 * for which a refresh is pending in this snapshot are read from the raw events, so the rows are those that the rollups show after
 * every pending refresh, and no new late event can make a file wait. Memory: one fetch of rows, and the names of all models.
 */
final class ExportSnapshot implements AutoCloseable {

    private static final int FETCH_ROWS = 5_000;

    private static final String BEGIN =
            """
            set transaction isolation level repeatable read, read only;
            set local statement_timeout = '30min'; set local timezone = 'UTC'; set local jit = off
            """;

    private static final String PENDING =
            """
            select unnest(analytics.hours_behind(array(
                select distinct hour from analytics.rollup_outbox cross join lateral unnest(hours) as hour
                where hour >= ? and hour < ?))) as hour
            order by hour
            """;

    private static final String WATERMARK =
            "select max(batch_id) as batch_id, max(committed_at) as committed_at from analytics.ingestion_batches "
                    + "where batch_id = (select max(batch_id) from analytics.ingestion_batches)";

    private static final String MODEL_NAMES = "select model_id, name from analytics.models";
    private static final String ORG_NAME = "select name from analytics.orgs where org_id = ?";

    private static final String ROWS =
            """
            select %1$s as bucket, model_id::text,
                   sum(invocations)::bigint, coalesce(sum(invocations) filter (where status <> 'success'), 0)::bigint,
                   sum(input_tokens)::text, sum(output_tokens)::text,
                   sum(cache_read_input_tokens)::text, sum(cache_write_input_tokens)::text,
                   trim_scale(sum(cost_estimate_cents))::text, sum(unpriced_invocations)::bigint
            from (%2$s) as slices
            group by %3$s, slices.model_id
            order by %3$s, slices.model_id
            """;

    private static final String FROM_HOURLY =
            """
            select bucket_start, model_id, status, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from analytics.usage_hourly
            where org_id = ? and bucket_start >= ? and bucket_start < ?
            """;

    private static final String FROM_DAILY = FROM_HOURLY.replace("usage_hourly", "usage_daily");

    private static final String FROM_RAW =
            """
            select pending.hour as bucket_start, model_id, status, 1::bigint as invocations,
                   (cost_estimate_cents is null)::integer::bigint as unpriced_invocations, input_tokens::numeric as input_tokens,
                   output_tokens::numeric, cache_read_input_tokens::numeric, cache_write_input_tokens::numeric, cost_estimate_cents
            from unnest(?::timestamptz[]) as pending (hour)
            join analytics.usage_events
              on org_id = ? and occurred_at >= pending.hour and occurred_at < pending.hour + interval '1 hour'
            where true
            """;

    private static final String RAW_EVENTS =
            """
            select count(*), count(*) filter (where status <> 'success'), coalesce(sum(input_tokens), 0),
                   coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_input_tokens), 0),
                   coalesce(sum(cache_write_input_tokens), 0), sum(cost_estimate_cents),
                   count(*) filter (where cost_estimate_cents is null)
            from analytics.usage_events
            where org_id = ? and occurred_at >= ? and occurred_at < ?
            """;

    private static final String UNPRICED =
            """
            select distinct model_id from (%s) as slices where unpriced_invocations > 0 order by model_id limit ?
            """;

    private static final String OF_MODELS = " and model_id = any (?)\n";
    private static final String NOT_PENDING = " and bucket_start <> all (?)\n";

    /** Told each row. */
    @FunctionalInterface
    interface Sink<E extends Exception> {
        void accept(ExportRow row) throws E, java.io.IOException;
    }

    /**
     * How far ingest was.
     *
     * @param batchId the last batch that is in the snapshot
     * @param hoursFromRawEvents hours whose late events the rollups did not show yet
     */
    record Watermark(Optional<Long> batchId, Optional<Instant> committedAt, int hoursFromRawEvents) {}

    /** A part of the rows, and the values for its placeholders. */
    private record Part(String sql, List<Object> values) {}

    private final Connection connection;
    private final UUID org;
    private final ExportOrder order;
    private final Buckets buckets;
    private final List<Instant> pending;

    private ExportSnapshot(Connection connection, UUID org, ExportOrder order) throws SQLException {
        this.connection = connection;
        this.org = org;
        this.order = order;
        this.buckets = order.buckets();
        this.pending = pending();
    }

    /** Takes the snapshot; the connection is its own until it is closed. */
    static ExportSnapshot of(Connection connection, UUID org, ExportOrder order) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(BEGIN);
            return new ExportSnapshot(connection, org, order);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public void close() throws SQLException {
        try (connection) {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private List<Instant> pending() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(PENDING)) {
            select.setObject(1, ExportJobStore.utc(order.range().start()));
            select.setObject(2, ExportJobStore.utc(order.range().end()));
            List<Instant> hours = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    hours.add(rows.getObject(1, OffsetDateTime.class).toInstant());
                }
            }
            return hours;
        }
    }

    Watermark watermark() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(WATERMARK);
                ResultSet row = select.executeQuery()) {
            row.next();
            long batch = row.getLong("batch_id");
            return new Watermark(
                    row.wasNull() ? Optional.empty() : Optional.of(batch),
                    ExportJobStore.instant(row, "committed_at"),
                    pending.size());
        }
    }

    /** The organisation's name; its id where nobody gave it one. */
    String orgName() throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(ORG_NAME)) {
            select.setObject(1, org);
            try (ResultSet row = select.executeQuery()) {
                return row.next() ? row.getString(1) : org.toString();
            }
        }
    }

    /** The models' names by id; one that is missing has none. */
    Map<String, String> modelNames() throws SQLException {
        Map<String, String> names = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(MODEL_NAMES);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                names.put(rows.getString(1), rows.getString(2));
            }
        }
        return names;
    }

    /** What providers billed for the organisation in the order's window. */
    BilledCosts billed() throws SQLException {
        return BilledCosts.read(connection, org, order);
    }

    /** Models of the order that have invocations without a price, the first few. */
    List<String> unpricedModels(int limit) throws SQLException {
        Part rows = source();
        List<String> models = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(UNPRICED.formatted(rows.sql()))) {
            List<Object> values = new ArrayList<>(rows.values());
            values.add(limit);
            bind(select, values);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    models.add(found.getString(1));
                }
            }
        }
        return models;
    }

    /** Gives every row to the sink, by bucket and then by model. */
    <E extends Exception> void rows(Sink<E> sink) throws SQLException, E, java.io.IOException {
        boolean hourly = order.granularity().granularity() == Granularity.HOUR;
        Part rows = source();
        String sql = hourly
                ? ROWS.formatted("extract(epoch from bucket_start)::bigint", rows.sql(), "slices.bucket_start")
                : ROWS.formatted("width_bucket(bucket_start, ?::timestamptz[])", rows.sql(), "1");
        List<Object> values = new ArrayList<>();
        if (!hourly) {
            values.add(times(buckets.starts()));
        }
        values.addAll(rows.values());
        long firstHour = buckets.starts().get(0).getEpochSecond();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            bind(select, values);
            select.setFetchSize(FETCH_ROWS);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    long bucket = row.getLong(1);
                    sink.accept(new ExportRow(
                            (int) (hourly ? (bucket - firstHour) / 3_600 : bucket - 1),
                            row.getString(2),
                            row.getLong(3),
                            row.getLong(4),
                            row.getString(5),
                            row.getString(6),
                            row.getString(7),
                            row.getString(8),
                            row.getString(9),
                            row.getLong(10)));
                }
            }
        }
    }

    /** The same figures from the single events: no rollup is asked. */
    UsageSums rawEvents() throws SQLException {
        List<Object> values = new ArrayList<>(List.of(
                org,
                ExportJobStore.utc(order.range().start()),
                ExportJobStore.utc(order.range().end())));
        String sql = RAW_EVENTS;
        if (!order.models().isEmpty()) {
            sql += OF_MODELS;
            values.add(models());
        }
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            bind(select, values);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                if (row.getLong(1) == 0) {
                    return UsageSums.NONE;
                }
                return new UsageSums(
                        row.getLong(1),
                        row.getLong(2),
                        row.getBigDecimal(3).toBigIntegerExact(),
                        row.getBigDecimal(4).toBigIntegerExact(),
                        row.getBigDecimal(5).toBigIntegerExact(),
                        row.getBigDecimal(6).toBigIntegerExact(),
                        Optional.ofNullable(row.getBigDecimal(7)),
                        row.getLong(8));
            }
        }
    }

    private Part source() throws SQLException {
        List<Part> parts = new ArrayList<>();
        List<Instant> pendingDays = pending.stream()
                .map(hour -> hour.truncatedTo(ChronoUnit.DAYS))
                .distinct()
                .toList();
        for (Slice slice : buckets.slices(order.range())) {
            switch (slice.rollup()) {
                case HOURLY ->
                    parts.add(rollup(
                            FROM_HOURLY, slice.range().start(), slice.range().end(), pending));
                case DAILY -> {
                    parts.add(rollup(
                            FROM_DAILY, slice.range().start(), slice.range().end(), pendingDays));
                    for (Instant day : pendingDays) {
                        if (!day.isBefore(slice.range().start())
                                && day.isBefore(slice.range().end())) {
                            parts.add(rollup(FROM_HOURLY, day, day.plus(1, ChronoUnit.DAYS), pending));
                        }
                    }
                }
            }
        }
        if (!pending.isEmpty()) {
            List<Object> values = new ArrayList<>(List.of(times(pending), org));
            parts.add(ofModels(FROM_RAW, values));
        }
        List<Object> values = new ArrayList<>();
        parts.forEach(part -> values.addAll(part.values()));
        return new Part(String.join("union all\n", parts.stream().map(Part::sql).toList()), values);
    }

    private Part rollup(String sql, Instant low, Instant high, List<Instant> without) throws SQLException {
        List<Object> values = new ArrayList<>(List.of(org, ExportJobStore.utc(low), ExportJobStore.utc(high)));
        if (without.isEmpty()) {
            return ofModels(sql, values);
        }
        values.add(times(without));
        return ofModels(sql + NOT_PENDING, values);
    }

    private Part ofModels(String sql, List<Object> values) throws SQLException {
        if (order.models().isEmpty()) {
            return new Part(sql, values);
        }
        values.add(models());
        return new Part(sql + OF_MODELS, values);
    }

    private java.sql.Array models() throws SQLException {
        return connection.createArrayOf("uuid", order.models().toArray());
    }

    private java.sql.Array times(List<Instant> times) throws SQLException {
        return connection.createArrayOf(
                "timestamptz", times.stream().map(Instant::toString).toArray());
    }

    private static void bind(PreparedStatement statement, List<Object> values) throws SQLException {
        int index = 1;
        for (Object value : values) {
            statement.setObject(index++, value);
        }
    }
}
