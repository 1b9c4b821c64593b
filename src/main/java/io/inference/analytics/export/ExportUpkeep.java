package io.inference.analytics.export;

import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.objectstore.StoreTrouble;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Ends what is too old, and removes from the file store what jobs left there that expired, failed or were cancelled.
 *
 * <p>A job is marked first and its objects are deleted after, so nobody is sent to a file that is gone; the mark that something
 * is left stays until the store has confirmed, so a store that is down delays the removal and nothing else. Several replicas may
 * do it at the same time: deleting twice does no harm.
 */
@ApplicationScoped
class ExportUpkeep {

    private static final Logger LOG = Logger.getLogger(ExportUpkeep.class);

    /** Jobs of one round; the next round does the rest. */
    private static final int JOBS_MAX = 500;

    private static final String EXPIRE =
            """
            update analytics.export_jobs set status = 'expired', clean_up = true
            where job_id in (
                select job_id from analytics.export_jobs
                where status = 'succeeded' and expires_at <= ? order by expires_at limit ? for update skip locked)
            """;

    // A cancelled job's worker may not have noticed yet: its lease must be over. In no order, so that those whose
    // bucket is gone
    // do not keep the others waiting.
    private static final String LEFT_OVERS =
            """
            select %s from analytics.export_jobs
            where clean_up and (leased_until is null or leased_until < now()) order by random() limit ?
            """
                    .formatted(ExportJobStore.COLUMNS);

    private static final String CLEAN = "update analytics.export_jobs set clean_up = false where job_id = ?";

    // The latest file of a month is that of the last job that could have made it.
    private static final String NEWER =
            """
            select exists (select from analytics.export_jobs
                           where org_id = ? and month = ? and revision > ?
                             and status in ('pending', 'running', 'succeeded', 'expired'))
            """;

    private final DataSource dataSource;
    private final ObjectStore bucket;
    private final ExportLedger ledger;
    private final ExportConfig config;
    private final ExportMetrics metrics;
    private final Clock clock;

    ExportUpkeep(
            DataSource dataSource,
            ObjectStore bucket,
            ExportLedger ledger,
            ExportConfig config,
            ExportMetrics metrics,
            Clock clock) {
        this.dataSource = dataSource;
        this.bucket = bucket;
        this.ledger = ledger;
        this.config = config;
        this.metrics = metrics;
        this.clock = clock;
    }

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
        } catch (SQLException e) {
            LOG.warnf("event=export_upkeep_failed sqlstate=%s cause=%s", e.getSQLState(), e.getMessage());
        }
    }

    /** One round. */
    void runOnce() throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            try (PreparedStatement expire = connection.prepareStatement(EXPIRE)) {
                expire.setObject(1, ExportJobStore.utc(clock.instant()));
                expire.setInt(2, JOBS_MAX);
                int expired = expire.executeUpdate();
                for (int i = 0; i < expired; i++) {
                    metrics.count(ExportStatus.EXPIRED);
                }
            }
        }
        for (ExportJob job : leftOvers()) {
            try {
                remove(job);
            } catch (StoreTrouble e) {
                LOG.warnf("event=export_remove_failed jobId=%s cause=\"%s\"", job.jobId(), e.getMessage());
                continue;
            }
            try (Connection connection = dataSource.getConnection();
                    PreparedStatement clean = connection.prepareStatement(CLEAN)) {
                clean.setObject(1, job.jobId());
                clean.executeUpdate();
            }
            LOG.infof(
                    "event=export_removed jobId=%s status=%s",
                    job.jobId(), job.status().wireName());
        }
    }

    private List<ExportJob> leftOvers() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(LEFT_OVERS)) {
            select.setInt(1, JOBS_MAX);
            List<ExportJob> jobs = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    jobs.add(ExportJobStore.job(rows));
                }
            }
            return jobs;
        }
    }

    private void remove(ExportJob job) throws SQLException, StoreTrouble {
        ObjectLocation location = job.location();
        bucket.abortUploads(location);
        bucket.delete(location);
        bucket.delete(new ObjectLocation(location.bucket(), ExportKeys.manifestOf(location.key())));
        if (job.monthly().isPresent() && !newerExists(job.orgId(), job.monthly().get())) {
            withdrawLatest(job, job.monthly().get());
        }
    }

    /** What is gone may lie under the name of the latest file, too; there belongs the last one that is still kept. */
    private void withdrawLatest(ExportJob job, ExportJob.Restatement monthly) throws SQLException, StoreTrouble {
        String bucketName = job.location().bucket();
        String latest = ExportKeys.latest(job.orgId(), monthly.month());
        String latestManifest = ExportKeys.manifestOf(latest);
        Optional<ObjectLocation> kept = ledger.previous(job.orgId(), monthly.month(), monthly.revision())
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

    private boolean newerExists(UUID org, ExportJob.Restatement monthly) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(NEWER)) {
            select.setObject(1, org);
            select.setObject(2, monthly.month().atDay(1));
            select.setInt(3, monthly.revision());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }
}
