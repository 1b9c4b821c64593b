package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.objectstore.StoreTrouble;
import io.inference.analytics.platform.BackOff;
import io.inference.analytics.platform.NetworkCause;
import io.inference.analytics.platform.Traces;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;
import org.jdbi.v3.core.JdbiException;

/**
 * Takes free jobs and does them, a few at a time.
 *
 * <p>After a try that ends without a file comes another one, after a pause that doubles up to
 * {@link ExportConfig#backOffMax()}. A job has failed after {@link ExportConfig#faultsMax()} such
 * tries. Tries for which only the file store is to blame do not count; they end after {@link
 * ExportConfig#giveUpAfter()}. When a process dies, others take over its jobs once its lease is
 * over. That try counts, so that a job that kills processes does not do so for ever.
 */
@ApplicationScoped
class ExportWorker {

    private static final Logger LOG = Logger.getLogger(ExportWorker.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final ExportConfig config;
    private final ExportLedger ledger;
    private final ExportRun run;
    private final ObjectStore bucket;
    private final ExportMetrics metrics;
    private final Traces traces;
    private final Clock clock;
    private final Semaphore wakeUps = new Semaphore(0);
    private final Set<ExportTask> tasks = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = new ArrayList<>();
    private ScheduledExecutorService heart;
    private volatile boolean stopping;

    ExportWorker(
            ExportConfig config,
            ExportLedger ledger,
            ExportRun run,
            ObjectStore bucket,
            ExportMetrics metrics,
            Traces traces,
            Clock clock) {
        this.config = config;
        this.ledger = ledger;
        this.run = run;
        this.bucket = bucket;
        this.metrics = metrics;
        this.traces = traces;
        this.clock = clock;
    }

    void onStart(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        bucket.checkSettings();
        if (!bucket.configured()) {
            return;
        }
        beat();
        for (int i = 0; i < config.workerConcurrency(); i++) {
            boolean first = i == 0;
            Thread thread = new Thread(() -> work(first), "export-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    /** Begins to renew the holds of this process; for commands, which start no worker threads. */
    synchronized void beat() {
        if (heart == null) {
            heart = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread thread = new Thread(task, "export-heart");
                thread.setDaemon(true);
                return thread;
            });
            long millis = Math.max(100, config.lease().toMillis() / 4);
            var beats = heart.scheduleWithFixedDelay(this::heartbeat, millis, millis, TimeUnit.MILLISECONDS);
            LOG.debugf("event=export_heart_begun scheduled=%s", !beats.isDone());
        }
    }

    void onStop(@Observes ShutdownEvent event) {
        stopping = true;
        tasks.forEach(ExportTask::stop);
        wakeUps.release(threads.size());
        long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
        try {
            for (Thread thread : threads) {
                thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (heart != null) {
            heart.shutdownNow();
        }
    }

    /** Makes a worker look for jobs at once, because there may be a new one. */
    void wake() {
        if (wakeUps.availablePermits() < config.workerConcurrency()) {
            wakeUps.release();
        }
    }

    private void heartbeat() {
        for (ExportTask task : tasks) {
            try {
                task.heartbeat();
            } catch (RuntimeException e) {
                LOG.warnf(
                        "event=export_heartbeat_failed jobId=%s cause=%s",
                        task.job().jobId(), e);
            }
        }
    }

    private void work(boolean first) {
        if (first) {
            checkBucket();
        }
        while (!stopping) {
            try {
                if (!runOnce() && !stopping) {
                    boolean woken = wakeUps.tryAcquire(config.workerInterval().toMillis(), TimeUnit.MILLISECONDS);
                    LOG.tracef("event=export_look woken=%s", woken);
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                LOG.warnf("event=export_worker_failed cause=%s", e);
                pause();
            }
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(Math.min(1_000, config.workerInterval().toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    private void checkBucket() {
        try {
            bucket.check(bucket.defaultBucket());
            LOG.infof("event=export_bucket_found bucket=%s", bucket.defaultBucket());
        } catch (StoreTrouble e) {
            LOG.warnf(
                    "event=export_bucket_missing S3_BUCKET: %s (expected: a bucket at S3_ENDPOINT that the keys may write to). %s"
                            + " Cause: %s. Exports wait until it is there.",
                    bucket.defaultBucket(), e.getMessage(), NetworkCause.of(e));
        }
    }

    /**
     * Does one job if there is a free one.
     *
     * @return whether there was one
     */
    boolean runOnce() {
        Optional<ExportLedger.Hold> hold = ledger.claim(config.lease());
        if (hold.isEmpty()) {
            return false;
        }
        ExportTask task = new ExportTask(ledger, hold.get(), config.lease());
        tasks.add(task);
        ExportJob job = task.job();
        MDC.put("jobId", job.jobId().toString());
        Span span = traces.start(
                "export",
                SpanKind.INTERNAL,
                job.request().traceParent().stream().toList());
        span.setAttribute("analytics.job_id", job.jobId().toString());
        try (Scope scope = span.makeCurrent()) {
            LOG.debugf(
                    "event=export_begun jobId=%s try=%d scope=%s",
                    job.jobId(), job.progress().tries(), scope);
            metrics.count(ExportStatus.RUNNING);
            attempt(task);
        } finally {
            tasks.remove(task);
            span.end();
            MDC.remove("jobId");
        }
        return true;
    }

    private void attempt(ExportTask task) {
        ExportJob job = task.job();
        Instant begun = clock.instant();
        try {
            if (job.progress().faults() > config.faultsMax()) {
                fail(
                        task,
                        "The export could not be finished in %d tries. Contact the operators of the service."
                                .formatted(config.faultsMax()),
                        job.progress().lastProblem().orElse("the process ended each time"));
                return;
            }
            run.make(task);
            Duration took = Duration.between(begun, clock.instant());
            metrics.succeeded(took);
            LOG.infof(
                    "event=export_succeeded jobId=%s orgId=%s durationMs=%d",
                    job.jobId(), job.orgId(), took.toMillis());
            run.linkToBatches(job);
        } catch (HoldLost e) {
            lost(task);
        } catch (ExportRefused e) {
            fail(task, e.getMessage(), null);
        } catch (StoreTrouble e) {
            storeTrouble(task, e);
        } catch (ExportContents.Unequal e) {
            unequal(task, e);
        } catch (JdbiException e) {
            LOG.warnf(
                    "event=export_try_failed jobId=%s sqlstate=%s cause=%s",
                    job.jobId(), SqlState.of(e), e.getMessage());
            retryOrFail(task, "The database did not answer as expected.", null);
        } catch (IOException | RuntimeException e) {
            LOG.errorf(e, "event=export_try_failed jobId=%s", job.jobId());
            retryOrFail(task, "Something in the service went wrong.", null);
        }
    }

    private void lost(ExportTask task) {
        if (task.stopped()) {
            boolean given = ledger.retry(task.hold(), Duration.ZERO, "The service was stopped.", true);
            LOG.infof("event=export_given_back jobId=%s held=%s", task.job().jobId(), given);
        } else {
            LOG.infof(
                    "event=export_hold_lost jobId=%s cancelled or taken over",
                    task.job().jobId());
        }
    }

    private void storeTrouble(ExportTask task, StoreTrouble trouble) {
        ExportJob job = task.job();
        metrics.tryFailed();
        LOG.warnf(
                "event=export_store_trouble jobId=%s try=%d reason=\"%s\" cause=%s",
                job.jobId(),
                job.progress().tries(),
                trouble.getMessage(),
                trouble.getCause() == null ? "-" : trouble.getCause().getClass().getSimpleName());
        if (Duration.between(job.request().createdAt(), clock.instant()).compareTo(config.giveUpAfter()) > 0) {
            endFailed(
                    task,
                    "The file could not be stored for %d hours. %s Request the export again when the file store works."
                            .formatted(config.giveUpAfter().toHours(), trouble.getMessage()),
                    trouble.getMessage(),
                    null);
        } else if (!ledger.retry(task.hold(), backOff(job.progress().tries()), trouble.getMessage(), true)) {
            lost(task);
        }
    }

    private void unequal(ExportTask task, ExportContents.Unequal found) {
        LOG.errorf("event=export_unequal jobId=%s %s", task.job().jobId(), found.reconciliation());
        retryOrFail(
                task,
                "The rows of the file did not add up to the raw events; such a file is not delivered.",
                found.reconciliation());
    }

    private void retryOrFail(ExportTask task, String problem, JsonNode reconciliation) {
        ExportJob job = task.job();
        metrics.tryFailed();
        if (job.progress().faults() >= config.faultsMax()) {
            endFailed(
                    task,
                    "%s It was tried %d times. Contact the operators of the service."
                            .formatted(problem, job.progress().faults()),
                    problem,
                    reconciliation);
        } else if (!ledger.retry(task.hold(), backOff(job.progress().tries()), problem, false)) {
            lost(task);
        }
    }

    private void fail(ExportTask task, String error, String problem) {
        metrics.tryFailed();
        endFailed(task, error, problem, null);
    }

    private void endFailed(ExportTask task, String error, String problem, JsonNode reconciliation) {
        if (ledger.fail(task.hold(), error, Optional.ofNullable(problem), Optional.ofNullable(reconciliation))) {
            metrics.count(ExportStatus.FAILED);
            LOG.errorf(
                    "event=export_failed jobId=%s orgId=%s error=\"%s\"",
                    task.job().jobId(), task.job().orgId(), error);
        } else {
            lost(task);
        }
    }

    /** 1 s, 2 s, 4 s, … up to the longest pause. */
    private Duration backOff(int tries) {
        return BackOff.after(tries, FIRST_PAUSE, config.backOffMax());
    }
}
