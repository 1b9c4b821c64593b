package io.inference.analytics.export;

import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.usage.CatalogStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.text.Normalizer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Signs URLs of files. A URL is valid for {@link ExportConfig#signedUrlTtl()}, or until the file
 * expires.
 */
@ApplicationScoped
class ExportDownload {

    /** The longest validity that Signature Version 4 allows. */
    private static final Duration TTL_MAX = Duration.ofDays(7);

    private final ExportJobs jobs;
    private final ObjectStore bucket;
    private final CatalogStore catalog;
    private final ExportConfig config;
    private final Clock clock;

    ExportDownload(ExportJobs jobs, ObjectStore bucket, CatalogStore catalog, ExportConfig config, Clock clock) {
        this.jobs = jobs;
        this.bucket = bucket;
        this.catalog = catalog;
        this.config = config;
        this.clock = clock;
    }

    /**
     * Checks that the job has a file that can be downloaded.
     *
     * @throws Failure.Conflict when there is no file (yet)
     * @throws Failure.Gone when it has expired
     */
    void requireFile(ExportJob job) {
        switch (job.status()) {
            case PENDING, RUNNING ->
                throw new Failure.Conflict("status: %s (expected: succeeded; the file is not ready)"
                        .formatted(job.status().wireName()));
            case FAILED ->
                throw new Failure.Conflict("There is no file: the export has failed. "
                        + job.failed().map(ExportJob.Failed::error).orElse(""));
            case CANCELLED -> throw new Failure.Conflict("There is no file: the export was cancelled.");
            case EXPIRED -> throw gone();
            case SUCCEEDED -> {
                jobs.requireStore();
                if (left(job, clock.instant()).compareTo(Duration.ofSeconds(1)) < 0) {
                    throw gone();
                }
            }
        }
    }

    /** A new signed URL of the job's file, for which {@link #requireFile} holds. */
    ExportLink sign(ExportJob job) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        Duration ttl = Stream.of(config.signedUrlTtl(), TTL_MAX, left(job, now))
                .min(Comparator.naturalOrder())
                .orElseThrow()
                .truncatedTo(ChronoUnit.SECONDS);
        String fileName = fileName(job, catalog.orgName(job.orgId()));
        return new ExportLink(
                bucket.sign(job.location(), fileName, ttl),
                now.plus(ttl),
                fileName,
                job.made().orElseThrow().checksum());
    }

    private static Duration left(ExportJob job, Instant now) {
        return Duration.between(now, job.made().orElseThrow().expiresAt());
    }

    private static Failure.Gone gone() {
        return new Failure.Gone("The file has expired and was deleted; request a new export.");
    }

    /**
     * Such as {@code usage_Acme-GmbH_2026-03-01_2026-03-31_daily.csv}; ASCII, so that every client
     * saves the same name.
     */
    static String fileName(ExportJob job, String orgName) {
        String org = Normalizer.normalize(orgName, Normalizer.Form.NFKD)
                .replaceAll("\\p{M}", "")
                .replaceAll("[^A-Za-z0-9]+", "-")
                .replaceAll("^-|-$", "");
        ExportOrder order = job.order();
        LocalDate first = LocalDate.ofInstant(order.range().start(), order.zone());
        LocalDate last = LocalDate.ofInstant(order.range().end().minusNanos(1), order.zone());
        String what =
                order.format() == ExportFormat.CSV ? "usage" : order.format().wireName();
        String which = job.monthly()
                .map(monthly -> monthly.month() + "-r" + monthly.revision())
                .orElse(first + "_" + last);
        return String.join(
                        "_",
                        what,
                        org.isEmpty() ? job.orgId().toString() : org.substring(0, Math.min(org.length(), 60)),
                        which,
                        order.granularity().wireName().toLowerCase(Locale.ROOT))
                + ".csv";
    }
}
