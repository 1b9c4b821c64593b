package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code serve}: the server, which {@link Main} starts. */
@Command(name = "serve", description = "Migrates the database, then ingests and answers until it is told to stop.")
final class ServeCommand {}
