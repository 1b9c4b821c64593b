package io.inference.analytics.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root of the command line. */
@Command(
        name = "analytics",
        description = {
            "Usage, spend and reliability analytics for AI inference. Without a command it is the server.",
            "Settings come from the environment; a command needs only those of the servers that it talks to."
        },
        footer = "Exit codes: 0 done, 1 failed, 2 wrong usage.",
        subcommands = {
            ServeCommand.class,
            MigrateCommand.class,
            RollupCommand.class,
            DlqCommand.class,
            ConservationCommand.class,
            CatalogCommand.class,
            ExportCommand.class,
            PriceCommand.class,
            ProvidersCommand.class,
            ReplayCommand.class,
            StreamCommand.class,
            SyntheticCommand.class,
            AuditCommand.class,
            ApiKeyCommand.class
        })
final class AnalyticsCommand {

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    boolean help;
}
