package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Retention;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Creates partitions ahead, drops data past its retention together with the ingest's records about
 * it, closes and indexes the days that are over, and keeps the database's own policies in line with the
 * settings.
 *
 * <p>Every step is idempotent, so two replicas may run it at once. If it never runs, the writers
 * create the partitions themselves.
 *
 * <p>Bound: nothing is dropped that is not due by the database's clock as well.
 */
@ApplicationScoped
public class UpkeepJob {

    private static final Logger LOG = Logger.getLogger(UpkeepJob.class);
    private static final int DAYS_AHEAD = 7;
    private static final String ENSURE_DAY = "select analytics.ensure_day(:day)";
    private static final String FOLLOW = "select analytics.follow_retention(:raw::interval, :rollups::interval)";

    /**
     * A partition that a long export reads stays until the next round: waiting for it would block
     * the writers.
     */
    private static final String LIMITS = "set lock_timeout = '2s'";

    private static final String DEFAULTS = "reset lock_timeout";
    private static final String PURGE =
            "select analytics.purge_older(:now, :raw::interval, :rollups::interval) as dropped";

    private static final String DATABASE_NOW = "select clock_timestamp() as now";

    /**
     * Time services keep clocks within a second; a minute of difference means that none has set
     * this clock.
     */
    private static final Duration SKEW_MAX = Duration.ofMinutes(1);

    /**
     * Records about events past the raw retention. In steps, so that no transaction grows with the
     * backlog.
     */
    private static final String FORGET =
            """
            delete from analytics.%1$s where ctid = any (array(
                select ctid from analytics.%1$s where %2$s < :before limit 10000 for update skip locked))
            """;

    private static final List<String> FORGOTTEN = List.of(
            FORGET.formatted("ingestion_batches", "committed_at"),
            FORGET.formatted("ingestion_conflicts", "received_at"),
            FORGET.formatted("ingestion_repeats", "bucket_start"),
            FORGET.formatted("ingestion_skipped_offsets", "recorded_at"));

    private final RollupJob rollups;
    private final Jdbi jdbi;
    private final Retention retention;
    private final RollupConfig config;
    private final Clock clock;
    private final AtomicLong skewMillis = new AtomicLong();
    private volatile boolean stopping;

    UpkeepJob(
            RollupJob rollups,
            Jdbi jdbi,
            Retention retention,
            RollupConfig config,
            Clock clock,
            MeterRegistry registry) {
        this.rollups = rollups;
        this.jdbi = jdbi;
        this.retention = retention;
        this.config = config;
        this.clock = clock;
        TimeGauge.builder("analytics.clock.skew", skewMillis, TimeUnit.MILLISECONDS, AtomicLong::get)
                .description("How far our clock is ahead of the database's, as the last round of upkeep found it")
                .register(registry);
    }

    /** Observing the start creates the bean, and so its series, before the first round. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=upkeep_registered enabled=%s", config.enabled());
    }

    @EndsBeforeStop
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
        } catch (JdbiException e) {
            if (stopping) {
                LOG.infof("event=upkeep_cut reason=stop sqlstate=%s", SqlState.of(e));
            } else {
                LOG.warnf("event=upkeep_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
            }
        }
    }

    /** Begins no other step. */
    void onStop(@Observes @Priority(EndsBeforeStop.SIGNAL) ShutdownEvent event) {
        stopping = true;
    }

    /**
     * One round. Does nothing while our clock and the database's differ by more than {@link
     * #SKEW_MAX}: data dropped too early is lost.
     *
     * @return partitions or chunks that were dropped
     */
    public int runOnce() {
        return jdbi.withHandle(handle -> {
            if (isSkewed(handle)) {
                return 0;
            }
            Instant now = clock.instant();
            ensureDays(handle, LocalDate.ofInstant(now, ZoneOffset.UTC));
            handle.execute(LIMITS);
            try {
                return steps(handle, now);
            } finally {
                if (RollupLock.isOpen(handle)) {
                    handle.execute(DEFAULTS);
                }
            }
        });
    }

    /**
     * A step that fails does not keep the others from their turn; the first failure is thrown after
     * the last step.
     */
    private int steps(Handle handle, Instant now) {
        AtomicInteger dropped = new AtomicInteger();
        List<Runnable> steps = List.of(
                () -> followRetention(handle),
                () -> dropped.set(purge(handle, now)),
                () -> forget(
                        handle,
                        now.atZone(ZoneOffset.UTC).minus(retention.raw()).toInstant()),
                () -> closeDays(handle, now),
                () -> PastEventIndexes.make(handle, now, () -> stopping));
        List<JdbiException> failures = new ArrayList<>();
        for (Runnable step : steps) {
            if (stopping) {
                break;
            }
            try {
                step.run();
            } catch (JdbiException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            JdbiException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
        return dropped.get();
    }

    private boolean isSkewed(Handle handle) {
        Instant before = clock.instant();
        Instant theirs = handle.createQuery(DATABASE_NOW).mapTo(Instant.class).one();
        Instant ours = before.plus(Duration.between(before, clock.instant()).dividedBy(2));
        skewMillis.set(Duration.between(theirs, ours).toMillis());
        boolean skewed = Math.abs(skewMillis.get()) > SKEW_MAX.toMillis();
        if (skewed) {
            LOG.warnf(
                    "event=upkeep_refused reason=clock_skew skew_ms=%d max_ms=%d",
                    skewMillis.get(), SKEW_MAX.toMillis());
        }
        return skewed;
    }

    private static void ensureDays(Handle handle, LocalDate today) {
        for (LocalDate day = today; !day.isAfter(today.plusDays(DAYS_AHEAD)); day = day.plusDays(1)) {
            handle.createUpdate(ENSURE_DAY).bind("day", day).execute();
        }
    }

    private void followRetention(Handle handle) {
        handle.createUpdate(FOLLOW)
                .bind("raw", retention.raw().toString())
                .bind("rollups", retention.rollups().toString())
                .execute();
    }

    private int purge(Handle handle, Instant now) {
        int dropped = handle.createQuery(PURGE)
                .bind("now", now)
                .bind("raw", retention.raw().toString())
                .bind("rollups", retention.rollups().toString())
                .mapTo(Integer.class)
                .one();
        if (dropped > 0) {
            LOG.infof("event=retention_dropped partitions=%d", dropped);
        }
        return dropped;
    }

    /** Yesterday stays open, as nearly all late events are a few hours old. */
    private void closeDays(Handle handle, Instant now) {
        int days = rollups.refresh()
                .closeDays(handle, now.truncatedTo(ChronoUnit.DAYS).minus(1, ChronoUnit.DAYS));
        if (days > 0) {
            LOG.infof("event=days_closed days=%d", days);
        }
    }

    private static void forget(Handle handle, Instant before) {
        for (String sql : FORGOTTEN) {
            while (handle.createUpdate(sql).bind("before", before).execute() > 0) {
                LOG.debug("event=retention_forgot");
            }
        }
    }
}
