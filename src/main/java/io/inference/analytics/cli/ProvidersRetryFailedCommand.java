package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers retry-failed}. */
@Dependent
@Command(
        name = "retry-failed",
        description = {
            "Tries every day again whose last import failed, days in quarantine too; exits with 1 if any is left.",
            "It releases nothing: a day that still cannot be right stays in quarantine."
        })
class ProvidersRetryFailedCommand implements ServiceCommand {

    @Mixin
    ProvidersOption providers;

    @Option(
            names = "--date",
            paramLabel = "DATE",
            description = "Only this day, whatever its last import came to; repeatable (default: all that failed).")
    List<String> dates = List.of();

    @Inject
    ProviderImports imports;

    @Override
    public void validate() {
        providers.validate();
        days();
    }

    private SortedSet<LocalDate> days() {
        SortedSet<LocalDate> days = new TreeSet<>();
        dates.forEach(date -> days.add(DayArgument.of("--date", date)));
        return days;
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        int code = 0;
        for (Provider each : providers.of(imports)) {
            var summary =
                    imports.retry(each, days(), ProviderArguments.BY, outcome -> ProviderArguments.print(out, outcome));
            out.printf("%s: ", each.wireName());
            code = Math.max(code, ProviderArguments.summary(out, summary));
        }
        return code;
    }
}
