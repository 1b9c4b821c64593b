package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderMappings;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code providers mappings import}. */
@Dependent
@Command(
        name = "import",
        description = "Takes mappings from a CSV file with the columns key, platform, email, team, from; all or none.")
class ProvidersMappingsImportCommand implements ServiceCommand {

    @Parameters(paramLabel = "FILE.csv", description = "UTF-8, with a header.")
    Path file;

    @Inject
    ProviderMappings mappings;

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        out.printf("mappings taken: %d%n", mappings.importCsv(file, ProviderArguments.BY));
        return 0;
    }
}
