package io.inference.analytics.rollup;

import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.AfterRollup;
import io.inference.analytics.platform.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * Each round takes the batches that were committed since the last one, refreshes what they touched, notes their freshness and
 * lets them go.
 *
 * <p>The steps and what holds if one fails:
 *
 * <ol>
 *   <li>take the advisory lock, or leave the round to the replica that has it.
 *   <li>read the outbox: nothing has happened.
 *   <li>refresh the hours behind the watermark: repeating it changes nothing.
 *   <li>in one transaction note freshness and delete the batches from the outbox: rolled back, done again next round.
 *   <li>publish the hint to Redis: if it fails, the next round of the organisation publishes it.
 * </ol>
 */
@ApplicationScoped
public class RollupJob {

    private static final Logger LOG = Logger.getLogger(RollupJob.class);

    /** The first batch stands for all of them in log lines; the event rolled_up names more. */
    private static final String CORRELATION_ID = "correlationId";

    private static final String TRY_LOCK = "select pg_try_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")";
    private static final String UNLOCK = "select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")";
    private static final String OUTBOX =
            "select batch_id, correlation_id, hours, trace_parent from analytics.rollup_outbox order by batch_id limit ?";
    private static final String DELETE = "delete from analytics.rollup_outbox where batch_id = any (?)";

    // A crash may cost the last commits of a round, never an earlier one without those after it: the outbox is emptied
    // last, so what
    // is lost is done again. Flavour timescale commits hundreds of times in a round with scattered late events.
    private static final String SESSION_LIMITS =
            "set statement_timeout = '15min'; set lock_timeout = '30s'; set synchronous_commit = off";
    private static final String SESSION_DEFAULTS =
            "reset statement_timeout; reset lock_timeout; reset synchronous_commit";

    private static final Duration[] DURATION_BUCKETS = {
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofSeconds(300)
    };

    private final RollupConfig config;
    private final DataSource dataSource;
    private final StorageFlavour.Found flavour;
    private final Instance<AfterRollup> followers;
    private final Clock clock;
    private final Traces traces;
    private final Timer duration;
    private final AtomicReference<Instant> lastSuccess = new AtomicReference<>(Instant.EPOCH);
    private ScheduledExecutorService executor;
    private ScheduledFuture<?> rounds;

    RollupJob(
            RollupConfig config,
            DataSource dataSource,
            StorageFlavour.Found flavour,
            Instance<AfterRollup> followers,
            Clock clock,
            Traces traces,
            MeterRegistry registry) {
        this.config = config;
        this.dataSource = dataSource;
        this.flavour = flavour;
        this.followers = followers;
        this.clock = clock;
        this.traces = traces;
        this.duration = Timer.builder("analytics.rollup.duration")
                .description("One round of the rollup job that did the work")
                .serviceLevelObjectives(DURATION_BUCKETS)
                .register(registry);
        TimeGauge.builder("analytics.rollup.last.success.timestamp", lastSuccess, TimeUnit.MILLISECONDS, at -> at.get()
                        .toEpochMilli())
                .description(
                        "When a round of the rollup job ended well in this replica; its start before the first one")
                .register(registry);
    }

    void onStart(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        lastSuccess.set(clock.instant());
        executor = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "rollup"));
        long millis = config.interval().toMillis();
        rounds = executor.scheduleWithFixedDelay(this::round, millis / 5, millis, TimeUnit.MILLISECONDS);
    }

    void onStop(@Observes ShutdownEvent event) {
        if (executor != null) {
            rounds.cancel(false);
            executor.shutdown();
            try {
                if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
                    executor.shutdownNow();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void round() {
        try {
            runOnce();
        } catch (SQLException e) {
            LOG.warnf("event=rollup_failed sqlstate=%s cause=%s", e.getSQLState(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.errorf(e, "event=rollup_failed");
        }
    }

    /**
     * One round.
     *
     * @return batches that were rolled up; 0 when there was nothing to do or another replica is at work
     */
    public int runOnce() throws SQLException {
        Instant started = clock.instant();
        int done = 0;
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(true);
            if (!tryLock(connection)) {
                // No success of ours: were the other one stuck, nobody would tell.
                return 0;
            }
            try {
                execute(connection, SESSION_LIMITS);
                RollupRefresh refresh = refresh();
                refresh.closeHours(connection, started);
                List<Batch> batches = outbox(connection);
                while (!batches.isEmpty()) {
                    trace(connection, refresh, batches);
                    done += batches.size();
                    batches = batches.size() < config.batchesMax() ? List.of() : outbox(connection);
                }
            } finally {
                if (!connection.isClosed()) {
                    execute(connection, SESSION_DEFAULTS);
                    unlock(connection);
                }
            }
        }
        lastSuccess.set(clock.instant());
        duration.record(Duration.between(started, clock.instant()));
        return done;
    }

    /** The refresh of the storage flavour at hand. */
    RollupRefresh refresh() throws SQLException {
        return switch (flavour.flavour()) {
            case TIMESCALE -> new TimescaleRefresh();
            case POSTGRES -> new PostgresRefresh();
        };
    }

    private record Batch(long batchId, String correlationId, List<Instant> hours, String traceParent) {}

    private List<Batch> outbox(Connection connection) throws SQLException {
        List<Batch> batches = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(OUTBOX)) {
            statement.setInt(1, config.batchesMax());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    batches.add(new Batch(
                            rows.getLong(1),
                            rows.getString(2),
                            instants(rows, 3),
                            Objects.toString(rows.getString(4), "")));
                }
            }
        }
        return batches;
    }

    private static List<Instant> instants(ResultSet rows, int column) throws SQLException {
        List<Instant> instants = new ArrayList<>();
        try (ResultSet elements = rows.getArray(column).getResultSet()) {
            while (elements.next()) {
                instants.add(elements.getObject(2, OffsetDateTime.class).toInstant());
            }
        }
        return instants;
    }

    private void trace(Connection connection, RollupRefresh refresh, List<Batch> batches) throws SQLException {
        Span span = traces.start(
                "rollup",
                SpanKind.INTERNAL,
                batches.stream().map(Batch::traceParent).toList());
        span.setAttribute("analytics.batches", batches.size());
        MDC.put(CORRELATION_ID, batches.get(0).correlationId());
        try (Scope scope = traces.enter(span)) {
            LOG.tracef("event=rollup_begun scope=%s", scope);
            rollUp(connection, refresh, batches);
        } catch (SQLException | RuntimeException e) {
            span.recordException(e);
            throw e;
        } finally {
            span.end();
            MDC.remove(CORRELATION_ID);
        }
    }

    private void rollUp(Connection connection, RollupRefresh refresh, List<Batch> batches) throws SQLException {
        Set<Instant> hours = new TreeSet<>();
        batches.forEach(batch -> hours.addAll(batch.hours()));
        refresh.refresh(connection, List.copyOf(hours));
        List<Long> ids = batches.stream().map(Batch::batchId).toList();
        List<UUID> orgs = new ArrayList<>();
        connection.setAutoCommit(false);
        try {
            for (AfterRollup follower : followers) {
                orgs.addAll(follower.note(connection, ids, clock.instant()));
            }
            try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
                statement.setArray(1, connection.createArrayOf("bigint", ids.toArray()));
                statement.executeUpdate();
            }
            connection.commit();
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
        LOG.debugf(
                "event=rolled_up batches=%d first_batch_id=%d last_batch_id=%d correlation_ids=%s",
                ids.size(), ids.get(0), ids.get(ids.size() - 1), correlationIds(batches));
        for (AfterRollup follower : followers) {
            follower.publish(orgs);
        }
    }

    private static String correlationIds(List<Batch> batches) {
        String[] first = batches.stream().limit(10).map(Batch::correlationId).toArray(String[]::new);
        return Arrays.toString(first);
    }

    /** Takes the lock under which one process at a time touches the rollups, for the session; false when another has it. */
    static boolean tryLock(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(TRY_LOCK)) {
            rows.next();
            return rows.getBoolean(1);
        }
    }

    static void unlock(Connection connection) throws SQLException {
        execute(connection, UNLOCK);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
