package io.inference.analytics.rollup;

import io.inference.analytics.platform.Retention;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Makes partitions ahead, drops what retention ends, with the records of the ingest about it, closes the days that are over, and
 * lets the database's own policies follow the settings. All is idempotent, so it does no harm when two replicas do it; should it never run, the writers make the
 * partitions themselves.
 */
@ApplicationScoped
public class UpkeepJob {

    private static final Logger LOG = Logger.getLogger(UpkeepJob.class);
    private static final int DAYS_AHEAD = 7;
    private static final String ENSURE_DAY = "select analytics.ensure_day(?)";
    private static final String FOLLOW = "select analytics.follow_retention(?::interval, ?::interval)";

    /** A partition in use by a long export stays until the next round: whoever waits for it would hold up the writers. */
    private static final String LIMITS = "set lock_timeout = '2s'";

    private static final String DEFAULTS = "reset lock_timeout";
    private static final String CLOSE_DAYS = "select analytics.close_days(?)";
    private static final String PURGE = "select analytics.purge(?, ?, ?)";

    /** What tells of events that raw retention has ended. In pieces, so that no transaction grows with what has piled up. */
    private static final String FORGET =
            """
            delete from analytics.%1$s where ctid = any (array(
                select ctid from analytics.%1$s where %2$s < ? limit 10000 for update skip locked))
            """;

    private static final List<String> FORGOTTEN = List.of(
            FORGET.formatted("ingestion_batches", "committed_at"),
            FORGET.formatted("ingestion_conflicts", "received_at"),
            FORGET.formatted("ingestion_skipped_offsets", "recorded_at"));

    private final DataSource dataSource;
    private final Retention retention;
    private final RollupConfig config;
    private final Clock clock;

    UpkeepJob(DataSource dataSource, Retention retention, RollupConfig config, Clock clock) {
        this.dataSource = dataSource;
        this.retention = retention;
        this.config = config;
        this.clock = clock;
    }

    @Scheduled(
            every = "${analytics.rollup.upkeep-interval:1h}",
            delayed = "10s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        if (!config.enabled()) {
            return;
        }
        try {
            runOnce();
        } catch (SQLException e) {
            LOG.warnf("event=upkeep_failed sqlstate=%s cause=%s", e.getSQLState(), e.getMessage());
        }
    }

    /**
     * One round.
     *
     * @return partitions or chunks that were dropped
     */
    public int runOnce() throws SQLException {
        Instant now = clock.instant();
        OffsetDateTime today = now.atOffset(ZoneOffset.UTC);
        try (Connection connection = dataSource.getConnection()) {
            ensureDays(connection, today.toLocalDate());
            execute(connection, LIMITS);
            try {
                followRetention(connection);
                int dropped = purge(connection, today);
                forget(connection, today.minus(retention.raw()));
                closeDays(connection, today);
                return dropped;
            } finally {
                if (!connection.isClosed()) {
                    execute(connection, DEFAULTS);
                }
            }
        }
    }

    private static void ensureDays(Connection connection, LocalDate today) throws SQLException {
        for (LocalDate day = today; !day.isAfter(today.plusDays(DAYS_AHEAD)); day = day.plusDays(1)) {
            try (PreparedStatement statement = connection.prepareStatement(ENSURE_DAY)) {
                statement.setObject(1, day);
                statement.execute();
            }
        }
    }

    private void followRetention(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(FOLLOW)) {
            statement.setString(1, retention.raw().toString());
            statement.setString(2, retention.rollups().toString());
            statement.execute();
        }
    }

    private int purge(Connection connection, OffsetDateTime today) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PURGE)) {
            statement.setObject(1, today.minus(retention.raw()));
            statement.setObject(2, today.minus(retention.rollups()));
            statement.setObject(3, today.minus(retention.rollups()));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                int dropped = rows.getInt(1);
                if (dropped > 0) {
                    LOG.infof("event=retention_dropped partitions=%d", dropped);
                }
                return dropped;
            }
        }
    }

    /** Yesterday stays open: late events are nearly all of the last hours. */
    private static void closeDays(Connection connection, OffsetDateTime today) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CLOSE_DAYS)) {
            statement.setObject(1, today.truncatedTo(ChronoUnit.DAYS).minusDays(1));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                if (rows.getInt(1) > 0) {
                    LOG.infof("event=days_closed days=%d", rows.getInt(1));
                }
            }
        }
    }

    private static void forget(Connection connection, OffsetDateTime before) throws SQLException {
        for (String sql : FORGOTTEN) {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setObject(1, before);
                while (statement.executeUpdate() > 0) {
                    LOG.debug("event=retention_forgot");
                }
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
