package io.inference.analytics.cli;

import io.inference.analytics.database.Migrations;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import picocli.CommandLine.Command;

/** {@code migrate}. */
@Dependent
@Command(
        name = "migrate",
        description = {
            "Brings the database of DATABASE_URL to this version's schema. Needs no other setting.",
            "Several at once are safe: one works, the others wait and find nothing left to do."
        })
class MigrateCommand implements ServiceCommand {

    @Inject
    Migrations migrations;

    @Override
    public int run(PrintWriter out) {
        Migrations.Report report = migrations.run();
        out.printf("schema version %s, migrations applied: %d%n", report.version(), report.applied());
        return 0;
    }
}
