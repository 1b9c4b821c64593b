package io.inference.analytics.rollup;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;

/**
 * Computes rollups anew from the raw events, day by day.
 *
 * <p>It holds the rollup job's lock meanwhile, so one replica at a time touches the rollups. A failure leaves the days before as
 * they should be and the day it hit as it was; running it again changes nothing that is right.
 *
 * <p>Bound: no day whose raw events retention may have dropped, as its rollups are all that is left of them, and none that has
 * not begun by tomorrow.
 */
@ApplicationScoped
public class RollupRepair {

    /** Rounds of the job take seconds; one that closes many hours after an outage may take minutes. */
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(5);

    private static final long LOCK_RETRY_MILLIS = 200;
    private static final String LIMITS = "set statement_timeout = '55min'; set lock_timeout = '2min'";
    private static final String DEFAULTS = "reset statement_timeout; reset lock_timeout";

    private final RollupJob job;
    private final DataSource dataSource;
    private final Retention retention;
    private final Clock clock;

    RollupRepair(RollupJob job, DataSource dataSource, Retention retention, Clock clock) {
        this.job = job;
        this.dataSource = dataSource;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Recomputes the whole UTC days that the range touches.
     *
     * @param done told each day once it is committed
     * @return days done
     * @throws Failure.Invalid when the range goes beyond the raw events
     * @throws Failure.Unavailable when another process keeps the rollups' lock for minutes
     */
    public int recompute(TimeRange range, Consumer<LocalDate> done) throws SQLException, InterruptedException {
        check(range);
        Instant low = range.start().truncatedTo(ChronoUnit.DAYS);
        RollupRefresh refresh = job.refresh();
        int days = 0;
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(true);
            lock(connection);
            try {
                execute(connection, LIMITS);
                for (Instant day = low; day.isBefore(range.end()); day = day.plus(1, ChronoUnit.DAYS)) {
                    refresh.recompute(connection, day, day.plus(1, ChronoUnit.DAYS));
                    days++;
                    done.accept(LocalDate.ofInstant(day, ZoneOffset.UTC));
                }
            } finally {
                if (!connection.isClosed()) {
                    execute(connection, DEFAULTS);
                    RollupJob.unlock(connection);
                }
            }
        }
        return days;
    }

    /**
     * For what changes raw events first, so that nothing happens when the rollups could not follow.
     *
     * @throws Failure.Invalid when {@link #recompute} would refuse the range
     */
    public void check(TimeRange range) {
        Instant now = clock.instant();
        Instant low = range.start().truncatedTo(ChronoUnit.DAYS);
        Instant available = Retention.availableFrom(now, retention.raw());
        if (low.isBefore(available)) {
            throw new Failure.Invalid(
                    "from",
                    "from: %s (expected: %s or later; raw events before that may be gone)".formatted(low, available));
        }
        Instant endMax = now.truncatedTo(ChronoUnit.DAYS).plus(2, ChronoUnit.DAYS);
        if (range.end().isAfter(endMax)) {
            throw new Failure.Invalid(
                    "to", "to: %s (expected: %s at most, tomorrow's end)".formatted(range.end(), endMax));
        }
    }

    private void lock(Connection connection) throws SQLException, InterruptedException {
        Instant deadline = clock.instant().plus(LOCK_PATIENCE);
        while (!RollupJob.tryLock(connection)) {
            if (clock.instant().isAfter(deadline)) {
                throw new Failure.Unavailable(
                        "another process works on the rollups since %s (expected: their lock within that time)"
                                .formatted(LOCK_PATIENCE),
                        LOCK_PATIENCE,
                        null);
            }
            TimeUnit.MILLISECONDS.sleep(LOCK_RETRY_MILLIS);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
