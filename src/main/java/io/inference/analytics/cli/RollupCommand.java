package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code rollup …}. */
@Command(name = "rollup", description = "Looks after the rollups.", subcommands = RollupRefreshCommand.class)
final class RollupCommand {}
