package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers mappings}. */
@Command(
        name = "mappings",
        description = "Mappings of keys to platforms, users and teams.",
        subcommands = {
            ProvidersMappingsImportCommand.class,
            ProvidersMappingsTodoCommand.class,
            ProvidersMappingsQualityCommand.class
        })
final class ProvidersMappingsCommand {}
