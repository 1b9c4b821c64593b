package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code apikey …}. */
@Command(
        name = "apikey",
        description = "Looks after the keys of programs.",
        subcommands = {ApiKeyCreateCommand.class, ApiKeyRevokeCommand.class, ApiKeyListCommand.class})
final class ApiKeyCommand {}
