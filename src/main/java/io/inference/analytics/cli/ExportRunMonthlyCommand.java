package io.inference.analytics.cli;

import io.inference.analytics.export.MonthlyExports;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code export run-monthly}. */
@Dependent
@Command(
        name = "run-monthly",
        description = {
            "Makes the export of a month for every organisation with usage in it, and waits for the files.",
            "A month that has one gets the next: a restatement, beside the old file, with the difference in its job."
        })
class ExportRunMonthlyCommand implements ServiceCommand {

    @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "A month that is over.")
    String month;

    @Option(names = "--org", paramLabel = "UUID", description = "Only this organisation.")
    String org;

    @Inject
    MonthlyExports exports;

    @Override
    public void validate() {
        month();
        org();
    }

    private YearMonth month() {
        try {
            return YearMonth.parse(month);
        } catch (DateTimeException e) {
            throw new Failure.Invalid("--month", "--month: %s (expected: a month such as 2026-03)".formatted(month));
        }
    }

    private Optional<UUID> org() {
        if (org == null) {
            return Optional.empty();
        }
        return Optional.of(Uuids.parse(org)
                .orElseThrow(() -> new Failure.Invalid("--org", "--org: %s (expected: a UUID)".formatted(org))));
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        List<MonthlyExports.Outcome> outcomes = exports.run(month(), org(), "command line");
        for (MonthlyExports.Outcome outcome : outcomes) {
            out.printf(
                    "%s\tr%d\t%s%n",
                    outcome.org(),
                    outcome.revision(),
                    outcome.file().orElseGet(() -> "failed: " + outcome.error().orElse("")));
        }
        long failed =
                outcomes.stream().filter(outcome -> outcome.file().isEmpty()).count();
        out.printf("%d files made, %d failed%n", outcomes.size() - failed, failed);
        return failed == 0 ? 0 : 1;
    }
}
