package io.inference.analytics.audit;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Creates the log's partitions ahead of time and drops the months beyond retention, behind a
 * checkpoint. Idempotent; several replicas may do it at once. If it never runs, the writer creates
 * the partition that it needs.
 */
@ApplicationScoped
class AuditUpkeep {

    private static final Logger LOG = Logger.getLogger(AuditUpkeep.class);

    /** Waiting longer for a partition that is being read would block the writers. */
    private static final String LOCK_LIMIT = "set local lock_timeout = '2s'";

    private final AuditLogStore store;
    private final Jdbi jdbi;
    private final AuditConfig config;
    private final Clock clock;

    AuditUpkeep(AuditLogStore store, Jdbi jdbi, AuditConfig config, Clock clock) {
        this.store = store;
        this.jdbi = jdbi;
        this.config = config;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.audit.upkeep-interval:1h}",
            delayed = "15s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        try {
            runOnce();
        } catch (JdbiException e) {
            LOG.warnf("event=audit_upkeep_failed sqlstate=%s cause=\"%s\"", SqlState.of(e), e.getMessage());
        }
    }

    /** One round; returns how many months were dropped. */
    int runOnce() {
        limited(handle -> {
            store.ensureMonths(handle);
            return null;
        });
        Instant edge = clock.instant()
                .atOffset(ZoneOffset.UTC)
                .minus(config.retention())
                .toInstant();
        int dropped = limited(handle -> store.purge(handle, edge));
        if (dropped > 0) {
            LOG.infof("event=audit_retention_dropped months=%d", dropped);
        }
        return dropped;
    }

    private <T> T limited(HandleCallback<T, RuntimeException> work) {
        return jdbi.inTransaction(handle -> {
            handle.execute(LOCK_LIMIT);
            return work.withHandle(handle);
        });
    }
}
