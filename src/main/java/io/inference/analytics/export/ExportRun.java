package io.inference.analytics.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.export.ExportContents.Unequal;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.objectstore.StoreTrouble;
import io.inference.analytics.platform.Sha256;
import io.inference.analytics.platform.Traces;
import io.quarkus.agroal.DataSource;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.security.DigestOutputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * Makes the file of one job. The steps, and what holds if one fails or the process dies there:
 *
 * <ol>
 *   <li>if there was an earlier holder, abort every upload of the file's key that it began: from
 *       here on none of them can complete. Begin an upload: no file is visible yet.
 *   <li>read one snapshot, write its rows, and compare their totals with the raw events of the same
 *       snapshot: no file is visible yet.
 *   <li>make sure that this process still holds the job, after the upload began: a process that
 *       takes the job over from now on aborts the upload.
 *   <li>complete the upload: the file is there, but the job is not done. A process that takes it
 *       over overwrites the file.
 *   <li>write the manifest; of a monthly file, copy both to the key of the latest: the same holds.
 *   <li>mark the job as succeeded, if this process still holds it: done.
 * </ol>
 *
 * <p>The store, the comparison and the rows have a thread each. Memory: two parts of the upload,
 * whatever the file's size.
 */
@ApplicationScoped
class ExportRun {

    private static final Logger LOG = Logger.getLogger(ExportRun.class);
    private final AgroalDataSource pool;
    private final Jdbi snapshots;
    private final StorageFlavour.Found flavour;
    private final ExecutorService helpers = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "export-helper");
        thread.setDaemon(true);
        return thread;
    });
    private final ObjectStore bucket;
    private final ExportLedger ledger;
    private final ExportManifest manifest;
    private final OrgExportSettings settings;
    private final ExportConfig config;
    private final Traces traces;
    private final Clock clock;

    ExportRun(
            @DataSource("exports") AgroalDataSource pool,
            @DataSource("exports") Jdbi snapshots,
            StorageFlavour.Found flavour,
            ObjectStore bucket,
            ExportLedger ledger,
            ExportManifest manifest,
            OrgExportSettings settings,
            ExportConfig config,
            Traces traces,
            Clock clock) {
        this.pool = pool;
        this.snapshots = snapshots;
        this.flavour = flavour;
        this.bucket = bucket;
        this.ledger = ledger;
        this.manifest = manifest;
        this.settings = settings;
        this.config = config;
        this.traces = traces;
        this.clock = clock;
    }

    /** Each job reads its rows in one session and sums the raw events in another. */
    @PostConstruct
    void twoSessionsEach() {
        pool.getConfiguration().connectionPoolConfiguration().setMaxSize(2 * config.workerConcurrency());
    }

    @PreDestroy
    void close() {
        helpers.shutdown();
    }

    /** What was read from the snapshot and written. */
    private record Written(ExportContents.Contents contents, String checksum, ExportSnapshot.Watermark watermark) {}

    /**
     * Makes the file and marks the job as succeeded.
     *
     * @throws StoreTrouble when the file store is to blame
     * @throws ExportRefused when the job cannot succeed
     * @throws Unequal when the rows do not add up to the raw events
     * @throws HoldLost when this process no longer holds the job
     */
    void make(ExportTask task) throws IOException, ExportRefused, Unequal, HoldLost {
        ExportJob job = task.job();
        Instant generatedAt = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        Map<String, String> metadata = Map.of(
                "org-id", job.orgId().toString(),
                "job-id", job.jobId().toString(),
                "generated-at", generatedAt.toString());
        ExportUpload upload = new ExportUpload(
                bucket, job.location(), metadata, job.progress().tries() > 1, config.partBytes(), helpers);
        Written written;
        try {
            if (job.progress().tries() > 1) {
                // Perhaps the store is down: do not ask the database for rows that cannot be
                // stored.
                upload.await();
            }
            written = write(task, upload);
            upload.await();
            task.renew();
            upload.complete();
        } catch (IOException | RuntimeException | ExportRefused | Unequal | HoldLost e) {
            drop(upload, e);
            throw e;
        }
        ExportLedger.Result result = result(job, written, upload.bytes());
        byte[] proof =
                manifest.of(job, result, written.watermark(), written.contents().columns(), generatedAt);
        put(job, ExportKeys.manifestOf(job.location().key()), proof, metadata);
        if (job.monthly().isPresent()) {
            task.renew();
            String latest = ExportKeys.latest(job.orgId(), job.monthly().get().month());
            bucket.copy(job.location(), latest);
            put(job, ExportKeys.manifestOf(latest), proof, metadata);
        }
        if (!ledger.succeed(task.hold(), result, expiresAt(job))) {
            throw new HoldLost();
        }
    }

    /** Links the current span to those of the file's batches; a file of charges has none. */
    void linkToBatches(ExportJob job) {
        if (job.order().format().charges().isEmpty()) {
            // One link is that of the request.
            traces.link(() -> BatchTraces.newest(snapshots, job.orgId(), job.order(), Traces.LINKS_MAX - 1));
        }
    }

    private void put(ExportJob job, String key, byte[] content, Map<String, String> metadata) throws StoreTrouble {
        bucket.put(
                new ObjectLocation(job.location().bucket(), key), content, "application/json; charset=utf-8", metadata);
    }

    private static void drop(ExportUpload upload, Exception cause) {
        try {
            upload.abort();
        } catch (StoreTrouble e) {
            // The next holder or the upkeep drops it.
            cause.addSuppressed(e);
        }
    }

    private Written write(ExportTask task, ExportUpload upload) throws IOException, ExportRefused, Unequal, HoldLost {
        ExportJob job = task.job();
        try (ExportSnapshot snapshot = ExportSnapshot.of(snapshots, flavour.flavour(), job.orgId(), job.order())) {
            DigestOutputStream digested = new DigestOutputStream(upload, Sha256.digest());
            // Flushed, not closed: the caller, which began the upload, completes or drops it.
            CsvLines csv = new CsvLines(digested, job.order().csv());
            ExportContents file = new ExportContents(task, snapshot, csv, clock);
            Optional<FocusVersion> charges = job.order().format().charges();
            ExportContents.Contents contents;
            if (charges.isPresent()) {
                contents = file.charges(charges.get());
            } else {
                contents = file.usage(snapshots, helpers, config.providerName());
            }
            upload.finish();
            return new Written(
                    contents,
                    HexFormat.of().formatHex(digested.getMessageDigest().digest()),
                    snapshot.watermark());
        }
    }

    private ExportLedger.Result result(ExportJob job, Written written, long bytes) {
        return new ExportLedger.Result(
                written.contents().rows(),
                bytes,
                written.checksum(),
                written.contents().totals(),
                written.contents().reconciliation(),
                job.monthly()
                        .flatMap(monthly -> ledger.previous(job.orgId(), monthly))
                        .map(earlier -> difference(job, written, earlier)));
    }

    private static ObjectNode difference(ExportJob job, Written written, ExportJob earlier) {
        ObjectNode difference = Figures.difference(
                written.contents().totals(), earlier.made().orElseThrow().totals());
        difference.put("previousJobId", earlier.jobId().toString());
        difference.put("previousRevision", earlier.monthly().orElseThrow().revision());
        difference.put("rows", written.contents().rows() - earlier.progress().rowCount());
        ExportJob.Restatement monthly = job.monthly().orElseThrow();
        LOG.infof(
                "event=export_restated orgId=%s month=%s revision=%d difference=%s",
                job.orgId(), monthly.month(), monthly.revision(), difference);
        return difference;
    }

    private Instant expiresAt(ExportJob job) {
        Optional<Integer> days = settings.of(job.orgId()).retentionDays();
        Instant now = clock.instant();
        Period kept = days.map(Period::ofDays).orElse(config.retention());
        return now.atZone(ZoneOffset.UTC).plus(kept).toInstant();
    }
}
