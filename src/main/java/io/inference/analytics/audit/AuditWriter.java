package io.inference.analytics.audit;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.inference.analytics.access.AuditTrail;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.BackOff;
import io.inference.analytics.platform.Uuids;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.agroal.DataSource;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Adds entries to the chain in groups, from one thread. Entries that arrive while a group is
 * committed form the next group, so many requests share a commit. A request waits for one commit,
 * in addition to its own work.
 *
 * <p>Bounds: at most {@link AuditConfig#queueMax()} entries wait, and a group has at most
 * {@link #GROUP_MAX}. On failure: the entries stay and are tried again with growing delay. Requests
 * that wait for one fail at once, and so do those that arrive while the database is away.
 */
@ApplicationScoped
class AuditWriter implements AuditTrail {

    private static final Logger LOG = Logger.getLogger(AuditWriter.class);

    private static final int GROUP_MAX = 1_000;
    private static final Duration RETRY_FIRST = Duration.ofMillis(100);
    private static final Duration RETRY_MAX = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(4);

    /** Longer names and paths are cut, because callers choose them. */
    private static final int TEXT_MAX = 1_000;

    private record Waiting(AuditEntry entry, CompletableFuture<Void> kept) {}

    private final AuditLogStore store;
    private final AgroalDataSource pool;
    private final Jdbi jdbi;
    private final BlockingQueue<Waiting> queue;
    private final Duration groupDelay;
    private final Timer appends;
    private final Counter entries;
    private final Counter refusals;
    private volatile boolean away;
    private volatile boolean stopping;
    private Thread thread;

    AuditWriter(
            AuditLogStore store,
            @DataSource("audit") AgroalDataSource pool,
            @DataSource("audit") Jdbi jdbi,
            AuditConfig config,
            MeterRegistry meters) {
        this.store = store;
        this.pool = pool;
        this.jdbi = jdbi;
        this.queue = new ArrayBlockingQueue<>(config.queueMax());
        this.groupDelay = config.groupDelay();
        this.appends = Timer.builder("analytics.audit.append")
                .description("One commit of a group of audit entries")
                .register(meters);
        this.entries = Counter.builder("analytics.audit.entries")
                .description("Audit entries that were committed")
                .register(meters);
        this.refusals = Counter.builder("analytics.audit.refused")
                .description("Audit entries that were refused because too many wait for the database")
                .register(meters);
        Gauge.builder("analytics.audit.queue.entries", queue, BlockingQueue::size)
                .description("Audit entries that wait for their commit")
                .register(meters);
    }

    /** Creates the bean at start-up, so that its metrics exist before the first entry. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=audit_writer_ready queue_max=%d", queue.remainingCapacity());
    }

    @Override
    public CompletionStage<Void> record(Decision decision) {
        Waiting waiting = new Waiting(entry(decision), new CompletableFuture<>());
        boolean refuse = away;
        begin();
        if (!queue.offer(waiting)) {
            refusals.increment();
            LOG.errorf("event=audit_queue_full entry=%s", describe(decision));
            return CompletableFuture.failedStage(new IllegalStateException("too many audit entries wait"));
        }
        // The entry is written later, but no request waits for a database that is known to be away.
        return refuse
                ? CompletableFuture.failedStage(new IllegalStateException("the audit log cannot be written at present"))
                : waiting.kept();
    }

    private static AuditEntry entry(Decision decision) {
        return new AuditEntry(
                0,
                decision.at(),
                decision.at().truncatedTo(ChronoUnit.MICROS),
                decision.actor().map(AuditWriter::storable),
                decision.action(),
                decision.org().flatMap(Uuids::parse),
                decision.outcome().name().toLowerCase(Locale.ROOT),
                decision.crossOrg(),
                decision.method(),
                storable(decision.path()),
                decision.traceId());
    }

    /** PostgreSQL cannot store U+0000 or half of a surrogate pair. */
    private static String storable(String text) {
        String cut = text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX);
        StringBuilder whole = new StringBuilder(cut.length());
        cut.codePoints()
                .map(point -> point == 0 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)
                        ? 0xFFFD
                        : point)
                .forEach(whole::appendCodePoint);
        return whole.toString();
    }

    private static String describe(Decision decision) {
        return decision.action() + " " + decision.outcome() + " " + decision.traceId();
    }

    private synchronized void begin() {
        if (thread == null && !stopping) {
            thread = new Thread(this::loop, "audit-writer");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void loop() {
        List<Waiting> group = new ArrayList<>();
        BackOff backOff = new BackOff(RETRY_FIRST, RETRY_MAX);
        try {
            while (!stopping || !queue.isEmpty() || !group.isEmpty()) {
                if (group.isEmpty()) {
                    gather(group);
                }
                if (group.isEmpty() || append(group)) {
                    group.clear();
                    backOff.reset();
                } else if (stopping) {
                    LOG.errorf("event=audit_entries_lost count=%d", group.size() + queue.size());
                    return;
                } else {
                    failWaiting();
                    backOff.pause();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void gather(List<Waiting> group) throws InterruptedException {
        Waiting first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
            return;
        }
        group.add(first);
        queue.drainTo(group, GROUP_MAX - 1);
        if (group.size() > 1 && !stopping) {
            // Several entries at once: a short wait makes the group larger and the commits fewer.
            TimeUnit.NANOSECONDS.sleep(groupDelay.toNanos());
            queue.drainTo(group, GROUP_MAX - group.size());
        }
    }

    /**
     * Whether the group was committed. If the commit succeeded but its reply was lost, the group is
     * written twice; it is never lost.
     */
    private boolean append(List<Waiting> group) {
        List<AuditEntry> rows = group.stream().map(Waiting::entry).toList();
        try {
            appends.recordCallable(() -> {
                try {
                    write(rows);
                } catch (SQLException | JdbiException e) {
                    if (!SqlState.mayLackPartition(e)) {
                        throw e;
                    }
                    jdbi.useHandle(store::ensureMonths);
                    write(rows);
                }
                return null;
            });
            entries.increment(rows.size());
            if (away) {
                away = false;
                LOG.infof("event=audit_log_back");
            }
            group.forEach(waiting -> waiting.kept().complete(null));
            return true;
        } catch (Exception e) {
            if (!away) {
                away = true;
                LOG.errorf("event=audit_log_away cause=\"%s\"", e.getMessage());
            }
            group.forEach(waiting -> waiting.kept().completeExceptionally(e));
            return false;
        }
    }

    private void write(List<AuditEntry> rows) throws SQLException {
        try {
            jdbi.useHandle(handle -> store.append(handle, rows));
        } catch (SQLException | JdbiException e) {
            if (!SqlState.connectionLost(e)) {
                throw e;
            }
            // After a restart of the server, all idle connections are dead. Without them, one more
            // attempt decides.
            pool.flush(FlushMode.IDLE);
            jdbi.useHandle(handle -> store.append(handle, rows));
        }
    }

    /** Fails the requests whose entries arrived while the group was tried; the entries stay. */
    private void failWaiting() {
        for (Waiting waiting : queue) {
            waiting.kept()
                    .completeExceptionally(new IllegalStateException("the audit log cannot be written at present"));
        }
    }

    /** Writes the waiting entries, for at most a few seconds. */
    void stop(@Observes ShutdownEvent event) throws InterruptedException {
        Thread running;
        synchronized (this) {
            stopping = true;
            running = thread;
        }
        if (running != null) {
            running.join(STOP_PATIENCE.toMillis());
        }
    }
}
