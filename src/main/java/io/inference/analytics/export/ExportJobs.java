package io.inference.analytics.export;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.export.ExportJobStore.Origin;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.platform.Traces;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * Accepts and cancels jobs. Needs PostgreSQL only; the rest of a job is the worker's task.
 *
 * <p>Bound: an organisation has at most {@link ExportConfig#openJobsMax()} open jobs; more are
 * refused, not queued.
 */
@ApplicationScoped
class ExportJobs {

    private static final Duration TOO_MANY_RETRY = Duration.ofSeconds(30);
    private static final Duration OFF_RETRY = Duration.ofHours(1);

    private final ApiDatabase database;
    private final ExportJobStore store;
    private final OrgExportSettings settings;
    private final ObjectStore bucket;
    private final ExportConfig config;
    private final ExportMetrics metrics;
    private final Retention retention;
    private final Clock clock;

    ExportJobs(
            ApiDatabase database,
            ExportJobStore store,
            OrgExportSettings settings,
            ObjectStore bucket,
            ExportConfig config,
            ExportMetrics metrics,
            Retention retention,
            Clock clock) {
        this.database = database;
        this.store = store;
        this.settings = settings;
        this.bucket = bucket;
        this.config = config;
        this.metrics = metrics;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Accepts an order, or finds the job that was accepted under the same key.
     *
     * @throws Failure.Unavailable when no file store is configured
     * @throws Failure.Invalid when the window's raw events may be gone, or the bucket is not the
     *     organisation's
     * @throws Failure.Conflict when the key stands for another order
     * @throws Failure.TooManyRequests when too many jobs are open
     */
    ExportJob accept(UUID org, ExportOrder order, Optional<String> idempotencyKey, String initiatedBy) {
        UUID jobId = UUID.randomUUID();
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Optional<String> trace = Traces.current();
        String hash = order.hash();
        ExportJob accepted = database.change(handle -> {
            store.lockOrg(handle, org);
            if (idempotencyKey.isPresent()) {
                Optional<ExportJobStore.Accepted> known = store.byIdempotencyKey(handle, org, idempotencyKey.get());
                if (known.isPresent()) {
                    if (!known.get().requestHash().equals(hash)) {
                        throw new Failure.Conflict(
                                "Idempotency-Key: used before for another export (expected: a new key, or the same body).");
                    }
                    return known.get().job();
                }
            }
            // A repeated request gets the earlier job; only a new one has to be possible today.
            requireStore();
            checkAge(order.range());
            String target = target(settings.of(handle, org).bucket(), order.bucket());
            if (store.open(handle, org) >= config.openJobsMax()
                    && store.find(handle, org, jobId).isEmpty()) {
                throw new Failure.TooManyRequests(
                        "%d exports of this organisation are pending or running, which is the limit; try again when some have ended"
                                .formatted(config.openJobsMax()),
                        TOO_MANY_RETRY);
            }
            ExportJob job = ExportJob.pending(
                    jobId,
                    org,
                    new ExportJob.Request(order, Optional.empty(), initiatedBy, trace, now),
                    new ObjectLocation(target, ExportKeys.of(org, jobId)));
            store.insert(handle, job, new Origin(idempotencyKey, idempotencyKey.map(key -> hash)));
            return job;
        });
        if (accepted.jobId().equals(jobId)) {
            metrics.count(ExportStatus.PENDING);
        }
        return accepted;
    }

    /**
     * Cancels a job; cancelling a cancelled job has no effect.
     *
     * @throws Failure.NotFound when the organisation has no such job
     * @throws Failure.Conflict when it has ended already
     */
    ExportJob cancel(UUID org, UUID jobId) {
        boolean[] cancelled = new boolean[1];
        ExportJob job = database.change(handle -> {
            cancelled[0] |= store.cancel(handle, org, jobId, clock.instant());
            return store.find(handle, org, jobId).orElseThrow(ExportJobs::unknown);
        });
        if (job.status() != ExportStatus.CANCELLED) {
            throw new Failure.Conflict(
                    "status: %s (expected: pending or running; an export that has ended cannot be cancelled)"
                            .formatted(job.status().wireName()));
        }
        if (cancelled[0]) {
            metrics.count(ExportStatus.CANCELLED);
        }
        return job;
    }

    /** Exports are off without a configured store. A store that is down only delays them. */
    void requireStore() {
        if (!bucket.configured()) {
            throw new Failure.Unavailable(
                    "Exports are off: the service has no file store (S3_ENDPOINT is not set).", OFF_RETRY, null);
        }
    }

    static Failure.NotFound unknown() {
        return new Failure.NotFound("There is no such export in this organisation.");
    }

    /** Without the raw events there would be nothing to compare the figures of a file with. */
    private void checkAge(TimeRange range) {
        Instant now = clock.instant();
        Instant raw = Retention.availableFrom(now, retention.raw());
        Instant rollups = Retention.availableFrom(now, retention.rollups());
        Instant available = raw.isAfter(rollups) ? raw : rollups;
        if (range.start().isBefore(available)) {
            throw new Failure.Invalid(
                    "timeRange.start",
                    "timeRange.start: %s (expected: %s or later; earlier raw events may be gone)"
                            .formatted(range.start(), available));
        }
    }

    private String target(Optional<String> usual, Optional<String> asked) {
        String own = usual.orElse(bucket.defaultBucket());
        if (asked.isPresent() && !asked.get().equals(own) && !asked.get().equals(bucket.defaultBucket())) {
            throw new Failure.Invalid(
                    "delivery.bucket",
                    "delivery.bucket: %s (expected: %s, the bucket of this organisation)".formatted(asked.get(), own));
        }
        return asked.orElse(own);
    }
}
