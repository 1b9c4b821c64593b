package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers seats}. */
@Command(
        name = "seats",
        description = "What seats cost: no interface reports it.",
        subcommands = {ProvidersSeatsAddCommand.class})
final class ProvidersSeatsCommand {}
