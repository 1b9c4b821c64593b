package io.inference.analytics.export;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.objectstore.StoreTrouble;
import io.inference.analytics.platform.EndsBeforeStop;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Expires old files, and removes from the file store what expired, failed and cancelled jobs left
 * there.
 *
 * <p>A job is marked before its objects are deleted, so no caller is sent to a file that is gone.
 * The mark stays until the store has confirmed, so a store that is down only delays the removal.
 * Several replicas may do this at the same time: deleting twice does no harm.
 */
@ApplicationScoped
class ExportUpkeep {

    private static final Logger LOG = Logger.getLogger(ExportUpkeep.class);

    /** Jobs per round; the next round does the rest. */
    private static final int JOBS_MAX = 500;

    private final Jdbi jdbi;
    private final ObjectStore bucket;
    private final ExportLedger ledger;
    private final ExportConfig config;
    private final ExportMetrics metrics;
    private final Clock clock;

    ExportUpkeep(
            Jdbi jdbi,
            ObjectStore bucket,
            ExportLedger ledger,
            ExportConfig config,
            ExportMetrics metrics,
            Clock clock) {
        this.jdbi = jdbi;
        this.bucket = bucket;
        this.ledger = ledger;
        this.config = config;
        this.metrics = metrics;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.export.upkeep-interval:10m}",
            delayed = "20s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        if (!config.enabled() || !bucket.configured()) {
            return;
        }
        try {
            runOnce();
        } catch (JdbiException e) {
            LOG.warnf("event=export_upkeep_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
        }
    }

    private static final String EXPIRE =
            """
            update analytics.export_jobs set status = 'expired', clean_up = true
            where job_id in (
                select job_id from analytics.export_jobs
                where status = 'succeeded' and expires_at <= :now order by expires_at limit :jobsMax for update skip locked)
            """;

    private static final String CLEAN = "update analytics.export_jobs set clean_up = false where job_id = :job";

    /** One round. */
    void runOnce() {
        int expired = jdbi.withHandle(handle -> handle.createUpdate(EXPIRE)
                .bind("now", clock.instant())
                .bind("jobsMax", JOBS_MAX)
                .execute());
        for (int i = 0; i < expired; i++) {
            metrics.count(ExportStatus.EXPIRED);
        }
        for (ExportJob job : leftOvers()) {
            try {
                remove(job);
            } catch (StoreTrouble e) {
                LOG.warnf("event=export_remove_failed jobId=%s cause=\"%s\"", job.jobId(), e.getMessage());
                continue;
            }
            jdbi.useHandle(handle ->
                    handle.createUpdate(CLEAN).bind("job", job.jobId()).execute());
            LOG.infof(
                    "event=export_removed jobId=%s status=%s",
                    job.jobId(), job.status().wireName());
        }
    }

    // A cancelled job's worker may not have noticed yet: its lease must be over. The order is
    // random, so that jobs whose bucket is gone do not keep the others waiting.
    private static final String LEFT_OVERS =
            """
            select %s from analytics.export_jobs
            where clean_up and (leased_until is null or leased_until < now()) order by random() limit :jobsMax
            """
                    .formatted(ExportJobMapper.COLUMNS);

    private List<ExportJob> leftOvers() {
        return jdbi.withHandle(handle -> handle.createQuery(LEFT_OVERS)
                .bind("jobsMax", JOBS_MAX)
                .map(ExportJobMapper::job)
                .list());
    }

    private void remove(ExportJob job) throws StoreTrouble {
        ObjectLocation location = job.location();
        bucket.abortUploads(location);
        bucket.delete(location);
        bucket.delete(new ObjectLocation(location.bucket(), ExportKeys.manifestOf(location.key())));
        if (job.monthly().isPresent() && !newerExists(job.orgId(), job.monthly().get())) {
            withdrawLatest(job, job.monthly().get());
        }
    }

    /**
     * The deleted file may also be the copy under the key of the latest file. That key belongs to
     * the last file that is still kept.
     */
    private void withdrawLatest(ExportJob job, ExportJob.Restatement monthly) throws StoreTrouble {
        String bucketName = job.location().bucket();
        String latest = ExportKeys.latest(job.orgId(), monthly.month());
        String latestManifest = ExportKeys.manifestOf(latest);
        Optional<ObjectLocation> kept = ledger.previous(job.orgId(), monthly)
                .filter(earlier -> earlier.status() == ExportStatus.SUCCEEDED)
                .map(ExportJob::location)
                .filter(location -> location.bucket().equals(bucketName));
        if (kept.isPresent()) {
            bucket.copy(kept.get(), latest);
            bucket.copy(
                    new ObjectLocation(
                            bucketName, ExportKeys.manifestOf(kept.get().key())),
                    latestManifest);
        } else {
            bucket.delete(new ObjectLocation(bucketName, latest));
            bucket.delete(new ObjectLocation(bucketName, latestManifest));
        }
    }

    // The latest file of a month is that of the last job that could have made it.
    private static final String NEWER =
            """
            select exists (select from analytics.export_jobs
                           where org_id = :org and month = :month and revision > :revision
                             and status in ('pending', 'running', 'succeeded', 'expired'))
            """;

    private boolean newerExists(UUID org, ExportJob.Restatement monthly) {
        return jdbi.withHandle(handle -> handle.createQuery(NEWER)
                .bind("org", org)
                .bind("month", monthly.month().atDay(1))
                .bind("revision", monthly.revision())
                .mapTo(Boolean.class)
                .one());
    }
}
