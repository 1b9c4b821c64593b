package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code stream …}. */
@Command(
        name = "stream",
        description = "Shows the stream and the position in it, and accepts another stream (transport stream).",
        subcommands = {StreamStatusCommand.class, StreamResetCommand.class})
final class StreamCommand {}
