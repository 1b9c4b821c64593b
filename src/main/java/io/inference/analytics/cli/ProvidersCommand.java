package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers}. */
@Command(
        name = "providers",
        description = "Bills and usage as the AI providers report them.",
        subcommands = {
            ProvidersImportCommand.class,
            ProvidersBackfillCommand.class,
            ProvidersRetryFailedCommand.class,
            ProvidersGapsCommand.class,
            ProvidersValidateCommand.class,
            ProvidersMapWorkspaceCommand.class,
            ProvidersMapKeyCommand.class,
            ProvidersMapOrgCommand.class,
            ProvidersReportWorkspaceCommand.class,
            ProvidersMappingsCommand.class,
            ProvidersUsersCommand.class,
            ProvidersAuditLogCommand.class,
            ProvidersSeatsCommand.class,
            ProvidersInvoicesCommand.class
        })
final class ProvidersCommand {}
