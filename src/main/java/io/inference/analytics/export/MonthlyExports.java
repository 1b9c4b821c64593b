package io.inference.analytics.export;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.TimeRange;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * The automatic export of each month, and its restatements.
 *
 * <p>The schedule makes the first file of a month once, and again a day after it has failed, whatever the number of replicas and
 * restarts: the number of a restatement is unique in the database. A restatement is made on demand
 * only, as a separate file. Its job states the difference to the file before.
 */
@ApplicationScoped
public class MonthlyExports {

    private static final Logger LOG = Logger.getLogger(MonthlyExports.class);
    private static final long POLL_MILLIS = 200;

    /** Bills of a month are read for the last time on the fifth of the next. */
    private static final int BILLS_OPEN_DAYS = 5;

    /** Months whose first file is made up for if the service or the store was down. */
    private static final int MONTHS_MADE_UP = 3;

    /** Pause until the schedule makes a file again that has failed. */
    private static final Duration RETRY_AFTER = Duration.ofDays(1);

    /**
     * What happened to one organisation's file.
     *
     * @param file its address; empty when the export has failed
     * @param error why the export has failed
     */
    public record Outcome(UUID org, UUID jobId, int revision, Optional<String> file, Optional<String> error) {}

    private final Jdbi jdbi;
    private final ExportJobStore store;
    private final OrgExportSettings settings;
    private final ObjectStore bucket;
    private final ExportConfig config;
    private final ExportWorker worker;
    private final ExportMetrics metrics;
    private final Restatements restatements;
    private final Clock clock;

    MonthlyExports(
            Jdbi jdbi,
            ExportJobStore store,
            OrgExportSettings settings,
            ObjectStore bucket,
            ExportConfig config,
            ExportWorker worker,
            ExportMetrics metrics,
            Restatements restatements,
            Clock clock) {
        this.jdbi = jdbi;
        this.store = store;
        this.settings = settings;
        this.bucket = bucket;
        this.config = config;
        this.worker = worker;
        this.metrics = metrics;
        this.restatements = restatements;
        this.clock = clock;
    }

    @EndsBeforeStop
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
            metrics.restatementsDue(restatements.due().size());
        } catch (JdbiException e) {
            LOG.warnf("event=monthly_exports_failed sqlstate=%s cause=%s", SqlState.of(e), e.getMessage());
        }
    }

    /**
     * Starts the first file of each of the last months for every organisation that has usage or
     * bills in it and whose grace days are over.
     *
     * @return jobs that were started
     */
    int startDue() {
        // A month of another zone may end up to half a day before or after that of UTC.
        YearMonth current = YearMonth.from(clock.instant().atZone(ZoneOffset.UTC));
        int started = 0;
        for (int back = MONTHS_MADE_UP; back > 0; back--) {
            started += startDue(current.minusMonths(back));
        }
        if (started > 0) {
            worker.wake();
        }
        return started;
    }

    private int startDue(YearMonth month) {
        Instant now = clock.instant();
        int started = 0;
        for (UUID org : orgs(month)) {
            Preferences preferences = settings.of(org);
            Instant due = range(month, zone(preferences)).end().plus(graceDays(preferences), ChronoUnit.DAYS);
            if (preferences.monthly().orElse(config.monthly()) && !now.isBefore(due)) {
                started += start(org, month, preferences, "schedule", true).isPresent() ? 1 : 0;
            }
        }
        if (started > 0) {
            LOG.infof("event=monthly_exports_started month=%s jobs=%d", month, started);
        }
        return started;
    }

    /** Files of charges also wait until the day on which bills are closed. */
    private int graceDays(Preferences preferences) {
        int days = preferences.graceDays().orElse(config.graceDays());
        return preferences.format().flatMap(ExportFormat::charges).isPresent() ? Math.max(days, BILLS_OPEN_DAYS) : days;
    }

    /**
     * Makes the next file of a month for every organisation with usage or bills in it, or for one, and
     * returns when all have ended. A running server may do some of the work.
     *
     * @throws Failure.Invalid when the month is not over
     * @throws Failure.Unavailable when there is no file store
     */
    public List<Outcome> run(YearMonth month, Optional<UUID> only, String initiatedBy) throws InterruptedException {
        if (!bucket.configured()) {
            throw new Failure.Unavailable(
                    "S3_ENDPOINT is not set (expected: the address of a file store)", Duration.ZERO, null);
        }
        List<ExportJob> jobs = new ArrayList<>();
        for (UUID org : only.isPresent() ? List.of(only.get()) : orgs(month)) {
            Preferences preferences = settings.of(org);
            if (clock.instant().isBefore(range(month, zone(preferences)).end())) {
                throw new Failure.Invalid("month", "month: %s (expected: a month that is over)".formatted(month));
            }
            start(org, month, preferences, initiatedBy, false).ifPresent(jobs::add);
        }
        worker.beat();
        return await(jobs);
    }

    private List<Outcome> await(List<ExportJob> jobs) throws InterruptedException {
        Map<UUID, ExportJob> byId = jobs.stream().collect(Collectors.toMap(ExportJob::jobId, Function.identity()));
        while (true) {
            List<Outcome> ended = ended(byId);
            if (ended.size() == jobs.size()) {
                return ended;
            }
            if (!worker.runOnce()) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private static final String ENDED =
            """
            select job_id, status, error from analytics.export_jobs
            where job_id = any (:jobs) and status not in ('pending', 'running')
            """;

    private List<Outcome> ended(Map<UUID, ExportJob> jobs) {
        return jdbi.withHandle(handle -> handle.createQuery(ENDED)
                .bindArray("jobs", UUID.class, jobs.keySet())
                .map(row -> outcome(
                        jobs.get(row.getColumn("job_id", UUID.class)),
                        ExportStatus.of(row.getColumn("status", String.class)),
                        Optional.ofNullable(row.getColumn("error", String.class))))
                .list());
    }

    private static Outcome outcome(ExportJob job, ExportStatus status, Optional<String> error) {
        boolean succeeded = status == ExportStatus.SUCCEEDED;
        return new Outcome(
                job.orgId(),
                job.jobId(),
                job.monthly().orElseThrow().revision(),
                succeeded ? Optional.of(job.location().uri()) : Optional.empty(),
                succeeded ? Optional.empty() : Optional.of(error.orElse(status.wireName())));
    }

    private static final String ORGS =
            """
            select distinct org_id from analytics.usage_daily where bucket_start >= :start and bucket_start < :end
            union
            select distinct org_id from analytics.export_jobs where month = :month
            union
            select org_id
            from (select distinct org_id from analytics.provider_org_mapping where valid_from < :next) as owners
            where exists (select from analytics.provider_org_costs costs
                          where costs.org_id = owners.org_id and activity_date >= :month and activity_date < :next)
            order by org_id
            """;

    private List<UUID> orgs(YearMonth month) {
        TimeRange range = range(month, ZoneOffset.UTC);
        return jdbi.withHandle(handle -> handle.createQuery(ORGS)
                .bind("start", range.start())
                .bind("end", range.end())
                .bind("month", month.atDay(1))
                .bind("next", month.plusMonths(1).atDay(1))
                .mapTo(UUID.class)
                .list());
    }

    /** Stores the job; empty when only the first file is wanted, and there is one or none is to be tried yet. */
    private Optional<ExportJob> start(
            UUID org, YearMonth month, Preferences preferences, String initiatedBy, boolean firstOnly) {
        Optional<ExportJob> started = jdbi.inTransaction(handle -> {
            store.lockOrg(handle, org);
            Earlier earlier = earlier(handle, org, month);
            if (firstOnly && !earlier.mayBeTried(clock.instant())) {
                return Optional.empty();
            }
            ExportJob job =
                    job(org, new ExportJob.Restatement(month, earlier.revision() + 1), preferences, initiatedBy);
            store.insert(handle, job, ExportJobStore.Origin.NONE);
            return Optional.of(job);
        });
        started.ifPresent(job -> metrics.count(ExportStatus.PENDING));
        return started;
    }

    /**
     * The files of a month so far.
     *
     * @param revision of the last; 0 without any
     * @param failed whether every one has failed
     * @param endedAt when the last ended
     */
    private record Earlier(int revision, boolean failed, Optional<Instant> endedAt) {

        boolean mayBeTried(Instant now) {
            return revision == 0
                    || failed && endedAt.orElseThrow().plus(RETRY_AFTER).isBefore(now);
        }
    }

    private static final String EARLIER =
            """
            select coalesce(max(revision), 0) as revision, coalesce(bool_and(status = 'failed'), false) as failed,
                   max(completed_at) as ended_at
            from analytics.export_jobs where org_id = :org and month = :month
            """;

    private static Earlier earlier(Handle handle, UUID org, YearMonth month) {
        return handle.createQuery(EARLIER)
                .bind("org", org)
                .bind("month", month.atDay(1))
                .map(row -> new Earlier(
                        row.getColumn("revision", Integer.class),
                        row.getColumn("failed", Boolean.class),
                        Optional.ofNullable(row.getColumn("ended_at", Instant.class))))
                .one();
    }

    private ExportJob job(UUID org, ExportJob.Restatement monthly, Preferences preferences, String initiatedBy) {
        ZoneId zone = zone(preferences);
        ExportOrder order = new ExportOrder(
                range(monthly.month(), zone),
                preferences.granularity().orElse(ExportGranularity.DAILY),
                zone,
                Set.of(),
                preferences.format().orElse(ExportFormat.CSV),
                CsvForm.DEFAULT,
                Optional.empty());
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        return ExportJob.pending(
                UUID.randomUUID(),
                org,
                new ExportJob.Request(order, Optional.of(monthly), initiatedBy, Optional.empty(), now),
                new ObjectLocation(preferences.bucket().orElse(bucket.defaultBucket()), ExportKeys.of(org, monthly)));
    }

    private static ZoneId zone(Preferences preferences) {
        return preferences
                .timeZone()
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
