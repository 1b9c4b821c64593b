package io.inference.analytics.export;

import io.inference.analytics.export.OrgExportSettings.Wishes;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.TimeRange;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The automatic export of each month, and its restatements.
 *
 * <p>The schedule makes the first file of a month once, whatever the number of replicas and restarts: the number of a restatement
 * is unique in the database. A restatement is made on demand only, as a file of its own; the difference to the one before stands
 * in its job.
 */
@ApplicationScoped
public class MonthlyExports {

    private static final Logger LOG = Logger.getLogger(MonthlyExports.class);
    private static final long POLL_MILLIS = 200;

    private static final String ORGS =
            """
            select distinct org_id from analytics.usage_daily where bucket_start >= ? and bucket_start < ?
            union
            select distinct org_id from analytics.export_jobs where month = ?
            order by org_id
            """;

    private static final String LAST_REVISION =
            "select coalesce(max(revision), 0) from analytics.export_jobs where org_id = ? and month = ?";

    private static final String ENDED =
            "select job_id, status, error from analytics.export_jobs where job_id = any (?) and status not in ('pending', 'running')";

    /**
     * What became of one organisation's file.
     *
     * @param file where it is; empty when it has failed
     * @param error why it has failed
     */
    public record Outcome(UUID org, UUID jobId, int revision, Optional<String> file, Optional<String> error) {}

    private final DataSource dataSource;
    private final ExportJobStore store;
    private final OrgExportSettings settings;
    private final ObjectStore bucket;
    private final ExportConfig config;
    private final ExportWorker worker;
    private final ExportMetrics metrics;
    private final Clock clock;

    MonthlyExports(
            DataSource dataSource,
            ExportJobStore store,
            OrgExportSettings settings,
            ObjectStore bucket,
            ExportConfig config,
            ExportWorker worker,
            ExportMetrics metrics,
            Clock clock) {
        this.dataSource = dataSource;
        this.store = store;
        this.settings = settings;
        this.bucket = bucket;
        this.config = config;
        this.worker = worker;
        this.metrics = metrics;
        this.clock = clock;
    }

    @Scheduled(
            every = "${analytics.export.upkeep-interval:10m}",
            delayed = "30s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        if (!config.enabled() || !bucket.configured()) {
            return;
        }
        try {
            startDue();
        } catch (SQLException e) {
            LOG.warnf("event=monthly_exports_failed sqlstate=%s cause=%s", e.getSQLState(), e.getMessage());
        }
    }

    /**
     * Starts the first file of the month just ended for every organisation with usage in it whose grace is over.
     *
     * @return jobs that were started
     */
    int startDue() throws SQLException {
        Instant now = clock.instant();
        // A month of another zone may end up to half a day earlier or later than that of UTC.
        YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC)).minusMonths(1);
        int started = 0;
        for (UUID org : orgs(month)) {
            Wishes wishes = settings.of(org);
            int graceDays = wishes.graceDays().orElse(config.graceDays());
            Instant due = range(month, zone(wishes)).end().plus(graceDays, ChronoUnit.DAYS);
            if (wishes.monthly().orElse(config.monthly()) && !now.isBefore(due)) {
                started += start(org, month, wishes, "schedule", true).isPresent() ? 1 : 0;
            }
        }
        if (started > 0) {
            LOG.infof("event=monthly_exports_started month=%s jobs=%d", month, started);
            worker.wake();
        }
        return started;
    }

    /**
     * Makes the next file of a month for every organisation with usage in it, or for one, and returns when all have ended. The
     * server may run meanwhile and take part.
     *
     * @throws Failure.Invalid when the month is not over
     * @throws Failure.Unavailable when there is no file store
     */
    public List<Outcome> run(YearMonth month, Optional<UUID> only, String initiatedBy)
            throws SQLException, InterruptedException {
        if (!bucket.configured()) {
            throw new Failure.Unavailable(
                    "S3_ENDPOINT is not set (expected: the address of a file store)", java.time.Duration.ZERO, null);
        }
        List<ExportJob> jobs = new ArrayList<>();
        for (UUID org : only.isPresent() ? List.of(only.get()) : orgs(month)) {
            Wishes wishes = settings.of(org);
            if (clock.instant().isBefore(range(month, zone(wishes)).end())) {
                throw new Failure.Invalid("--month", "--month: %s (expected: a month that is over)".formatted(month));
            }
            start(org, month, wishes, initiatedBy, false).ifPresent(jobs::add);
        }
        worker.beat();
        return await(jobs);
    }

    private List<Outcome> await(List<ExportJob> jobs) throws SQLException, InterruptedException {
        UUID[] ids = jobs.stream().map(ExportJob::jobId).toArray(UUID[]::new);
        while (true) {
            List<Outcome> ended = ended(jobs, ids);
            if (ended.size() == jobs.size()) {
                return ended;
            }
            if (!worker.runOnce()) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private List<Outcome> ended(List<ExportJob> jobs, UUID[] ids) throws SQLException {
        List<Outcome> ended = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(ENDED)) {
            select.setArray(1, connection.createArrayOf("uuid", ids));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    UUID id = rows.getObject(1, UUID.class);
                    ExportStatus status = ExportStatus.of(rows.getString(2));
                    String error = rows.getString(3);
                    jobs.stream()
                            .filter(job -> job.jobId().equals(id))
                            .forEach(job -> ended.add(outcome(job, status, error)));
                }
            }
        }
        return ended;
    }

    private static Outcome outcome(ExportJob job, ExportStatus status, String error) {
        boolean succeeded = status == ExportStatus.SUCCEEDED;
        return new Outcome(
                job.orgId(),
                job.jobId(),
                job.monthly().orElseThrow().revision(),
                succeeded ? Optional.of(job.location().uri()) : Optional.empty(),
                succeeded ? Optional.empty() : Optional.of(error == null ? status.wireName() : error));
    }

    private List<UUID> orgs(YearMonth month) throws SQLException {
        List<UUID> orgs = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(ORGS)) {
            TimeRange range = range(month, ZoneOffset.UTC);
            select.setObject(1, ExportJobStore.utc(range.start()));
            select.setObject(2, ExportJobStore.utc(range.end()));
            select.setObject(3, month.atDay(1));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    orgs.add(rows.getObject(1, UUID.class));
                }
            }
        }
        return orgs;
    }

    /** Stores the job; empty when only the first file is wanted and there is one already. */
    private Optional<ExportJob> start(UUID org, YearMonth month, Wishes wishes, String initiatedBy, boolean firstOnly)
            throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                store.lockOrg(connection, org);
                int last = lastRevision(connection, org, month);
                if (firstOnly && last > 0) {
                    return Optional.empty();
                }
                ExportJob job = job(org, new ExportJob.Restatement(month, last + 1), wishes, initiatedBy);
                store.insert(connection, job, new ExportJobStore.Origin(Optional.empty(), Optional.empty()));
                connection.commit();
                metrics.count(ExportStatus.PENDING);
                return Optional.of(job);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static int lastRevision(Connection connection, UUID org, YearMonth month) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(LAST_REVISION)) {
            select.setObject(1, org);
            select.setObject(2, month.atDay(1));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    private ExportJob job(UUID org, ExportJob.Restatement monthly, Wishes wishes, String initiatedBy) {
        ZoneId zone = zone(wishes);
        ExportOrder order = new ExportOrder(
                range(monthly.month(), zone),
                wishes.granularity().orElse(ExportGranularity.DAILY),
                zone,
                Set.of(),
                wishes.format().orElse(ExportFormat.CSV),
                Optional.empty());
        ExportJob job = ExportJobs.pending(
                UUID.randomUUID(),
                org,
                order,
                new ObjectLocation(wishes.bucket().orElse(bucket.defaultBucket()), ExportKeys.of(org, monthly)),
                initiatedBy,
                Optional.empty(),
                clock.instant().truncatedTo(ChronoUnit.MICROS));
        return job.of(monthly);
    }

    private static ZoneId zone(Wishes wishes) {
        return wishes.timeZone()
                .filter(zone -> !zone.equals("UTC"))
                .<ZoneId>map(ZoneId::of)
                .orElse(ZoneOffset.UTC);
    }

    private static TimeRange range(YearMonth month, ZoneId zone) {
        return new TimeRange(
                month.atDay(1).atStartOfDay(zone).toInstant(),
                month.plusMonths(1).atDay(1).atStartOfDay(zone).toInstant());
    }
}
