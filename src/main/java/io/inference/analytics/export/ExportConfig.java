package io.inference.analytics.export;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.time.Period;

/** How exports are made and kept. */
@ConfigMapping(prefix = "analytics.export")
interface ExportConfig {

    /** Whether this process works on export jobs at all; the command line switches it off. */
    @WithDefault("true")
    boolean enabled();

    /** Pause between two looks for jobs (EXPORT_WORKER_INTERVAL); a job accepted by this process begins at once. */
    @WithDefault("5s")
    Duration workerInterval();

    /** Jobs that this process does at a time (EXPORT_WORKER_CONCURRENCY). */
    @WithDefault("2")
    int workerConcurrency();

    /** How long a signed address lives (EXPORT_SIGNED_URL_TTL), at most 7 days, which is what S3 allows. */
    @WithDefault("24h")
    Duration signedUrlTtl();

    /** After how long without a sign of life another process takes over a job. */
    @WithDefault("60s")
    Duration lease();

    /** Tries that may end without a file, other than by the file store's fault, before a job has failed. */
    @WithDefault("5")
    int faultsMax();

    /** Longest pause before a job is tried again. */
    @WithDefault("30s")
    Duration backOffMax();

    /** After how long a job that the file store keeps from being done has failed. */
    @WithDefault("7d")
    Duration giveUpAfter();

    /** Jobs of one organisation that may be pending or running at a time. */
    @WithDefault("10")
    int openJobsMax();

    /** How long a file is kept, as an ISO 8601 period; organisations may have their own. */
    @WithDefault("P90D")
    Period retention();

    /** Whether the export of the month just ended is made for organisations that do not wish otherwise. */
    @WithDefault("true")
    boolean monthly();

    /** Days after the end of a month until its export is made, so that late events are in it. */
    @WithDefault("2")
    int graceDays();

    /** Pause between two rounds of the monthly run and of the upkeep (expiry, left-overs). */
    @WithDefault("10m")
    Duration upkeepInterval();

    /** Bytes of one part of an upload, at least 5 MiB by the rules of S3; each running job holds two in memory. */
    @WithDefault("8388608")
    int partBytes();

    /** Who provides the service, as the column ProviderName of format focus names it. */
    @WithDefault("Inference platform")
    String providerName();
}
