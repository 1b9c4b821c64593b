package io.inference.analytics.export;

import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Buckets.Slice;
import io.inference.analytics.series.Granularity;
import java.io.IOException;
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
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Everything that a file is made of, read from one snapshot of the database: the rows and the names. {@link RawAggregate} shares
 * it.
 *
 * <p>Rows come from the rollups. In flavour timescale a late event shows in them only after a refresh, a few seconds later; hours
 * for which a refresh is pending in this snapshot are read from the raw events, so the rows are those that the rollups show after
 * every pending refresh, and no new late event can make a file wait. Memory: a row, and the names of all models.
 */
final class ExportSnapshot implements AutoCloseable {

    private static final String BEGIN =
            """
            set transaction isolation level repeatable read, read only;
            set local statement_timeout = '30min'; set local timezone = 'UTC'
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
            from unnest(?) as pending (hour)
            join analytics.usage_events
              on org_id = ? and occurred_at >= pending.hour and occurred_at < pending.hour + interval '1 hour'
            where true
            """;

    private static final String UNPRICED =
            """
            select distinct model_id from (%s) as slices where unpriced_invocations > 0 order by model_id
            """;

    // Rows of an hour and a model lie side by side in the index of the rollups: read in its order they need neither a
    // hash
    // table that does not fit into memory nor a sort, and the first one comes at once. The planner thinks otherwise.
    private static final String BY_INDEX =
            "set local enable_hashagg = off; set local enable_bitmapscan = off; set local enable_sort = off";

    // One COPY lasts until the last part but one is uploaded; a server that says nothing is given up long before.
    private static final String AS_LONG_AS_UPLOADED = "set local statement_timeout = '6h'";

    static final String OF_MODELS = " and model_id = any (?)\n";
    private static final String NOT_PENDING = " and bucket_start <> all (?)\n";

    /** Told each row. */
    @FunctionalInterface
    interface Sink<E extends Exception> {
        void accept(ExportRow row) throws E, IOException;
    }

    /**
     * How far ingest was.
     *
     * @param batchId the last batch that is in the snapshot
     * @param hoursFromRawEvents hours whose late events the rollups did not show yet
     */
    record Watermark(Optional<Long> batchId, Optional<Instant> committedAt, int hoursFromRawEvents) {}

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
        SqlPart rows = source();
        SqlPart unpriced = new SqlPart(UNPRICED.formatted(rows.sql()), rows.values()).and(" limit ?", limit);
        List<String> models = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(unpriced.sql())) {
            unpriced.bind(select);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    models.add(found.getString(1));
                }
            }
        }
        return models;
    }

    /** The name under which another session can share the snapshot while this one is open. */
    String id() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_export_snapshot()")) {
            row.next();
            return row.getString(1);
        }
    }

    /**
     * Gives every row to the sink, by bucket and then by model. They come by COPY, which needs no round trips: the database goes on
     * while the sink works, a few buffers ahead of it.
     */
    <E extends Exception> void rows(Sink<E> sink) throws SQLException, E, IOException {
        boolean hourly = order.granularity().granularity() == Granularity.HOUR;
        CopyOut copy =
                connection.unwrap(PGConnection.class).getCopyAPI().copyOut("copy (" + rowsSql(hourly) + ") to stdout");
        try {
            long firstHour = buckets.starts().get(0).getEpochSecond();
            for (byte[] line = copy.readFromCopy(); line != null; line = copy.readFromCopy()) {
                CopiedLine cells = new CopiedLine(line);
                long bucket = cells.number();
                sink.accept(new ExportRow(
                        (int) (hourly ? (bucket - firstHour) / 3_600 : bucket - 1),
                        cells.text(),
                        cells.number(),
                        cells.number(),
                        cells.text(),
                        cells.text(),
                        cells.text(),
                        cells.text(),
                        cells.text(),
                        cells.number()));
            }
        } finally {
            if (copy.isActive()) {
                copy.cancelCopy();
            }
        }
    }

    private String rowsSql(boolean hourly) throws SQLException {
        SqlPart rows = source();
        try (Statement statement = connection.createStatement()) {
            statement.execute(AS_LONG_AS_UPLOADED);
            if (hourly && pending.isEmpty()) {
                statement.execute(BY_INDEX);
            }
        }
        if (hourly) {
            return new SqlPart(
                            ROWS.formatted(
                                    "extract(epoch from bucket_start)::bigint", rows.sql(), "slices.bucket_start"),
                            rows.values())
                    .inlined();
        }
        List<Object> values = new ArrayList<>();
        values.add(buckets.starts());
        values.addAll(rows.values());
        return new SqlPart(ROWS.formatted("width_bucket(bucket_start, ?)", rows.sql(), "1"), values).inlined();
    }

    private SqlPart source() {
        List<SqlPart> parts = new ArrayList<>();
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
            parts.add(ofModels(new SqlPart(FROM_RAW, List.of(pending, org))));
        }
        return SqlPart.joined("union all\n", parts);
    }

    private SqlPart rollup(String sql, Instant low, Instant high, List<Instant> without) {
        SqlPart part = new SqlPart(sql, List.of(org, low, high));
        return ofModels(without.isEmpty() ? part : part.and(NOT_PENDING, without));
    }

    private SqlPart ofModels(SqlPart part) {
        return order.models().isEmpty() ? part : part.and(OF_MODELS, new ArrayList<>(order.models()));
    }
}
