package io.inference.analytics.cli;

import io.inference.analytics.attribution.AuditLogImport;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code providers audit-log import}. */
@Dependent
@Command(
        name = "import",
        description = "Takes the CSV export of the audit log; it replaces all days from its first to its last.")
class ProvidersAuditLogImportCommand implements ServiceCommand {

    @Parameters(paramLabel = "FILE.csv", description = "As claude.ai exports it.")
    Path file;

    @Inject
    AuditLogImport audit;

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        var days = audit.importCsv(file, ProviderArguments.BY);
        days.forEach(day -> ProviderArguments.print(out, day));
        out.printf("days imported: %d%n", days.size());
        return 0;
    }
}
