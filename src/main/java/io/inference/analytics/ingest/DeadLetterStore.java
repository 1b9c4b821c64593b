package io.inference.analytics.ingest;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

/**
 * Dead letters between the commit of their batch and the broker's confirm.
 *
 * <p>A letter is deleted after its confirm. A crash between the two repeats a letter, and never loses one.
 */
@ApplicationScoped
class DeadLetterStore {

    /** A letter as it is published. */
    record Letter(long id, String reason, String detail, Instant firstSeen, byte[] payload) {}

    /** What waits: how many letters, {@link #COUNTED_MAX} at most, and for how long the oldest has waited. */
    record Pending(long letters, double oldestSeconds) {}

    /** Counting more would be expensive, and changes nothing that an operator does. */
    static final int COUNTED_MAX = 100_000;

    private static final String ADD =
            """
            insert into analytics.ingestion_dead_letters (batch_id, reason, detail, first_seen, payload) values (?, ?, ?, ?, ?)
            """;

    /** Longer than an attempt to publish takes; then another replica may try. */
    private static final String CLAIM =
            """
            update analytics.ingestion_dead_letters set claimed_until = now() + interval '1 minute'
            where dead_letter_id in (
                select dead_letter_id from analytics.ingestion_dead_letters
                where claimed_until is null or claimed_until < now()
                order by dead_letter_id limit :limit for update skip locked)
            returning dead_letter_id, reason, detail, first_seen, payload
            """;

    private static final String RELEASE =
            "update analytics.ingestion_dead_letters set claimed_until = null where dead_letter_id = any(:ids)";

    private static final String DELETE =
            "delete from analytics.ingestion_dead_letters where dead_letter_id = any(:ids)";

    private static final String PENDING =
            """
            select count(*) as letters, coalesce(extract(epoch from now() - min(stored_at)), 0)::float8 as oldest_seconds
            from (select stored_at from analytics.ingestion_dead_letters order by dead_letter_id limit :max) as oldest
            """;

    private final Jdbi jdbi;

    DeadLetterStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Adds the letters of a batch in its transaction. */
    void add(Connection connection, long batchId, Instant firstSeen, List<PreparedBatch.DeadLetter> letters)
            throws SQLException {
        if (letters.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(ADD)) {
            for (PreparedBatch.DeadLetter letter : letters) {
                statement.setLong(1, batchId);
                statement.setString(2, letter.reason().wireName());
                statement.setString(3, letter.detail());
                statement.setObject(4, UsageEventStore.utc(firstSeen));
                statement.setBytes(5, letter.payload());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /** The oldest letters that no other replica is publishing, in the order in which they were stored. */
    List<Letter> claim(int limit) {
        return jdbi.withHandle(handle -> handle
                .createQuery(CLAIM)
                .bind("limit", limit)
                .map(row -> new Letter(
                        row.getColumn("dead_letter_id", Long.class),
                        row.getColumn("reason", String.class),
                        row.getColumn("detail", String.class),
                        row.getColumn("first_seen", Instant.class),
                        row.getColumn("payload", byte[].class)))
                .stream()
                .sorted(Comparator.comparingLong(Letter::id))
                .toList());
    }

    /** After a failure: they may be tried again at once, by any replica. */
    void release(List<Letter> letters) {
        change(RELEASE, letters);
    }

    /** After the broker's confirm. */
    void delete(List<Letter> letters) {
        change(DELETE, letters);
    }

    private void change(String sql, List<Letter> letters) {
        List<Long> ids = letters.stream().map(Letter::id).toList();
        jdbi.useHandle(handle ->
                handle.createUpdate(sql).bindArray("ids", Long.class, ids).execute());
    }

    Pending pending() {
        return jdbi.withHandle(handle -> handle.createQuery(PENDING)
                .bind("max", COUNTED_MAX)
                .map(row -> new Pending(
                        row.getColumn("letters", Long.class), row.getColumn("oldest_seconds", Double.class)))
                .one());
    }
}
