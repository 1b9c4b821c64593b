package io.inference.analytics.audit;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.time.Period;

/** How the audit log is kept. */
@ConfigMapping(prefix = "analytics.audit")
interface AuditConfig {

    /** Whether a request is refused (503) when its entry can not be committed (AUDIT_REQUIRED); else only the log tells. */
    @WithDefault("true")
    boolean required();

    /** How long after the decision a request waits for its entry to be committed, at most; its own work counts. */
    @WithDefault("2500ms")
    Duration patience();

    /** How long a group of entries is gathered once its first is there, at most. */
    @WithDefault("1ms")
    Duration groupDelay();

    /** Entries that wait for the database, at most; more are refused. */
    @WithDefault("20000")
    int queueMax();

    /** How often the head of the chain is published to the log and to S3; only when it has moved. */
    @WithDefault("1m")
    Duration headInterval();

    /** How long entries are kept, as an ISO 8601 period; whole months are dropped, and never what is younger than 30 days. */
    @WithDefault("P24M")
    Period retention();

    /** Pause between two rounds of making partitions ahead and dropping what retention ends. */
    @WithDefault("1h")
    Duration upkeepInterval();
}
