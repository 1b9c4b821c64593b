package io.inference.analytics.export;

import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Buckets.Slice;
import io.inference.analytics.series.CutHours;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.TimeRange;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Everything that a file is made of, read from one snapshot of the database: the rows and the
 * names. {@link RawAggregate} shares the snapshot.
 *
 * <p>Rows come from the rollups. In flavour timescale the rollups show a late event only after a
 * refresh, a few seconds later. Hours for which a refresh is pending in this snapshot are read from
 * the raw events instead, and so are hours that a bucket or the range cuts. So the rows are those that the rollups show after every pending refresh,
 * and no late event can make a file wait. Memory: a row, and the names of all models.
 */
final class ExportSnapshot implements AutoCloseable {

    /** Receives each row. */
    @FunctionalInterface
    interface Sink<E extends Exception> {
        void accept(ExportRow row) throws E, IOException;
    }

    /**
     * How far ingest had come.
     *
     * @param batchId the last batch that is in the snapshot
     * @param hoursFromRawEvents hours whose late events the rollups did not yet show
     */
    record Watermark(Optional<Long> batchId, Optional<Instant> committedAt, int hoursFromRawEvents) {}

    private final Handle handle;
    private final UUID org;
    private final ExportOrder order;
    private final Buckets buckets;
    private final CutHours cuts;
    private final List<Instant> pending;
    private final boolean distributed;

    private ExportSnapshot(Handle handle, UUID org, ExportOrder order, List<Instant> pending, boolean distributed) {
        this.handle = handle;
        this.org = org;
        this.order = order;
        this.distributed = distributed;
        this.buckets = order.buckets();
        this.cuts = buckets.cuts(order.range());
        // What is read from raw events anyway needs no refresh.
        this.pending =
                pending.stream().filter(hour -> !cuts.hours().contains(hour)).toList();
    }

    private static final String BEGIN =
            """
            set transaction isolation level repeatable read, read only;
            set local statement_timeout = '30min'; set local timezone = 'UTC'
            """;

    /** Takes the snapshot, which owns a connection until it is closed. */
    static ExportSnapshot of(Jdbi snapshots, StorageFlavour flavour, UUID org, ExportOrder order) {
        Handle handle = snapshots.open();
        try {
            return flavour == StorageFlavour.CITUS
                    ? behindGuard(snapshots, handle, org, order)
                    : begin(handle, org, order, false);
        } catch (RuntimeException e) {
            try {
                end(handle);
            } catch (JdbiException alsoBroken) {
                e.addSuppressed(alsoBroken);
            }
            throw e;
        }
    }

    /** The commit of the hold fails when its worker was lost meanwhile, and with it the guard. */
    private static ExportSnapshot behindGuard(Jdbi snapshots, Handle handle, UUID org, ExportOrder order) {
        return snapshots.inTransaction(holding -> {
            holding.execute(HOLD_LIMITS);
            holding.createUpdate(HOLD).bind("org", org).execute();
            return begin(handle, org, order, true);
        });
    }

    // Flavour citus: the coordinator, with the watermark, and the worker that has the organisation
    // take their snapshots one after the other, and the worker makes a batch visible after the
    // coordinator. As long as a transaction holds the guard of the organisation, each of its
    // batches is in both or in neither.
    private static final String HOLD_LIMITS =
            "set local citus.propagate_set_commands = 'local'; set transaction isolation level read committed; "
                    + "set local lock_timeout = '30s'";

    // By the key, as an update would not wait for a guard that a batch in doubt has inserted.
    private static final String HOLD =
            """
            insert into analytics.ingest_guard as guard (org_id, batch_id) values (:org, 0)
            on conflict (org_id) do update set batch_id = guard.batch_id
            """;
    private static final String FROM_ONE_WORKER =
            "set local citus.propagate_set_commands = 'local'; set local citus.max_adaptive_executor_pool_size = 1";
    private static final String TOUCH = "select exists (select from analytics.ingest_guard where org_id = :org)";

    private static ExportSnapshot begin(Handle handle, UUID org, ExportOrder order, boolean distributed) {
        handle.begin();
        if (distributed) {
            handle.execute(FROM_ONE_WORKER);
        }
        handle.execute(BEGIN);
        if (distributed) {
            handle.createQuery(TOUCH).bind("org", org).mapTo(Boolean.class).one();
        }
        return new ExportSnapshot(handle, org, order, pending(handle, order.range()), distributed);
    }

    @Override
    public void close() {
        end(handle);
    }

    private static void end(Handle handle) {
        try (handle) {
            handle.rollback();
        }
    }

    private static final String PENDING =
            """
            select unnest(analytics.hours_behind(array(
                select distinct hour from analytics.rollup_outbox cross join lateral unnest(hours) as hour
                where hour >= :start and hour < :end))) as hour
            order by hour
            """;

    private static List<Instant> pending(Handle handle, TimeRange range) {
        return handle.createQuery(PENDING)
                .bind("start", range.start())
                .bind("end", range.end())
                .mapTo(Instant.class)
                .list();
    }

    private static final String WATERMARK =
            """
            select max(batch_id) as batch_id, max(committed_at) as committed_at from analytics.ingestion_batches
            where batch_id = (select max(batch_id) from analytics.ingestion_batches)
            """;

    Watermark watermark() {
        return handle.createQuery(WATERMARK)
                .map(row -> new Watermark(
                        Optional.ofNullable(row.getColumn("batch_id", Long.class)),
                        Optional.ofNullable(row.getColumn("committed_at", Instant.class)),
                        pending.size()))
                .one();
    }

    /** The organisation's name; its id where it has none. */
    String orgName() {
        return handle.createQuery("select name from analytics.orgs where org_id = :org")
                .bind("org", org)
                .mapTo(String.class)
                .findOne()
                .orElse(org.toString());
    }

    /** The models' names by id; a model without a name is missing. */
    Map<String, String> modelNames() {
        return handle.createQuery("select model_id::text as model_id, name from analytics.models")
                .reduceRows(new HashMap<>(), (names, row) -> {
                    names.put(row.getColumn("model_id", String.class), row.getColumn("name", String.class));
                    return names;
                });
    }

    private static final String PROVIDER_MODELS =
            """
            with ours as (
                select bills.provider, coalesce(named.provider_model, models.name) as name, models.model_id::text as model_id
                from analytics.models
                left join analytics.provider_model named on named.model_id = models.model_id
                join (values ('anthropic'), ('openai')) as bills (provider) on bills.provider = coalesce(named.provider, bills.provider)
            )
            select provider || '/' || name as provider_model, model_id from ours
            union
            select provider || '/' || alias.alias, model_id
            from ours join analytics.provider_model_alias alias using (provider) where alias.provider_model = ours.name
            order by model_id
            """;

    /** The ids of this service's models by provider and its name of each, as {@code openai/gpt-5}. */
    Map<String, List<String>> providerModels() {
        return handle.createQuery(PROVIDER_MODELS).reduceRows(new HashMap<>(), (models, row) -> {
            models.computeIfAbsent(row.getColumn("provider_model", String.class), name -> new ArrayList<>())
                    .add(row.getColumn("model_id", String.class));
            return models;
        });
    }

    /** What providers billed for the organisation in the order's window. */
    FocusCharges charges() {
        return new FocusCharges(handle, org, order);
    }

    private static final String UNPRICED =
            """
            select distinct model_id from (%s) as slices where unpriced_invocations > 0 order by model_id
            """;

    /** Models of the order that have invocations without a price, the first few. */
    List<String> unpricedModels(int limit) {
        SqlPart rows = source();
        SqlPart unpriced = new SqlPart(UNPRICED.formatted(rows.sql()), rows.values()).and(" limit ?", limit);
        return handle.createQuery(unpriced.inlined()).mapTo(String.class).list();
    }

    /** The figures of the raw events, or their computation by another session. */
    RawAggregate rawEvents(Jdbi snapshots, Executor executor) throws InterruptedIOException {
        return distributed
                ? RawAggregate.within(handle, org, order)
                : RawAggregate.begin(snapshots, id(), org, order, executor);
    }

    /** The name under which another session can share the snapshot while this one is open. */
    private String id() {
        return handle.createQuery("select pg_export_snapshot()")
                .mapTo(String.class)
                .one();
    }

    /**
     * Gives every row to the sink, by bucket and then by model. The rows come by COPY, which needs
     * no round trips: the database continues while the sink works, a few buffers ahead of it.
     */
    <E extends Exception> void rows(Sink<E> sink) throws E, IOException {
        String rows = rowsSql();
        try {
            copy(rows, sink);
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
    }

    private <E extends Exception> void copy(String rows, Sink<E> sink) throws SQLException, E, IOException {
        CopyOut copy =
                handle.getConnection().unwrap(PGConnection.class).getCopyAPI().copyOut("copy (" + rows + ") to stdout");
        try {
            long firstHour = buckets.starts().get(0).getEpochSecond();
            for (byte[] line = copy.readFromCopy(); line != null; line = copy.readFromCopy()) {
                CopiedLine cells = new CopiedLine(line);
                long bucket = cells.number();
                sink.accept(new ExportRow(
                        (int) (hourly() ? (bucket - firstHour) / 3_600 : bucket - 1),
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

    // Rows of an hour and a model lie side by side in the index of the rollups. Read in its order
    // they need neither a hash table that does not fit into memory nor a sort, and the first one
    // comes at once. The planner expects otherwise.
    private static final String BY_INDEX =
            "set local enable_hashagg = off; set local enable_bitmapscan = off; set local enable_sort = off";

    // One COPY lasts until the last part but one is uploaded. A silent server is given up long
    // before.
    private static final String AS_LONG_AS_UPLOADED = "set local statement_timeout = '6h'";

    private String rowsSql() {
        SqlPart rows = source();
        handle.execute(AS_LONG_AS_UPLOADED);
        if (hourly() && pending.isEmpty() && cuts.isEmpty()) {
            handle.execute(BY_INDEX);
        }
        if (hourly()) {
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

    private static final String FROM_CUT_HOURS =
            """
            select %s as bucket_start, model_id, status, 1::bigint as invocations,
                   (cost_estimate_cents is null)::integer::bigint as unpriced_invocations, input_tokens::numeric as input_tokens,
                   output_tokens::numeric, cache_read_input_tokens::numeric, cache_write_input_tokens::numeric, cost_estimate_cents
            from unnest(?, ?) as cut (low, high)
            cross join lateral (
                select * from analytics.usage_events
                where org_id = ? and occurred_at >= cut.low and occurred_at < cut.high and occurred_at >= ? and occurred_at < ?
                offset 0
            ) as events
            where true
            """;

    private static final String OF_MODELS = " and model_id = any (?)\n";
    private static final String WITHOUT = " and bucket_start <> all (?)\n";

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
                            FROM_HOURLY, slice.range().start(), slice.range().end(), withoutHours()));
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
        if (!cuts.isEmpty()) {
            List<TimeRange> events = cuts.parts();
            parts.add(ofModels(new SqlPart(
                    FROM_CUT_HOURS.formatted(hourly() ? "date_trunc('hour', occurred_at, 'UTC')" : "occurred_at"),
                    List.of(
                            cuts.starts(),
                            cuts.ends(),
                            org,
                            events.get(0).start(),
                            events.get(events.size() - 1).end()))));
        }
        return SqlPart.joined("union all\n", parts);
    }

    private List<Instant> withoutHours() {
        return Stream.concat(pending.stream(), cuts.hours().stream()).toList();
    }

    private boolean hourly() {
        return order.granularity().granularity() == Granularity.HOUR;
    }

    private SqlPart rollup(String sql, Instant low, Instant high, List<Instant> without) {
        SqlPart part = new SqlPart(sql, List.of(org, low, high));
        return ofModels(without.isEmpty() ? part : part.and(WITHOUT, without));
    }

    private SqlPart ofModels(SqlPart part) {
        return order.models().isEmpty() ? part : part.and(OF_MODELS, new ArrayList<>(order.models()));
    }
}
