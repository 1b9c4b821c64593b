package io.inference.analytics.cli;

import io.inference.analytics.database.Migrations;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root of the command line, and the commands about the server itself. */
@Command(
        name = "analytics",
        description = {
            "Usage, spend and reliability analytics for AI inference. Without a command it is the server.",
            "Settings come from the environment; a command needs only those of the servers that it uses."
        },
        footer = "Exit codes: 0 done, 1 failed, 2 wrong usage.",
        subcommands = {
            AnalyticsCommand.Serve.class,
            AnalyticsCommand.Migrate.class,
            RollupCommands.class,
            DlqCommands.class,
            ConservationCommand.class,
            CatalogCommands.class,
            UserCommands.class,
            ExportCommands.class,
            PriceCommands.class,
            ProvidersCommands.class,
            ReplayCommand.class,
            StreamCommand.class,
            SyntheticCommand.class,
            AuditCommands.class,
            ApiKeyCommands.class,
            BudgetCommands.class
        })
final class AnalyticsCommand {

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    boolean help;

    /** Does not run as a command: {@link Main} starts the server. */
    @Command(name = "serve", description = "Migrates the database, then ingests and answers until it is stopped.")
    static final class Serve {}

    @Dependent
    @Command(
            name = "migrate",
            description = {
                "Migrates the database of DATABASE_URL to this version's schema. Needs no other setting.",
                "Several may run at once: one works, the others wait and find nothing left to do.",
                "Never waits for a lock longer than 2 s, as others would queue behind it; tries again for 45 minutes."
            })
    static class Migrate implements ServiceCommand {

        @Inject
        Migrations migrations;

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            Migrations.Report report = migrations.run();
            out.printf("schema version %s, migrations applied: %d%n", report.version(), report.applied());
            return 0;
        }
    }
}
