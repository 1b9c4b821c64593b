package io.inference.analytics.audit;

import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.ZoneOffset;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Makes the log's partitions ahead and drops the months that retention ends, behind a checkpoint. Idempotent; several replicas
 * may do it at once. Should it never run, the writer makes the partition that it needs.
 */
@ApplicationScoped
class AuditUpkeep {

    private static final Logger LOG = Logger.getLogger(AuditUpkeep.class);

    /** Who waits longer for a partition that is being read would hold up the writers. */
    private static final String LIMITS = "set lock_timeout = '2s'";

    private static final String DEFAULTS = "reset lock_timeout";

    private final AuditLogStore store;
    private final DataSource dataSource;
    private final AuditConfig config;
    private final Clock clock;

    AuditUpkeep(AuditLogStore store, DataSource dataSource, AuditConfig config, Clock clock) {
        this.store = store;
        this.dataSource = dataSource;
        this.config = config;
        this.clock = clock;
    }

    @Scheduled(
            every = "${analytics.audit.upkeep-interval:1h}",
            delayed = "15s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void scheduled() {
        try {
            runOnce();
        } catch (SQLException e) {
            LOG.warnf("event=audit_upkeep_failed sqlstate=%s cause=\"%s\"", e.getSQLState(), e.getMessage());
        }
    }

    /** One round; returns how many months were dropped. */
    int runOnce() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement limits = connection.createStatement()) {
            limits.execute(LIMITS);
            try {
                store.ensureMonths(connection);
                int dropped = store.purge(
                        connection,
                        clock.instant()
                                .atOffset(ZoneOffset.UTC)
                                .minus(config.retention())
                                .toInstant());
                if (dropped > 0) {
                    LOG.infof("event=audit_retention_dropped months=%d", dropped);
                }
                return dropped;
            } finally {
                if (!connection.isClosed()) {
                    limits.execute(DEFAULTS);
                }
            }
        }
    }
}
