package io.inference.analytics.cli;

import io.inference.analytics.providers.ProviderImports;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code providers import}. */
@Dependent
@Command(
        name = "import",
        description = {
            "Imports one day of all reports of a provider. Doing it again changes nothing unless the provider does.",
            "Exits with 1 if a report of the day could not be imported; the others are."
        })
class ProvidersImportCommand implements ServiceCommand {

    @Option(names = "--provider", required = true, paramLabel = "P", description = "anthropic or cursor.")
    String provider;

    @Option(names = "--date", paramLabel = "DATE", description = "The UTC day (default: yesterday).")
    String date;

    @Option(
            names = "--release",
            description = "Takes a day although it is empty where it was not, or larger than the limits allow.")
    boolean release;

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        ProviderArguments.provider(provider);
        if (date != null) {
            DayArgument.of("--date", date);
        }
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        var day = date == null ? imports.yesterday() : DayArgument.of("--date", date);
        var summary = imports.importDay(
                ProviderArguments.provider(provider),
                day,
                release,
                ProviderArguments.BY,
                outcome -> ProviderArguments.print(out, outcome));
        return ProviderArguments.summary(out, summary);
    }
}
