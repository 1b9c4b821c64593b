package io.inference.analytics.export;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.time.Period;

/** How exports are made and kept. */
@ConfigMapping(prefix = "analytics.export")
interface ExportConfig {

    /** Whether this process works on export jobs at all; commands switch it off. */
    @WithDefault("true")
    boolean enabled();

    /**
     * Pause between two looks for jobs (EXPORT_WORKER_INTERVAL). A job that this process accepted
     * begins at once.
     */
    Duration workerInterval();

    /** Jobs that this process works on at the same time (EXPORT_WORKER_CONCURRENCY). */
    int workerConcurrency();

    /** How long a signed URL is valid (EXPORT_SIGNED_URL_TTL): at most 7 days, the limit of S3. */
    Duration signedUrlTtl();

    /** How long a job's process may stay silent before another one takes the job over. */
    @WithDefault("60s")
    Duration lease();

    /**
     * Tries that may end without a file before a job has failed. A try for which only the file
     * store is to blame does not count.
     */
    @WithDefault("5")
    int faultsMax();

    /** Longest pause before a job is tried again. */
    @WithDefault("30s")
    Duration backOffMax();

    /** How long the file store may prevent a job before the job has failed. */
    @WithDefault("7d")
    Duration giveUpAfter();

    /** Jobs of one organisation that may be pending or running at the same time. */
    @WithDefault("10")
    int openJobsMax();

    /** How long a file is kept, as an ISO 8601 period; an organisation may have its own. */
    @WithDefault("P90D")
    Period retention();

    /** Whether the export of the last month is made for organisations without a preference. */
    @WithDefault("true")
    boolean monthly();

    /**
     * Days after the end of a month until its export is made, so that the file includes late
     * events.
     */
    @WithDefault("2")
    int graceDays();

    /** Pause between two rounds of the monthly run and of the upkeep (expiry, left-overs). */
    @WithDefault("10m")
    Duration upkeepInterval();

    /**
     * Bytes of one part of an upload, at least 5 MiB by the rules of S3. Each running job has two
     * in memory.
     */
    @WithDefault("8388608")
    int partBytes();

    /** The provider of the service, for the column ProviderName of format focus. */
    @WithDefault("Inference platform")
    String providerName();
}
