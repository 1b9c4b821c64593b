package io.inference.analytics.ingest;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import javax.sql.DataSource;

/**
 * The time of the database, which all replicas share. A replica whose own clock is wrong would refuse good events for their time,
 * so no event is refused for it unless the database's clock agrees.
 *
 * <p>Bound: one question in {@link #VALID}, in between the time is counted on by what measures durations here. On failure the
 * caller gets the error of the database.
 */
final class DatabaseClock {

    private static final Duration VALID = Duration.ofSeconds(10);
    private static final String NOW = "select clock_timestamp()";

    private final DataSource dataSource;
    private Instant asked = Instant.EPOCH;
    private long askedNanos;
    private boolean known;

    DatabaseClock(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    synchronized Instant now() throws SQLException {
        if (!known || System.nanoTime() - askedNanos > VALID.toNanos()) {
            asked = ask();
            askedNanos = System.nanoTime();
            known = true;
        }
        return asked.plusNanos(System.nanoTime() - askedNanos);
    }

    private Instant ask() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(NOW)) {
            rows.next();
            return rows.getObject(1, OffsetDateTime.class).toInstant();
        }
    }
}
