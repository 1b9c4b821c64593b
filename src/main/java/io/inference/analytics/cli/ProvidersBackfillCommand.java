package io.inference.analytics.cli;

import io.inference.analytics.bills.ImportStatus;
import io.inference.analytics.bills.ProviderImports;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers backfill}. */
@Dependent
@Command(
        name = "backfill",
        description = {
            "Imports a range of days, both ends included, but for those that are there already.",
            "Refuses to start before one day of the provider has passed 'providers validate'.",
            "A day that fails is noted and the run goes on; 'providers retry-failed' tries those again."
        })
class ProvidersBackfillCommand implements ServiceCommand {

    private static final int PROGRESS_DAYS = 10;

    @Mixin
    ProviderOption provider;

    @Option(
            names = "--from",
            paramLabel = "DATE",
            defaultValue = "2025-01-01",
            description = "Default: ${DEFAULT-VALUE}.")
    String from;

    @Option(names = "--to", paramLabel = "DATE", description = "Default: yesterday.")
    String to;

    @Option(names = "--force", description = "Also days that are there already.")
    boolean force;

    @Option(
            names = "--release",
            description = {
                "Takes days although they are empty where they were not, or larger than the limits allow.",
                "A large day stays released until the provider says something else about it."
            })
    boolean release;

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        provider.get();
        DayArgument.of("--from", from);
        if (to != null) {
            DayArgument.of("--to", to);
        }
    }

    @Override
    public boolean changesSomething() {
        return release;
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        Map<ImportStatus, Integer> counts = new EnumMap<>(ImportStatus.class);
        int[] done = {0};
        var summary = imports.backfill(
                provider.get(),
                new ProviderImports.Range(
                        DayArgument.of("--from", from),
                        to == null ? imports.yesterday() : DayArgument.of("--to", to),
                        force,
                        release),
                CommandRun.actor(),
                outcome -> {
                    counts.merge(outcome.status(), 1, Integer::sum);
                    if (!outcome.status().good()) {
                        ProviderArguments.print(out, outcome);
                    }
                    if (++done[0] % PROGRESS_DAYS == 0) {
                        out.printf("%d days of reports done, at %s: %s%n", done[0], outcome.date(), counts);
                    }
                });
        return ProviderArguments.summary(out, summary);
    }
}
