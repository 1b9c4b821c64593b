package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code dlq …}. */
@Command(
        name = "dlq",
        description = "Looks at what could not be stored (queue analytics.usage.v1.dlq). Needs RABBITMQ_URL alone.",
        subcommands = {DlqListCommand.class, DlqReplayCommand.class})
final class DlqCommand {}
