package io.inference.analytics.database;

import jakarta.enterprise.context.ApplicationScoped;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.output.MigrateResult;

/** The database's way to this version's schema. The server goes it at its start by itself; the command line on demand. */
@ApplicationScoped
public class Migrations {

    /**
     * What a run did.
     *
     * @param version the schema's version now
     * @param applied migrations of this run; 0 when the schema was up to date
     */
    public record Report(String version, int applied) {}

    private final Flyway flyway;

    Migrations(Flyway flyway) {
        this.flyway = flyway;
    }

    /** Waits for another process that migrates; each migration is applied once. */
    public Report run() {
        MigrateResult result = flyway.migrate();
        String version = result.targetSchemaVersion == null ? result.initialSchemaVersion : result.targetSchemaVersion;
        return new Report(version, result.migrationsExecuted);
    }
}
