package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code audit …}. */
@Command(
        name = "audit",
        description = "Looks after the audit log.",
        subcommands = {AuditVerifyCommand.class})
final class AuditCommand {}
