package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Mixin
    ProviderOption provider;

    @Option(names = "--date", paramLabel = "DATE", description = "The UTC day (default: yesterday).")
    String date;

    @Option(
            names = "--daily",
            description =
                    "Instead of one day what the schedule reads: yesterday, what may have been restated, what is missing.")
    boolean daily;

    @Option(
            names = "--release",
            description = {
                "Takes a day although it is empty where it was not, or larger than the limits allow.",
                "A large day stays released until the provider says something else about it."
            })
    boolean release;

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        provider.get();
        if (daily && (date != null || release)) {
            throw new Failure.Invalid("--daily", "--daily: with --date or --release (expected: alone)");
        }
        if (date != null) {
            DayArgument.of("--date", date);
        }
    }

    @Override
    public boolean changesSomething() {
        return release;
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        if (daily) {
            return ProviderArguments.summary(
                    out,
                    imports.importDue(
                            provider.get(), CommandRun.actor(), outcome -> ProviderArguments.print(out, outcome)));
        }
        var day = date == null ? imports.yesterday() : DayArgument.of("--date", date);
        var summary = imports.importDay(
                provider.get(), day, release, CommandRun.actor(), outcome -> ProviderArguments.print(out, outcome));
        return ProviderArguments.summary(out, summary);
    }
}
