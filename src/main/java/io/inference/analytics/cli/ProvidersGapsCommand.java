package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers gaps}. */
@Dependent
@Command(
        name = "gaps",
        description = "Lists the days up to yesterday without a good import, and exits with 1 if there are any.")
class ProvidersGapsCommand implements ServiceCommand {

    @Mixin
    ProvidersOption providers;

    @Option(names = "--from", paramLabel = "DATE", description = "Default: the first day that was ever tried.")
    String from;

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        providers.validate();
        if (from != null) {
            DayArgument.of("--from", from);
        }
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        int gaps = 0;
        for (Provider each : providers.of(imports)) {
            for (String gap : imports.gaps(each, from == null ? null : DayArgument.of("--from", from))) {
                out.printf("%s\t%s%n", each.wireName(), gap);
                gaps++;
            }
        }
        out.printf("gaps: %d%n", gaps);
        return gaps == 0 ? 0 : 1;
    }
}
