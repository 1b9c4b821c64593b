package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code catalog …}. */
@Command(
        name = "catalog",
        description = "Gives organisations and models the names that people read.",
        subcommands = {CatalogOrgCommand.class, CatalogModelCommand.class})
final class CatalogCommand {}
