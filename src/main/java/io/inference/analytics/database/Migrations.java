package io.inference.analytics.database;

import io.inference.analytics.platform.BackOff;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.output.MigrateResult;
import org.jboss.logging.Logger;

/** The database's way to this version's schema. The server goes it at its start by itself; the command line on demand. */
@ApplicationScoped
public class Migrations {

    private static final Logger LOG = Logger.getLogger(Migrations.class);

    /** The longest transaction of the service is a file of an export: 30 min. */
    private static final Duration PATIENCE = Duration.ofMinutes(45);

    /**
     * What a run did.
     *
     * @param version the schema's version now
     * @param applied migrations of this run; 0 when the schema was up to date
     */
    public record Report(String version, int applied) {}

    private final Flyway flyway;
    private final Clock clock;

    Migrations(Flyway flyway, Clock clock) {
        this.flyway = flyway;
        this.clock = clock;
    }

    /**
     * Waits for another process that migrates; each migration is applied once. One that does not get its locks ({@link LockLimit})
     * is tried again for 45 minutes.
     */
    public Report run() throws InterruptedException {
        Instant end = clock.instant().plus(PATIENCE);
        BackOff backOff = new BackOff(Duration.ofSeconds(1), Duration.ofSeconds(10));
        int applied = 0;
        while (true) {
            int before = pending();
            try {
                MigrateResult result = flyway.migrate();
                String version =
                        result.targetSchemaVersion == null ? result.initialSchemaVersion : result.targetSchemaVersion;
                return new Report(version, applied + result.migrationsExecuted);
            } catch (FlywayException e) {
                if (!SqlState.is(e, SqlState.LOCK_NOT_AVAILABLE)
                        || clock.instant().isAfter(end)) {
                    throw e;
                }
                applied += before - pending();
                LOG.warnf(
                        "event=migration_waits sqlstate=%s: a long transaction uses a table that changes",
                        SqlState.of(e));
                backOff.pause();
            }
        }
    }

    private int pending() {
        return flyway.info().pending().length;
    }
}
