package io.inference.analytics.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.event.EventStatus;
import io.inference.analytics.event.Metadata;
import io.inference.analytics.event.UsageEvent;
import io.inference.analytics.platform.Traces;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.PGConnection;

/**
 * The SQL of one batch. All methods but {@link #ensureDays} work in the caller's transaction, in the order in which they stand
 * here.
 *
 * <p>{@link OrgLocks#enter} lets one batch at a time, of all replicas, look for duplicates of an organisation and insert: a duplicate
 * whose time differs has another key, so no unique index could stop two transactions that store it at once (ADR 2, ADR 17).
 */
@ApplicationScoped
class UsageEventStore {

    /** Order of the columns in the COPY stream. */
    static final String STAGE_COLUMNS =
            "seq, event_id, org_id, actor_id, model_id, client_id, occurred_at, received_at, "
                    + "input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, "
                    + "latency_ms, time_to_first_token_ms, status, error_code, cost_estimate_cents, metadata, batch_id, "
                    + "service_tier, context_window";

    /** A duplicate is recognised when its time differs from the stored one's by no more than this. */
    static final Duration DUPLICATE_WINDOW = Duration.ofHours(24);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, String>> STRINGS = new TypeReference<>() {};
    private static final String FIND_EXISTING =
            """
            select staged.seq, stored.*
            from %s staged
            cross join lateral (
                select event.occurred_at, event.actor_id, event.model_id, event.client_id, event.latency_ms,
                       event.time_to_first_token_ms, event.status, event.error_code, event.input_tokens, event.output_tokens,
                       event.cache_read_input_tokens, event.cache_write_input_tokens, event.cache_write_1h_input_tokens,
                       -- A cost set from the price book is not part of what the producer sent.
                       case when event.priced_by is null then event.cost_estimate_cents end as cost_estimate_cents, event.metadata,
                       event.service_tier, event.context_window, event.cost_estimate_cents as cost_cents
                from analytics.usage_events event
                where event.org_id = staged.org_id and event.event_id = staged.event_id
                  and event.occurred_at >= ? and event.occurred_at < ?
                  and event.occurred_at - staged.occurred_at between interval '-24 hours' and interval '24 hours'
                order by event.occurred_at
                limit 1) stored
            where staged.occurred_at >= ? and staged.occurred_at < ? and %s
            """;

    private static final String STAGED_COSTS =
            """
            select seq, cost_estimate_cents from %s staged where seq = any (?) and cost_estimate_cents is not null and %s
            """;

    private static final String UNSTAGE = "delete from %s staged where seq = any (?) and %s";

    private static final String INSERT_EVENTS =
            """
            insert into analytics.usage_events (event_id, org_id, actor_id, model_id, client_id, occurred_at, received_at,
                input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens,
                latency_ms, time_to_first_token_ms, status, error_code, cost_estimate_cents, metadata, batch_id, priced_by,
                service_tier, context_window)
            select event_id, org_id, actor_id, model_id, client_id, occurred_at, received_at,
                input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens,
                latency_ms, time_to_first_token_ms, status, error_code, cost_estimate_cents, metadata, batch_id, priced_by,
                service_tier, context_window
            from %s staged where %s
            """;

    private static final String INSERT_OUTBOX =
            """
            insert into analytics.rollup_outbox (batch_id, correlation_id, committed_at, trace_parent, hours, org_ids, model_ids,
                last_event_ats)
            values (?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String INSERT_CONFLICT =
            """
            insert into analytics.ingestion_conflicts (org_id, event_id, batch_id, received_at, payload) values (?, ?, ?, ?, ?)
            """;

    private static final String INSERT_BATCH =
            """
            insert into analytics.ingestion_batches (batch_id, kind, transport, replica, lane, correlation_id, first_offset, last_offset,
                messages, received, stored, duplicates, conflicts, dead_lettered, first_event_at, last_event_at, late,
                started_at, committed_at, trace_parent)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    /** Of a trial that is rolled back. */
    private static final long NO_BATCH = 0;

    private static final String NEXT_BATCH_ID = "select nextval('analytics.ingestion_batch_id')";

    private static final String ENSURE_DAY = "select analytics.ensure_day(?)";

    private final StorageFlavour.Found flavour;

    /** Days whose partition exists; retention drops only days that no legal event can hit. */
    private final Set<LocalDate> daysReady = ConcurrentHashMap.newKeySet();

    UsageEventStore(StorageFlavour.Found flavour) {
        this.flavour = flavour;
    }

    private EventStage stage() {
        return EventStage.of(flavour.flavour());
    }

    /** With the stage's name and the rows of the batch in the places of the two marks. */
    private String ofBatch(String sql, long batchId) {
        return sql.formatted(stage().table(), stage().rows(batchId));
    }

    /** Makes the partitions of the events' days, before the batch's transaction: each commits on its own. */
    void ensureDays(Connection connection, List<UsageEvent> events) throws SQLException {
        Set<LocalDate> missing = new TreeSet<>();
        for (UsageEvent event : events) {
            LocalDate day = LocalDate.ofInstant(event.occurredAt(), ZoneOffset.UTC);
            if (!daysReady.contains(day)) {
                missing.add(day);
            }
        }
        for (LocalDate day : missing) {
            try (PreparedStatement statement = connection.prepareStatement(ENSURE_DAY)) {
                statement.setObject(1, day);
                statement.execute();
            }
            connection.commit();
            daysReady.add(day);
        }
    }

    /** After "no partition for this row": it was dropped since, so look again. */
    void forgetDays() {
        daysReady.clear();
    }

    long nextBatchId(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(NEXT_BATCH_ID)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** Copies the events into the transaction's staging table; {@code seq} is their index. */
    void stage(Connection connection, List<UsageEvent> events, Instant receivedAt, long batchId) throws SQLException {
        stage().open(connection);
        byte[] rows = BinaryCopy.encode(events, receivedAt, batchId);
        try {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn(
                            "copy " + stage().table() + " (" + STAGE_COLUMNS + ") from stdin (format binary)",
                            new ByteArrayInputStream(rows),
                            rows.length);
        } catch (IOException e) {
            throw new SQLException("staging a batch: " + e.getMessage(), "08006", e);
        }
    }

    /** @see EventStage#guard */
    void guard(Connection connection, List<UsageEvent> events, long batchId) throws SQLException {
        long orgs = events.stream().map(UsageEvent::orgId).distinct().count();
        stage().guard(connection, batchId, (int) orgs);
    }

    /**
     * A stored event as its producer sent it.
     *
     * @param costCents sent or by the price book; null where it has no price
     */
    record Stored(UsageEvent event, BigDecimal costCents) {}

    /**
     * Staged events whose id is stored already within {@link #DUPLICATE_WINDOW}, by {@code seq}.
     *
     * <p>Day by day, so that each statement's bounds are those of whole partitions and leave three of them to read. With a narrower
     * range, a young partition without statistics would mislead PostgreSQL: for each event it would read an organisation's whole
     * day by the index on time, instead of the key.
     */
    Map<Integer, Stored> findExisting(Connection connection, List<UsageEvent> events, long batchId)
            throws SQLException {
        Set<Instant> days = new TreeSet<>();
        for (UsageEvent event : events) {
            days.add(event.occurredAt().truncatedTo(ChronoUnit.DAYS));
        }
        Map<Integer, Stored> existing = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(ofBatch(FIND_EXISTING, batchId))) {
            // Planned again each time: the bounds decide which partitions are read.
            statement.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(0);
            for (Instant day : days) {
                Instant end = day.plus(1, ChronoUnit.DAYS);
                statement.setObject(1, utc(day.minus(DUPLICATE_WINDOW)));
                statement.setObject(2, utc(end.plus(DUPLICATE_WINDOW)));
                statement.setObject(3, utc(day));
                statement.setObject(4, utc(end));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        UsageEvent staged = events.get(rows.getInt("seq"));
                        existing.put(
                                rows.getInt("seq"),
                                new Stored(
                                        read(rows, staged.eventId(), staged.orgId()),
                                        rows.getBigDecimal("cost_cents")));
                    }
                }
            }
        }
        return existing;
    }

    private static UsageEvent read(ResultSet rows, UUID eventId, UUID orgId) throws SQLException {
        return new UsageEvent(
                eventId,
                orgId,
                rows.getObject("model_id", UUID.class),
                rows.getObject("actor_id", UUID.class),
                rows.getString("client_id"),
                rows.getObject("occurred_at", OffsetDateTime.class).toInstant(),
                rows.getLong("latency_ms"),
                rows.getObject("time_to_first_token_ms", Long.class),
                EventStatus.ofWireName(rows.getString("status")),
                rows.getString("error_code"),
                rows.getLong("input_tokens"),
                rows.getLong("output_tokens"),
                rows.getLong("cache_read_input_tokens"),
                rows.getLong("cache_write_input_tokens"),
                rows.getLong("cache_write_1h_input_tokens"),
                rows.getBigDecimal("cost_estimate_cents"),
                canonical(rows.getString("metadata")),
                rows.getString("service_tier"),
                rows.getString("context_window"));
    }

    /** PostgreSQL returns jsonb in its own order and with its own white space. */
    private static String canonical(String jsonb) throws SQLException {
        if (jsonb == null) {
            return null;
        }
        try {
            return Metadata.canonical(JSON.readValue(jsonb, STRINGS));
        } catch (JsonProcessingException e) {
            throw new SQLException("stored metadata is not a map of strings", "XX001", e);
        }
    }

    /** Removes the events from the staging table that are not to be stored. */
    void unstage(Connection connection, Set<Integer> seqs, long batchId) throws SQLException {
        if (seqs.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(ofBatch(UNSTAGE, batchId))) {
            statement.setArray(1, connection.createArrayOf("integer", seqs.toArray()));
            statement.executeUpdate();
        }
    }

    /** Prices the staged events that brought no cost. */
    void priceStaged(Connection connection, long batchId) throws SQLException {
        stage().price(connection, batchId);
    }

    /** What staged events cost, of those of the given {@code seq} that have a price. */
    Map<Integer, BigDecimal> stagedCosts(Connection connection, Set<Integer> seqs, long batchId) throws SQLException {
        Map<Integer, BigDecimal> costs = new HashMap<>();
        if (seqs.isEmpty()) {
            return costs;
        }
        try (PreparedStatement statement = connection.prepareStatement(ofBatch(STAGED_COSTS, batchId))) {
            statement.setArray(1, connection.createArrayOf("integer", seqs.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    costs.put(rows.getInt("seq"), rows.getBigDecimal("cost_estimate_cents"));
                }
            }
        }
        return costs;
    }

    /** Stores all staged events and adds them to the rollups. */
    void storeStaged(Connection connection, long batchId) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(ofBatch(INSERT_EVENTS, batchId));
        }
        stage().rollUp(connection, batchId);
        stage().empty(connection, batchId);
    }

    void recordConflicts(
            Connection connection, long batchId, Instant receivedAt, List<PreparedBatch.Conflict> conflicts)
            throws SQLException {
        if (conflicts.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(INSERT_CONFLICT)) {
            for (PreparedBatch.Conflict conflict : conflicts) {
                PreparedBatch.Candidate refused = conflict.refused();
                statement.setObject(1, refused.event().orgId());
                statement.setObject(2, refused.event().eventId());
                statement.setLong(3, batchId);
                statement.setObject(4, utc(receivedAt));
                statement.setBytes(5, refused.payload());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /**
     * Records the batch, and for the rollups what it stored, if anything.
     *
     * @param stored the events that are new
     */
    void recordBatch(Connection connection, BatchRecord batch, List<UsageEvent> stored) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(INSERT_BATCH)) {
            int column = 1;
            statement.setLong(column++, batch.batchId());
            statement.setString(column++, batch.kind());
            statement.setString(column++, batch.transport());
            statement.setString(column++, batch.replica());
            statement.setInt(column++, batch.lane());
            statement.setString(column++, batch.correlationId());
            statement.setObject(column++, batch.firstOffset() < 0 ? null : batch.firstOffset());
            statement.setObject(column++, batch.lastOffset() < 0 ? null : batch.lastOffset());
            statement.setInt(column++, batch.messages());
            statement.setInt(column++, batch.counts().received());
            statement.setInt(column++, batch.counts().stored());
            statement.setInt(column++, batch.counts().duplicates());
            statement.setInt(column++, batch.counts().conflicts());
            statement.setInt(column++, batch.counts().deadLettered());
            statement.setObject(
                    column++, batch.firstEventAt().map(UsageEventStore::utc).orElse(null));
            statement.setObject(
                    column++, batch.lastEventAt().map(UsageEventStore::utc).orElse(null));
            statement.setBoolean(column++, batch.late());
            statement.setObject(column++, utc(batch.startedAt()));
            statement.setObject(column++, utc(batch.committedAt()));
            statement.setString(column, Traces.current().orElse(null));
            statement.executeUpdate();
        }
        if (!stored.isEmpty()) {
            recordOutbox(connection, batch, stored);
        }
    }

    private record Group(UUID org, UUID model) {}

    private static void recordOutbox(Connection connection, BatchRecord batch, List<UsageEvent> stored)
            throws SQLException {
        Set<Instant> hours = new TreeSet<>();
        Map<Group, Instant> touched = new LinkedHashMap<>();
        for (UsageEvent event : stored) {
            Instant at = event.occurredAt().truncatedTo(ChronoUnit.MICROS);
            hours.add(at.truncatedTo(ChronoUnit.HOURS));
            touched.merge(
                    new Group(event.orgId(), event.modelId()), at, (one, other) -> one.isAfter(other) ? one : other);
        }
        try (PreparedStatement statement = connection.prepareStatement(INSERT_OUTBOX)) {
            statement.setLong(1, batch.batchId());
            statement.setString(2, batch.correlationId());
            statement.setObject(3, utc(batch.committedAt()));
            statement.setString(4, Traces.current().orElse(null));
            statement.setArray(5, connection.createArrayOf("timestamptz", hours.toArray()));
            statement.setArray(
                    6,
                    connection.createArrayOf(
                            "uuid", touched.keySet().stream().map(Group::org).toArray()));
            statement.setArray(
                    7,
                    connection.createArrayOf(
                            "uuid", touched.keySet().stream().map(Group::model).toArray()));
            statement.setArray(
                    8, connection.createArrayOf("timestamptz", touched.values().toArray()));
            statement.executeUpdate();
        }
    }

    /**
     * Finds the rows that the database refuses, by halving, and leaves the transaction as it was.
     *
     * @return the SQLState of each row that cannot be stored even alone, by its index in {@code events}
     */
    Map<Integer, String> findRefused(Connection connection, List<UsageEvent> events, Instant receivedAt)
            throws SQLException {
        Map<Integer, String> refused = new TreeMap<>();
        try {
            halve(connection, events, 0, events.size(), receivedAt, refused);
        } finally {
            connection.rollback();
        }
        return refused;
    }

    private void halve(
            Connection connection,
            List<UsageEvent> events,
            int from,
            int to,
            Instant receivedAt,
            Map<Integer, String> refused)
            throws SQLException {
        if (from >= to) {
            return;
        }
        connection.rollback();
        try {
            stage(connection, new ArrayList<>(events.subList(from, to)), receivedAt, NO_BATCH);
            Set<Integer> existing =
                    findExisting(connection, events.subList(from, to), NO_BATCH).keySet();
            unstage(connection, existing, NO_BATCH);
            priceStaged(connection, NO_BATCH);
            storeStaged(connection, NO_BATCH);
            connection.rollback();
        } catch (SQLException e) {
            connection.rollback();
            if (!SqlState.refusesRow(e)) {
                throw e;
            }
            if (to - from == 1) {
                refused.put(from, SqlState.of(e));
                return;
            }
            int middle = from + (to - from) / 2;
            halve(connection, events, from, middle, receivedAt, refused);
            halve(connection, events, middle, to, receivedAt, refused);
        }
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}
