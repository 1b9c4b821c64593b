package io.inference.analytics.ingest;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The time of the database, which all replicas share: a replica whose own clock is wrong would refuse good events for their time,
 * and store others that are too far in the future.
 *
 * <p>A reading is counted on by what measures durations here, which no step of a clock moves. So an old one is still a good guess,
 * and {@link #guess} never waits. No lock is held while the database is asked, so only the thread that asks waits for it.
 *
 * <p>What measures durations stands still while the machine sleeps, and our own clock does not. When the two disagree, either the
 * machine slept or our clock was moved. The database is asked again then.
 */
final class DatabaseClock {

    private static final Logger LOG = Logger.getLogger(DatabaseClock.class);
    private static final Duration VALID = Duration.ofSeconds(10);

    /** Between two looks while our clocks disagree and the database does not answer: it is asked for each message then. */
    private static final Duration DOUBTFUL_WAIT = Duration.ofSeconds(1);

    /** Clocks that are adjusted slowly differ by less in the 10 s of a reading. */
    private static final Duration DISAGREEMENT = Duration.ofSeconds(1);

    private static final String NOW = "select clock_timestamp()";

    private record Reading(Instant time, long nanos, Instant ownTime) {
        private Instant now() {
            return time.plusNanos(System.nanoTime() - nanos);
        }

        private boolean isFresh(Clock own) {
            return System.nanoTime() - nanos <= VALID.toNanos() && !isDoubtful(own);
        }

        private boolean isDoubtful(Clock own) {
            Duration counted = Duration.ofNanos(System.nanoTime() - nanos);
            return Duration.between(ownTime, own.instant()).minus(counted).abs().compareTo(DISAGREEMENT) > 0;
        }
    }

    private final DataSource patient;
    private final DataSource quick;
    private final Clock own;
    private volatile Reading reading;
    private volatile long refreshedNanos = System.nanoTime() - VALID.toNanos() - 1;

    /** @param quick fails within seconds when the database hangs */
    DatabaseClock(DataSource patient, DataSource quick, Clock own) {
        this.patient = patient;
        this.quick = quick;
        this.own = own;
    }

    /** By the last reading, whatever its age; empty as long as there is none. */
    Optional<Instant> guess() {
        return Optional.ofNullable(reading).map(Reading::now);
    }

    /** The same; empty also while our clocks disagree about the time since then. */
    Optional<Instant> sureGuess() {
        return Optional.ofNullable(reading)
                .filter(last -> !last.isDoubtful(own))
                .map(Reading::now);
    }

    /** By a reading that is at most {@link #VALID} old: asks the database if need be, and waits for it. */
    Instant now() throws SQLException {
        Reading last = reading;
        if (last == null || !last.isFresh(own)) {
            last = ask(patient);
            reading = last;
        }
        return last.now();
    }

    /** Asks the database when the last reading is old or doubtful, and keeps that one when there is no quick answer. */
    void refresh() {
        Reading last = reading;
        long now = System.nanoTime();
        Duration wait = last != null && last.isDoubtful(own) ? DOUBTFUL_WAIT : VALID;
        if (last != null && last.isFresh(own) || now - refreshedNanos <= wait.toNanos()) {
            return;
        }
        refreshedNanos = now;
        try {
            reading = ask(quick);
        } catch (SQLException | RuntimeException e) {
            LOG.debugf("event=database_clock_not_read cause=%s", e.getMessage());
        }
    }

    private Reading ask(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(NOW)) {
            rows.next();
            return new Reading(rows.getObject(1, OffsetDateTime.class).toInstant(), System.nanoTime(), own.instant());
        }
    }
}
