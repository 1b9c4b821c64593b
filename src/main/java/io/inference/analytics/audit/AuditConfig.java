package io.inference.analytics.audit;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.time.Period;

/** How the audit log is kept. */
@ConfigMapping(prefix = "analytics.audit")
interface AuditConfig {

    /**
     * Whether a request is refused (503) when its entry cannot be committed (AUDIT_REQUIRED);
     * otherwise the failure is only logged.
     */
    boolean required();

    /**
     * Longest time after the access decision that a request waits for the commit of its entry; its
     * own work counts.
     */
    @WithDefault("2500ms")
    Duration patience();

    /** Longest time that a group waits for further entries after its first one. */
    @WithDefault("1ms")
    Duration groupDelay();

    /** Most entries that may wait for the database; further ones are refused. */
    @WithDefault("20000")
    int queueMax();

    /** How often the head of the chain is published to the log and to S3, if it has moved. */
    @WithDefault("1m")
    Duration headInterval();

    /**
     * How long entries are kept, as an ISO 8601 period; whole months are dropped, but never entries
     * younger than 30 days.
     */
    @WithDefault("P24M")
    Period retention();

    /**
     * Pause between two rounds that create partitions ahead of time and drop months beyond
     * retention.
     */
    @WithDefault("1h")
    Duration upkeepInterval();
}
