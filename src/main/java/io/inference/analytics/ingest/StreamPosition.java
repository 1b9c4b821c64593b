package io.inference.analytics.ingest;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.WireNamed;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Where a stream's reader stands, and which replica may read it: one row per stream, a lease with a fencing number; and what single lanes have
 * committed beyond that.
 *
 * <p>Each acquisition raises the epoch. {@link #advance} succeeds only with the current epoch and from the expected offset, in
 * the transaction that stores the events. So a reader that was paused and replaced cannot commit, whatever its clock says. The
 * lease runs by the database's clock, as replicas' clocks differ.
 *
 * <p>{@link #advance}, {@link #noteCommit} and {@link #skip} run once per batch and use plain JDBC, as all of its SQL does.
 */
@ApplicationScoped
class StreamPosition {

    /** A granted lease, and from where to read. */
    record Lease(long epoch, StreamPlace place) {}

    /** What operators see of the position; empty where nothing is held or known. */
    record Holding(StreamPlace place, Optional<String> holder, Optional<Instant> leasedUntil) {}

    /** This replica may no longer commit; what it holds belongs to another replica now. */
    static final class Fenced extends Exception {
        private static final long serialVersionUID = 1L;

        Fenced(long epoch, long expectedOffset) {
            super("epoch=%d next_offset=%d (expected: the current ones)".formatted(epoch, expectedOffset));
        }
    }

    private static final String CREATE =
            "insert into analytics.ingestion_positions (transport, offset_base) values (:source, :firstOffset) on conflict do nothing";

    private static final String HOLDING =
            """
            select next_offset, offset_base, last_message_offset, last_message_at,
                   case when leased_until > now() then holder end as holder,
                   case when leased_until > now() then leased_until end as leased_until
            from analytics.ingestion_positions where transport = :source
            """;

    private static final String ACQUIRE =
            """
            update analytics.ingestion_positions
            set holder = :replica, epoch = epoch + 1, leased_until = now() + :leaseMs * interval '1 millisecond'
            where transport = :source and (leased_until is null or leased_until < now() or holder = :replica)
            returning epoch, next_offset, offset_base, last_message_offset, last_message_at
            """;

    private static final String RENEW =
            """
            update analytics.ingestion_positions set leased_until = now() + :leaseMs * interval '1 millisecond'
            where transport = :source and epoch = :epoch and holder = :replica
            """;

    private static final String RELEASE =
            """
            update analytics.ingestion_positions set leased_until = now()
            where transport = :source and epoch = :epoch and holder = :replica
            """;

    /** Marks of an earlier stream, and of before a version that knows no lanes held the lease, are void. */
    private static final String FORGET_MARKS =
            """
            delete from analytics.ingestion_lanes
            where transport = :source and (next_offset is null or epoch <> :epoch - 1 or next_offset <= :nextOffset)
            """;

    private static final String TAKE_MARKS =
            """
            update analytics.ingestion_lanes set epoch = :epoch, rule_epoch = case when rule_epoch = epoch then :epoch end
            where transport = :source
            """;

    private static final String CREATE_MARKS =
            """
            insert into analytics.ingestion_lanes (transport, lanes, lane, epoch, rule_epoch)
            select :source, :lanes, lane, :epoch, :epoch from generate_series(0, :lanes - 1) as lane
            on conflict do nothing
            """;

    private static final String MARKS =
            """
            select lanes, lane, next_offset, last_message_at, rule_epoch is distinct from epoch as of_older_rule
            from analytics.ingestion_lanes
            join (select transport, epoch, next_offset as reached from analytics.ingestion_positions) as position
            using (transport, epoch)
            where transport = :source and next_offset > coalesce(reached, 0)
            """;

    /** A mark that does not grow was set by an attempt whose answer was lost, and the batch is committed. */
    private static final String MARK =
            """
            update analytics.ingestion_lanes set next_offset = ?, last_message_at = ?, last_committed_at = ?
            where transport = ? and lanes = ? and lane = ? and epoch = ? and coalesce(next_offset, 0) < ?
            """;

    private static final String ADVANCE =
            """
            update analytics.ingestion_positions
            set next_offset = ?, last_message_offset = ?, last_message_at = ?, last_committed_at = ?
            where transport = ? and epoch = ? and coalesce(next_offset, ?) = ?
            """;

    private static final String NOTE_COMMIT =
            """
            insert into analytics.ingestion_positions as position (transport, last_committed_at) values (?, ?)
            on conflict (transport) do update set last_committed_at = greatest(position.last_committed_at, excluded.last_committed_at)
            """;

    private static final String RESET =
            """
            update analytics.ingestion_positions
            set offset_base = coalesce(next_offset, offset_base), last_message_offset = null, last_message_at = null,
                epoch = epoch + 1
            where transport = :source and (leased_until is null or leased_until <= now())
            """;

    private static final String SKIP =
            """
            insert into analytics.ingestion_skipped_offsets (first_offset, last_offset, cause, recorded_at) values (?, ?, ?, ?)
            """;

    private static final String KNOWN =
            "select transport from analytics.ingestion_positions where transport like 'stream%' order by transport";

    private static final String HELD_BY_OTHERS =
            """
            select transport from analytics.ingestion_positions
            where transport like 'stream%' and leased_until > now() and holder <> :replica
            """;

    // By the database's clock, as those of the replicas differ; and that of the replica itself for what it says of the
    // broker.
    private static final String READERS_ALIVE =
            """
            select distinct replica from analytics.ingestion_stream_observations
            where stream = any (:streams) and written_at > now() - :leaseMs * interval '1 millisecond'
              and (reads or broker_reachable_at > observed_at - :silenceMs * interval '1 millisecond')
            """;

    private final Jdbi jdbi;
    private final int lanes;
    private final StreamId stream;

    @Inject
    StreamPosition(Jdbi jdbi, IngestConfig config) {
        this(jdbi, config.lanes());
    }

    StreamPosition(Jdbi jdbi, int lanes) {
        this(jdbi, lanes, StreamId.WHOLE);
    }

    private StreamPosition(Jdbi jdbi, int lanes, StreamId stream) {
        this.jdbi = jdbi;
        this.lanes = lanes;
        this.stream = stream;
    }

    /** The position in another stream. */
    StreamPosition in(StreamId other) {
        return new StreamPosition(jdbi, lanes, other);
    }

    StreamId stream() {
        return stream;
    }

    /** The streams that were ever made to be read. */
    List<StreamId> known() {
        return jdbi.withHandle(handle -> handle.createQuery(KNOWN)
                .map(row -> StreamId.ofKey(row.getColumn("transport", String.class)))
                .list());
    }

    /** The streams that another replica has the lease of. */
    Set<StreamId> heldByOthers(String replica) {
        return jdbi.withHandle(handle -> handle.createQuery(HELD_BY_OTHERS)
                .bind("replica", replica)
                .map(row -> StreamId.ofKey(row.getColumn("transport", String.class)))
                .set());
    }

    /** The replicas that could read one of these streams, by what they wrote during the last lease. */
    Set<String> readersAlive(Collection<StreamId> streams, Duration lease) {
        return jdbi.withHandle(handle -> handle.createQuery(READERS_ALIVE)
                .bindArray(
                        "streams",
                        String.class,
                        streams.stream().map(StreamId::key).toList())
                .bind("leaseMs", lease.toMillis())
                .bind("silenceMs", IngestMetrics.BROKER_SILENCE_MAX.toMillis())
                .mapTo(String.class)
                .set());
    }

    /** Makes the stream one of those known. */
    void make() {
        jdbi.useHandle(this::make);
    }

    private void make(Handle handle) {
        handle.createUpdate(CREATE)
                .bind("source", stream.key())
                .bind("firstOffset", stream.firstOffset())
                .execute();
    }

    /** From where to read next. */
    StreamPlace place() {
        return holding().place();
    }

    /** The place, and who reads from it. */
    Holding holding() {
        return jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, handle -> {
            List<LaneMark> ahead = marks(handle);
            return handle.createQuery(HOLDING)
                    .bind("source", stream.key())
                    .map(row -> new Holding(
                            place(row, ahead),
                            Optional.ofNullable(row.getColumn("holder", String.class)),
                            Optional.ofNullable(row.getColumn("leased_until", Instant.class))))
                    .findOne()
                    .orElse(new Holding(
                            new StreamPlace(OptionalLong.empty(), stream.firstOffset(), Optional.empty(), List.of()),
                            Optional.empty(),
                            Optional.empty()));
        });
    }

    private List<LaneMark> marks(Handle handle) {
        return handle.createQuery(MARKS)
                .bind("source", stream.key())
                .map(row -> new LaneMark(
                        row.getColumn("lanes", Integer.class),
                        row.getColumn("lane", Integer.class),
                        new StreamPlace.Mark(
                                row.getColumn("next_offset", Long.class) - 1,
                                row.getColumn("last_message_at", Instant.class)),
                        row.getColumn("of_older_rule", Boolean.class)))
                .list();
    }

    /**
     * Makes the present streams, whichever they are, those to be read, from their first message on. The offsets of our books count
     * on.
     *
     * @throws Failure.Conflict when a replica holds the lease of one; then nothing was changed
     */
    void reset(List<StreamId> streams) {
        jdbi.useTransaction(handle -> {
            for (StreamId one : streams) {
                if (handle.createUpdate(RESET).bind("source", one.key()).execute() != 1) {
                    throw new Failure.Conflict(
                            "a replica holds the lease of stream %s (expected: none; stop the service first)"
                                    .formatted(one.name()));
                }
            }
        });
    }

    private static StreamPlace place(RowView row, List<LaneMark> ahead) {
        Long next = row.getColumn("next_offset", Long.class);
        Long mark = row.getColumn("last_message_offset", Long.class);
        return new StreamPlace(
                next == null ? OptionalLong.empty() : OptionalLong.of(next),
                row.getColumn("offset_base", Long.class),
                mark == null
                        ? Optional.empty()
                        : Optional.of(new StreamPlace.Mark(mark, row.getColumn("last_message_at", Instant.class))),
                ahead);
    }

    /** Empty while another replica holds the lease. */
    Optional<Lease> acquire(String replica, Duration lease) {
        return jdbi.inTransaction(handle -> {
            make(handle);
            return handle.createQuery(ACQUIRE)
                    .bind("source", stream.key())
                    .bind("replica", replica)
                    .bind("leaseMs", lease.toMillis())
                    .map(row -> new Lease(row.getColumn("epoch", Long.class), place(row, List.of())))
                    .findOne()
                    .map(taken -> withMarks(handle, taken));
        });
    }

    /** No batch of an earlier holder can commit after this: its epoch is over in the lanes' rows, too. */
    private Lease withMarks(Handle handle, Lease taken) {
        StreamPlace place = taken.place();
        handle.createUpdate(FORGET_MARKS)
                .bind("source", stream.key())
                .bind("epoch", taken.epoch())
                .bind("nextOffset", place.firstToRead())
                .execute();
        handle.createUpdate(TAKE_MARKS)
                .bind("source", stream.key())
                .bind("epoch", taken.epoch())
                .execute();
        handle.createUpdate(CREATE_MARKS)
                .bind("source", stream.key())
                .bind("lanes", lanes)
                .bind("epoch", taken.epoch())
                .execute();
        return new Lease(taken.epoch(), new StreamPlace(place.nextOffset(), place.base(), place.mark(), marks(handle)));
    }

    /** Whether the lease is still ours. */
    boolean renew(String replica, long epoch, Duration lease) {
        return jdbi.withHandle(handle -> handle.createUpdate(RENEW)
                        .bind("source", stream.key())
                        .bind("leaseMs", lease.toMillis())
                        .bind("epoch", epoch)
                        .bind("replica", replica)
                        .execute()
                == 1);
    }

    /** Lets another replica take over at once. */
    void release(String replica, long epoch) {
        jdbi.useHandle(handle -> handle.createUpdate(RELEASE)
                .bind("source", stream.key())
                .bind("epoch", epoch)
                .bind("replica", replica)
                .execute());
    }

    /** Moves the position from {@code expected} to behind the message, in the caller's transaction. */
    void advance(Connection connection, long epoch, long expected, StreamPlace.Mark last, Instant committedAt)
            throws SQLException, Fenced {
        try (PreparedStatement statement = connection.prepareStatement(ADVANCE)) {
            statement.setLong(1, last.offset() + 1);
            statement.setLong(2, last.offset());
            statement.setObject(3, UsageEventStore.utc(last.publishedAt()));
            statement.setObject(4, UsageEventStore.utc(committedAt));
            statement.setString(5, stream.key());
            statement.setLong(6, epoch);
            statement.setLong(7, expected);
            statement.setLong(8, expected);
            if (statement.executeUpdate() != 1) {
                throw new Fenced(epoch, expected);
            }
        }
    }

    /** Records what a lane has committed ahead of the position, in the caller's transaction. */
    void mark(Connection connection, long epoch, LaneMark mark, Instant committedAt) throws SQLException, Fenced {
        long next = mark.last().offset() + 1;
        try (PreparedStatement statement = connection.prepareStatement(MARK)) {
            statement.setLong(1, next);
            statement.setObject(2, UsageEventStore.utc(mark.last().publishedAt()));
            statement.setObject(3, UsageEventStore.utc(committedAt));
            statement.setString(4, stream.key());
            statement.setInt(5, mark.lanes());
            statement.setInt(6, mark.lane());
            statement.setLong(7, epoch);
            statement.setLong(8, next);
            if (statement.executeUpdate() != 1) {
                throw new Fenced(epoch, next);
            }
        }
    }

    /** Records when a transport without offsets last committed, in the caller's transaction. */
    void noteCommit(Connection connection, String transport, Instant committedAt) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(NOTE_COMMIT)) {
            statement.setString(1, transport);
            statement.setObject(2, UsageEventStore.utc(committedAt));
            statement.executeUpdate();
        }
    }

    /** Records offsets that held no message for us, in the caller's transaction. */
    void skip(Connection connection, long first, long last, SkipCause cause, Instant at) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SKIP)) {
            statement.setLong(1, first);
            statement.setLong(2, last);
            statement.setString(3, cause.wireName());
            statement.setObject(4, UsageEventStore.utc(at));
            statement.executeUpdate();
        }
    }

    /** Why a range of offsets held no message for us. */
    enum SkipCause implements WireNamed {
        /** Entries that the broker writes into the stream itself. */
        BROKER_HOUSEKEEPING("broker_housekeeping"),
        /** The stream dropped them before they were read. They are lost. */
        RETENTION("retention");

        private final String wireName;

        SkipCause(String wireName) {
            this.wireName = wireName;
        }

        @Override
        public String wireName() {
            return wireName;
        }
    }
}
