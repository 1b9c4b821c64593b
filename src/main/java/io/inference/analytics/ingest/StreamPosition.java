package io.inference.analytics.ingest;

import io.inference.analytics.platform.WireNamed;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Jdbi;

/**
 * Where the stream's reader stands, and which replica may read: one row, a lease with a fencing number.
 *
 * <p>Each acquisition raises the epoch. {@link #advance} succeeds only with the current epoch and from the expected offset, in
 * the transaction that stores the events. So a reader that was paused and replaced cannot commit, whatever its clock says. The
 * lease runs by the database's clock, as replicas' clocks differ.
 *
 * <p>{@link #advance}, {@link #noteCommit} and {@link #skip} run once per batch and use plain JDBC, as all of its SQL does.
 */
@ApplicationScoped
class StreamPosition {

    /** A granted lease; {@code nextOffset} is empty before the first commit. */
    record Lease(long epoch, OptionalLong nextOffset) {}

    /** This replica may no longer commit; what it holds belongs to another replica now. */
    static final class Fenced extends Exception {
        private static final long serialVersionUID = 1L;

        Fenced(long epoch, long expectedOffset) {
            super("epoch=%d next_offset=%d (expected: the current ones)".formatted(epoch, expectedOffset));
        }
    }

    private static final String CREATE =
            "insert into analytics.ingestion_positions (transport) values ('stream') on conflict do nothing";

    private static final String NEXT_OFFSET =
            "select next_offset from analytics.ingestion_positions where transport = 'stream' and next_offset is not null";

    private static final String ACQUIRE =
            """
            update analytics.ingestion_positions
            set holder = :replica, epoch = epoch + 1, leased_until = now() + :leaseMs * interval '1 millisecond'
            where transport = 'stream' and (leased_until is null or leased_until < now() or holder = :replica)
            returning epoch, next_offset
            """;

    private static final String RENEW =
            """
            update analytics.ingestion_positions set leased_until = now() + :leaseMs * interval '1 millisecond'
            where transport = 'stream' and epoch = :epoch and holder = :replica
            """;

    private static final String RELEASE =
            """
            update analytics.ingestion_positions set leased_until = now()
            where transport = 'stream' and epoch = :epoch and holder = :replica
            """;

    private static final String ADVANCE =
            """
            update analytics.ingestion_positions set next_offset = ?, last_committed_at = ?
            where transport = 'stream' and epoch = ? and coalesce(next_offset, ?) = ?
            """;

    private static final String NOTE_COMMIT =
            """
            insert into analytics.ingestion_positions as position (transport, last_committed_at) values (?, ?)
            on conflict (transport) do update set last_committed_at = greatest(position.last_committed_at, excluded.last_committed_at)
            """;

    private static final String SKIP =
            """
            insert into analytics.ingestion_skipped_offsets (first_offset, last_offset, cause, recorded_at) values (?, ?, ?, ?)
            """;

    private final Jdbi jdbi;

    StreamPosition(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Up to where (exclusive) the stream is committed; empty before the first commit. */
    OptionalLong nextOffset() {
        return jdbi.withHandle(handle ->
                optional(handle.createQuery(NEXT_OFFSET).mapTo(Long.class).findOne()));
    }

    /** Empty while another replica holds the lease. */
    Optional<Lease> acquire(String replica, Duration lease) {
        return jdbi.withHandle(handle -> {
            handle.execute(CREATE);
            return handle.createQuery(ACQUIRE)
                    .bind("replica", replica)
                    .bind("leaseMs", lease.toMillis())
                    .map(row -> new Lease(
                            row.getColumn("epoch", Long.class),
                            optional(Optional.ofNullable(row.getColumn("next_offset", Long.class)))))
                    .findOne();
        });
    }

    private static OptionalLong optional(Optional<Long> value) {
        return value.isPresent() ? OptionalLong.of(value.get()) : OptionalLong.empty();
    }

    /** Whether the lease is still ours. */
    boolean renew(String replica, long epoch, Duration lease) {
        return jdbi.withHandle(handle -> handle.createUpdate(RENEW)
                        .bind("leaseMs", lease.toMillis())
                        .bind("epoch", epoch)
                        .bind("replica", replica)
                        .execute()
                == 1);
    }

    /** Lets another replica take over at once. */
    void release(String replica, long epoch) {
        jdbi.useHandle(handle -> handle.createUpdate(RELEASE)
                .bind("epoch", epoch)
                .bind("replica", replica)
                .execute());
    }

    /** Moves the position from {@code expected} to {@code next} in the caller's transaction. */
    void advance(Connection connection, long epoch, long expected, long next, Instant committedAt)
            throws SQLException, Fenced {
        try (PreparedStatement statement = connection.prepareStatement(ADVANCE)) {
            statement.setLong(1, next);
            statement.setObject(2, UsageEventStore.utc(committedAt));
            statement.setLong(3, epoch);
            statement.setLong(4, expected);
            statement.setLong(5, expected);
            if (statement.executeUpdate() != 1) {
                throw new Fenced(epoch, expected);
            }
        }
    }

    /** Records when a transport without offsets last committed, in the caller's transaction and with the lane held. */
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
        /** The stream had dropped them before they were read. */
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
