package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.platform.AfterRollup;
import io.inference.analytics.platform.Retention;
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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Takes the committed batches from the outbox, refreshes the rollups they touched, and records
 * their freshness.
 *
 * <p>The steps of a round, and what holds if one fails:
 *
 * <ol>
 *   <li>Take the advisory lock, or leave the round to the replica that has it.
 *   <li>Read the outbox: nothing has changed.
 *   <li>Refresh the hours behind the watermark: repeating it changes nothing.
 *   <li>Record freshness and delete the batches from the outbox, in one transaction: rolled back,
 *       the next round does it again.
 *   <li>Publish the hint to Redis: the organisation's next batch publishes it.
 *   <li>Build days of time zones, and drop those that are no longer asked for: each is a
 *       transaction, and the next round does the rest.
 * </ol>
 */
@ApplicationScoped
public class RollupJob {

    private static final Logger LOG = Logger.getLogger(RollupJob.class);

    /** Log lines carry the id of the first batch; the event rolled_up lists more. */
    private static final String CORRELATION_ID = "correlationId";

    private static final String OUTBOX =
            """
            select batch_id, correlation_id, hours, trace_parent
            from analytics.rollup_outbox
            order by batch_id
            limit :limit
            """;

    /** Flavour citus: the outbox is on the coordinator, and a worker may show a batch of it later. */
    private static final String IN_DOUBT = "select analytics.has_commit_in_doubt() as in_doubt";

    private static final String DELETE = "delete from analytics.rollup_outbox where batch_id = any (:batches)";

    private static final Duration STATEMENT_MAX = Duration.ofMinutes(15);
    private static final Duration LOCK_MAX = Duration.ofSeconds(30);

    /**
     * A server crash may lose the last commits of a round, but never one without all that follow
     * it. The outbox is emptied last, so what is lost is done again. Flavour timescale commits
     * hundreds of times in a round with scattered late events.
     */
    private static final String COMMIT_LATER = "set synchronous_commit = off";

    private static final String COMMIT_AT_ONCE = "reset synchronous_commit";

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
    private final Jdbi jdbi;
    private final StorageFlavour.Found flavour;
    private final Instance<AfterRollup> followers;
    private final Clock clock;
    private final Traces traces;
    private final RollupRefresh timescale;
    private final RollupRefresh postgres = new PostgresRefresh();
    private final LocalSpanBuilder localSpans;
    private final Timer duration;
    private final AtomicReference<Instant> lastSuccess = new AtomicReference<>(Instant.EPOCH);
    private ScheduledExecutorService executor;
    private ScheduledFuture<?> rounds;

    RollupJob(
            RollupConfig config,
            Jdbi jdbi,
            StorageFlavour.Found flavour,
            Instance<AfterRollup> followers,
            Retention retention,
            Clock clock,
            Traces traces,
            MeterRegistry registry) {
        this.config = config;
        this.jdbi = jdbi;
        this.flavour = flavour;
        this.followers = followers;
        this.clock = clock;
        this.timescale = new TimescaleRefresh(retention);
        this.localSpans = new LocalSpanBuilder(retention);
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
        } catch (JdbiException e) {
            if (executor.isShutdown()) {
                LOG.infof("event=rollup_cut reason=stop sqlstate=%s", SqlState.of(e));
            } else {
                LOG.warnf("event=rollup_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
            }
        } catch (RuntimeException e) {
            LOG.errorf(e, "event=rollup_failed");
        }
    }

    /**
     * One round.
     *
     * @return batches that were rolled up; 0 when there was nothing to do or another replica is at
     *     work
     */
    public int runOnce() {
        Instant started = clock.instant();
        List<Batch> done = new ArrayList<>();
        boolean ran = jdbi.withHandle(handle ->
                RollupLock.ROLLUPS.tryRun(handle, STATEMENT_MAX, LOCK_MAX, () -> work(handle, started, done)));
        if (!ran) {
            // Does not count as a success: if the other replica is stuck, the age of the last
            // success must show it.
            return 0;
        }
        lastSuccess.set(clock.instant());
        duration.record(Duration.between(started, clock.instant()));
        return done.size();
    }

    /**
     * The outbox is emptied after each step: batches do not wait until all hours of a long outage
     * are closed.
     */
    private void work(Handle handle, Instant started, List<Batch> done) {
        handle.execute(COMMIT_LATER);
        try {
            RollupRefresh refresh = refresh();
            if (!refresh.olderRepairsUnbuild()) {
                localSpans.unbuildOnce(handle);
            }
            boolean more = true;
            while (more) {
                more = refresh.closeNext(handle, started);
                empty(handle, refresh, done);
            }
            localSpans.round(handle, started);
            localSpans.forget(handle, started);
        } finally {
            if (RollupLock.isOpen(handle)) {
                handle.execute(COMMIT_AT_ONCE);
            }
        }
    }

    private void empty(Handle handle, RollupRefresh refresh, List<Batch> done) {
        List<Batch> batches = outbox(handle);
        while (!batches.isEmpty()) {
            if (flavour.flavour() == StorageFlavour.CITUS && isInDoubt(handle)) {
                LOG.warn("event=rollup_waits reason=commit_in_doubt");
                return;
            }
            trace(handle, refresh, batches);
            done.addAll(batches);
            batches = batches.size() < config.batchesMax() ? List.of() : outbox(handle);
        }
    }

    private static boolean isInDoubt(Handle handle) {
        return handle.createQuery(IN_DOUBT).mapTo(Boolean.class).one();
    }

    /** The refresh of the database's storage flavour. */
    RollupRefresh refresh() {
        return switch (flavour.flavour()) {
            case TIMESCALE -> timescale;
            case POSTGRES, CITUS -> postgres;
        };
    }

    private record Batch(long batchId, String correlationId, List<Instant> hours, String traceParent) {}

    private List<Batch> outbox(Handle handle) {
        return handle.createQuery(OUTBOX)
                .bind("limit", config.batchesMax())
                .map(row -> new Batch(
                        row.getColumn("batch_id", Long.class),
                        row.getColumn("correlation_id", String.class),
                        List.of(row.getColumn("hours", Instant[].class)),
                        Objects.toString(row.getColumn("trace_parent", String.class), "")))
                .list();
    }

    private void trace(Handle handle, RollupRefresh refresh, List<Batch> batches) {
        Span span = traces.start(
                "rollup",
                SpanKind.INTERNAL,
                batches.stream().map(Batch::traceParent).toList());
        span.setAttribute("analytics.batches", batches.size());
        MDC.put(CORRELATION_ID, batches.get(0).correlationId());
        try (Scope scope = traces.enter(span)) {
            LOG.tracef("event=rollup_begun scope=%s", scope);
            rollUp(handle, refresh, batches);
        } catch (RuntimeException e) {
            span.recordException(e);
            throw e;
        } finally {
            span.end();
            MDC.remove(CORRELATION_ID);
        }
    }

    private void rollUp(Handle handle, RollupRefresh refresh, List<Batch> batches) {
        Set<Instant> hours = new TreeSet<>();
        batches.forEach(batch -> hours.addAll(batch.hours()));
        refresh.refresh(handle, List.copyOf(hours));
        List<Long> ids = batches.stream().map(Batch::batchId).toList();
        List<UUID> orgs = new ArrayList<>();
        handle.useTransaction(transaction -> {
            for (AfterRollup follower : followers) {
                orgs.addAll(follower.note(transaction, ids, clock.instant()));
            }
            transaction
                    .createUpdate(DELETE)
                    .bindArray("batches", Long.class, ids)
                    .execute();
        });
        LOG.debugf(
                "event=rolled_up batches=%d first_batch_id=%d last_batch_id=%d correlation_ids=%s",
                ids.size(), ids.get(0), ids.get(ids.size() - 1), correlationIds(batches));
        for (AfterRollup follower : followers) {
            follower.publish(orgs);
        }
    }

    private static List<String> correlationIds(List<Batch> batches) {
        return batches.stream().limit(10).map(Batch::correlationId).toList();
    }
}
