package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code export …}. */
@Command(
        name = "export",
        description = "Looks after finance exports. Needs the settings S3_* beside the database.",
        subcommands = {ExportRunMonthlyCommand.class, ExportOrgCommand.class})
final class ExportCommand {}
