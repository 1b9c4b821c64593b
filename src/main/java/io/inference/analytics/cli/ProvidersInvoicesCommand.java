package io.inference.analytics.cli;

import picocli.CommandLine.Command;

/** {@code providers invoices}. */
@Command(
        name = "invoices",
        description = "Cursor's monthly invoices, beside what was imported.",
        subcommands = {ProvidersInvoicesAddCommand.class, ProvidersInvoicesListCommand.class})
final class ProvidersInvoicesCommand {}
