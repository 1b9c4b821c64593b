package io.inference.analytics.audit;

import io.inference.analytics.audit.AuditEntry.Hashed;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** The SQL of the log. Rows are added and read here, never changed. */
@ApplicationScoped
class AuditLogStore {

    private static final String COLUMNS =
            "seq, recorded_at, at, actor, action, org_id, outcome, cross_org, method, path, trace_id, hash";

    /** The end of the chain, with its name. */
    record End(UUID chain, AuditHead head) {}

    /** What retention left of the dropped part: the last entry of it, and when that was recorded. */
    record Checkpoint(AuditHead head, Instant recordedAt, Instant droppedAt) {}

    /** Which entries are wanted; {@code before} is exclusive and counts backwards along the chain. */
    record Page(
            Optional<UUID> org,
            Optional<Instant> start,
            Optional<Instant> end,
            Optional<String> actor,
            Optional<String> action,
            Optional<String> outcome,
            Optional<AuditQuery.Cursor> before,
            int limit) {

        /** The same with one entry more, which tells whether another page follows. */
        Page withOneMore() {
            return new Page(org, start, end, actor, action, outcome, before, limit + 1);
        }
    }

    private static final String LOCK =
            """
            select seq, hash, greatest(clock_timestamp(), recorded_at) from analytics.audit_head for update
            """;

    private static final String APPEND =
            """
            with added as (
                insert into analytics.audit_log (%s)
                select seq, recorded_at, at, actor, action, org_id, outcome, cross_org, method, path, trace_id, decode(hash, 'hex')
                from unnest(?::bigint[], ?::timestamptz[], ?::timestamptz[], ?::text[], ?::text[], ?::uuid[], ?::text[],
                            ?::boolean[], ?::text[], ?::text[], ?::text[], ?::text[])
                     as entry (%s))
            update analytics.audit_head set seq = ?, recorded_at = ?, hash = decode(?, 'hex')
            """
                    .formatted(COLUMNS, COLUMNS);

    /**
     * Adds the entries to the end of the chain and moves its head, in one transaction that it commits. Waits for other replicas
     * that do the same.
     */
    void append(Connection connection, List<AuditEntry> entries) throws SQLException {
        connection.setAutoCommit(false);
        try {
            long seq;
            byte[] hash;
            Instant recordedAt;
            try (PreparedStatement lock = connection.prepareStatement(LOCK);
                    ResultSet row = lock.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the head of the audit log is missing", "P0002");
                }
                seq = row.getLong(1);
                hash = row.getBytes(2);
                recordedAt = instant(row, 3);
            }
            List<AuditEntry> placed = new ArrayList<>(entries.size());
            List<String> hashes = new ArrayList<>(entries.size());
            for (AuditEntry entry : entries) {
                AuditEntry next = entry.placed(++seq, recordedAt);
                hash = AuditChain.next(hash, next);
                placed.add(next);
                hashes.add(HexFormat.of().formatHex(hash));
            }
            try (PreparedStatement append = connection.prepareStatement(APPEND)) {
                array(append, 1, "int8", placed, AuditEntry::seq);
                array(append, 2, "timestamptz", placed, AuditEntry::recordedAt);
                array(append, 3, "timestamptz", placed, AuditEntry::at);
                array(append, 4, "text", placed, entry -> entry.actor().orElse(null));
                array(append, 5, "text", placed, AuditEntry::action);
                array(append, 6, "uuid", placed, entry -> entry.orgId().orElse(null));
                array(append, 7, "text", placed, AuditEntry::outcome);
                array(append, 8, "bool", placed, AuditEntry::crossOrg);
                array(append, 9, "text", placed, AuditEntry::method);
                array(append, 10, "text", placed, AuditEntry::path);
                array(append, 11, "text", placed, AuditEntry::traceId);
                append.setArray(12, connection.createArrayOf("text", hashes.toArray()));
                append.setLong(13, seq);
                append.setObject(14, recordedAt.atOffset(ZoneOffset.UTC));
                append.setString(15, hashes.get(hashes.size() - 1));
                append.executeUpdate();
            }
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            rollBack(connection, e);
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    private static void array(
            PreparedStatement statement,
            int index,
            String type,
            List<AuditEntry> entries,
            Function<AuditEntry, Object> field)
            throws SQLException {
        statement.setArray(
                index,
                statement
                        .getConnection()
                        .createArrayOf(type, entries.stream().map(field).toArray()));
    }

    private static void rollBack(Connection connection, Exception cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // The connection has gone, and with it the transaction.
            cause.addSuppressed(e);
        }
    }

    private static final String ENSURE_MONTHS =
            """
            select analytics.ensure_audit_month((date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead))::date)
            from generate_series(0, 1) as ahead
            """;

    /** Makes the partitions of this month and the next, by the database's time. */
    void ensureMonths(Connection connection) throws SQLException {
        try (PreparedStatement ensure = connection.prepareStatement(ENSURE_MONTHS)) {
            ensure.execute();
        }
    }

    private static final String PURGE = "select analytics.purge_audit(?)";

    /** Drops the months that lie wholly before the time, behind a checkpoint; returns how many. */
    int purge(Connection connection, Instant before) throws SQLException {
        try (PreparedStatement purge = connection.prepareStatement(PURGE)) {
            purge.setObject(1, before.atOffset(ZoneOffset.UTC));
            try (ResultSet row = purge.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    private static final String END = "select chain, seq, hash from analytics.audit_head";

    /** Where the chain ends by its own account; empty when somebody removed that. */
    Optional<End> end(Connection connection) throws SQLException {
        try (PreparedStatement end = connection.prepareStatement(END);
                ResultSet row = end.executeQuery()) {
            return row.next()
                    ? Optional.of(new End(row.getObject(1, UUID.class), AuditHead.of(row.getLong(2), row.getBytes(3))))
                    : Optional.empty();
        }
    }

    private static final String CHECKPOINT =
            "select seq, hash, recorded_at, dropped_at from analytics.audit_checkpoints order by seq desc limit 1";

    /** The newest checkpoint, if retention has dropped anything yet. */
    Optional<Checkpoint> checkpoint(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CHECKPOINT);
                ResultSet row = statement.executeQuery()) {
            return row.next()
                    ? Optional.of(new Checkpoint(
                            AuditHead.of(row.getLong(1), row.getBytes(2)), instant(row, 3), instant(row, 4)))
                    : Optional.empty();
        }
    }

    private static final String ALL = "select %s from analytics.audit_log order by recorded_at, seq".formatted(COLUMNS);
    private static final int FETCH_SIZE = 5_000;

    /** Takes an entry. */
    interface Visitor {
        void entry(Hashed hashed);
    }

    /** Shows every entry in the order of the chain; the connection is in a transaction, so memory stays flat. */
    void all(Connection connection, Visitor visitor) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ALL)) {
            statement.setFetchSize(FETCH_SIZE);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    visitor.entry(hashed(rows));
                }
            }
        }
    }

    private static final String PAGE =
            """
            select %s from analytics.audit_log
            where (?::uuid is null or org_id = ?)
              and (?::timestamptz is null or recorded_at >= ?)
              and (?::timestamptz is null or recorded_at < ?)
              and (?::text is null or actor = ?)
              and (?::text is null or action = ?)
              and (?::text is null or outcome = ?)
              and (?::timestamptz is null or (recorded_at, seq) < (?, ?))
            order by recorded_at desc, seq desc limit ?
            """
                    .formatted(COLUMNS);

    /** Entries, newest first. */
    List<Hashed> page(Connection connection, Page page) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PAGE)) {
            int index = 1;
            for (Object value : new Object[] {
                page.org().orElse(null),
                page.start().map(AuditLogStore::utc).orElse(null),
                page.end().map(AuditLogStore::utc).orElse(null),
                page.actor().orElse(null),
                page.action().orElse(null),
                page.outcome().orElse(null),
            }) {
                set(statement, index++, value);
                set(statement, index++, value);
            }
            OffsetDateTime edge =
                    page.before().map(cursor -> utc(cursor.recordedAt())).orElse(null);
            set(statement, index++, edge);
            set(statement, index++, edge);
            statement.setLong(index++, page.before().map(AuditQuery.Cursor::seq).orElse(0L));
            statement.setInt(index, page.limit());
            List<Hashed> found = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(hashed(rows));
                }
            }
            return found;
        }
    }

    private static void set(PreparedStatement statement, int index, Object value) throws SQLException {
        if (value == null) {
            statement.setNull(index, Types.NULL);
        } else {
            statement.setObject(index, value);
        }
    }

    private static Hashed hashed(ResultSet row) throws SQLException {
        return new Hashed(
                new AuditEntry(
                        row.getLong(1),
                        instant(row, 2),
                        instant(row, 3),
                        Optional.ofNullable(row.getString(4)),
                        row.getString(5),
                        Optional.ofNullable(row.getObject(6, UUID.class)),
                        row.getString(7),
                        row.getBoolean(8),
                        row.getString(9),
                        row.getString(10),
                        row.getString(11)),
                row.getBytes(12));
    }

    private static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static OffsetDateTime utc(Instant time) {
        return time.atOffset(ZoneOffset.UTC);
    }
}
