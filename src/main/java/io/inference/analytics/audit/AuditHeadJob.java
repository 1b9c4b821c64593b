package io.inference.analytics.audit;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.EndsBeforeStop;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Publishes the end of the chain to the log and to the file store, so that truncating the chain in
 * the database is detected. Every replica does it; publishing a head twice does no harm.
 */
@ApplicationScoped
class AuditHeadJob {

    private static final Logger LOG = Logger.getLogger("io.inference.analytics.audit-head");

    private final AuditLogStore store;
    private final ApiDatabase database;
    private final AuditHeads archive;
    private final Clock clock;
    private volatile AuditHead published = new AuditHead(0, "");

    AuditHeadJob(AuditLogStore store, ApiDatabase database, AuditHeads archive, Clock clock) {
        this.store = store;
        this.database = database;
        this.archive = archive;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.audit.head-interval:1m}",
            delayed = "5s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        try {
            runOnce();
        } catch (RuntimeException | IOException e) {
            LOG.warnf("event=audit_head_not_kept cause=\"%s\"", e.getMessage());
        }
    }

    /** Publishes the head if it has moved since the last time; returns it. */
    Optional<AuditHead> runOnce() throws IOException {
        Optional<AuditLogStore.End> end = database.read(store::end);
        if (end.isEmpty()) {
            LOG.error("event=audit_head_missing analytics.audit_head has no row");
            return Optional.empty();
        }
        AuditHead head = end.get().head();
        if (head.seq() > 0 && !head.equals(published)) {
            LOG.infof("event=audit_head chain=%s head=%s", end.get().chain(), head);
            if (archive.offered()) {
                archive.keep(end.get().chain(), head, clock.instant());
            }
            published = head;
        }
        return Optional.of(head);
    }
}
