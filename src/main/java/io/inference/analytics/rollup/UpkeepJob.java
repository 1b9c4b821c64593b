package io.inference.analytics.rollup;

import io.inference.analytics.platform.Retention;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Makes partitions ahead, drops what retention ends, with the records of the ingest about it, closes the days that are over, and
 * lets the database's own policies follow the settings. All is idempotent, so it does no harm when two replicas do it; should it
 * never run, the writers make the partitions themselves.
 *
 * <p>Bound: nothing is dropped that is not due by the database's clock, too.
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
    private static final String PURGE = "select analytics.purge_older(?, ?::interval, ?::interval)";
    private static final String DATABASE_NOW = "select clock_timestamp()";

    /** Time services keep clocks within a second; a minute is a machine that has none yet. */
    private static final Duration SKEW_MAX = Duration.ofMinutes(1);

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
    private final AtomicLong skewMillis = new AtomicLong();

    UpkeepJob(DataSource dataSource, Retention retention, RollupConfig config, Clock clock, MeterRegistry registry) {
        this.dataSource = dataSource;
        this.retention = retention;
        this.config = config;
        this.clock = clock;
        TimeGauge.builder("analytics.clock.skew", skewMillis, TimeUnit.MILLISECONDS, AtomicLong::get)
                .description("How far our clock is ahead of the database's, as the last round of upkeep found it")
                .register(registry);
    }

    /** Being asked makes the bean, and so its series, at the start and not with the first round. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=upkeep_registered enabled=%s", config.enabled());
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
     * One round. Does nothing while our clock and the database's differ by more than {@link #SKEW_MAX}: what is dropped too early
     * is gone.
     *
     * @return partitions or chunks that were dropped
     */
    public int runOnce() throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            if (isSkewed(connection)) {
                return 0;
            }
            OffsetDateTime today = clock.instant().atOffset(ZoneOffset.UTC);
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

    private boolean isSkewed(Connection connection) throws SQLException {
        Instant before = clock.instant();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(DATABASE_NOW)) {
            rows.next();
            Instant theirs = rows.getObject(1, OffsetDateTime.class).toInstant();
            Instant ours = before.plus(Duration.between(before, clock.instant()).dividedBy(2));
            skewMillis.set(Duration.between(theirs, ours).toMillis());
        }
        boolean skewed = Math.abs(skewMillis.get()) > SKEW_MAX.toMillis();
        if (skewed) {
            LOG.warnf(
                    "event=upkeep_refused reason=clock_skew skew_ms=%d max_ms=%d",
                    skewMillis.get(), SKEW_MAX.toMillis());
        }
        return skewed;
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

    private int purge(Connection connection, OffsetDateTime now) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PURGE)) {
            statement.setObject(1, now);
            statement.setString(2, retention.raw().toString());
            statement.setString(3, retention.rollups().toString());
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
