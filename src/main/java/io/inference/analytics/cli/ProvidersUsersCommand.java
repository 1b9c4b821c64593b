package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers users}. */
@Command(
        name = "users",
        description = "The company's people: department, team, budget.",
        subcommands = {ProvidersUsersImportCommand.class})
final class ProvidersUsersCommand {}
