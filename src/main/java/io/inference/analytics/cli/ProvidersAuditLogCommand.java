package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers audit-log}. */
@Command(
        name = "audit-log",
        description = "The audit log of claude.ai.",
        subcommands = {ProvidersAuditLogImportCommand.class})
final class ProvidersAuditLogCommand {}
