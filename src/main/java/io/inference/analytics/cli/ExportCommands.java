package io.inference.analytics.cli;

import io.inference.analytics.export.ExportFormat;
import io.inference.analytics.export.ExportGranularity;
import io.inference.analytics.export.MonthlyExports;
import io.inference.analytics.export.OrgExportSettings;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code export …}. */
@Command(
        name = "export",
        description = "Runs and configures finance exports. Needs the settings S3_* in addition to the database.",
        subcommands = {ExportCommands.RunMonthly.class, ExportCommands.Org.class})
final class ExportCommands {

    @Dependent
    @Command(
            name = "run-monthly",
            description = {
                "Makes the export of a month for every organisation with usage in it, and waits for the files.",
                "A month that has a file gets another: a restatement, next to the old file, with the difference in its job."
            })
    static class RunMonthly implements ServiceCommand.Change {

        @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "A month that is over.")
        YearMonth month;

        @Option(names = "--org", paramLabel = "UUID", description = "Only this organisation.")
        Optional<UUID> org;

        @Inject
        MonthlyExports exports;

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            List<MonthlyExports.Outcome> outcomes = exports.run(month, org, "command line");
            for (MonthlyExports.Outcome outcome : outcomes) {
                out.printf(
                        "%s\tr%d\t%s%n",
                        outcome.org(),
                        outcome.revision(),
                        outcome.file()
                                .orElseGet(() -> "failed: " + outcome.error().orElse("")));
            }
            long failed = outcomes.stream()
                    .filter(outcome -> outcome.file().isEmpty())
                    .count();
            out.printf("%d files made, %d failed%n", outcomes.size() - failed, failed);
            return failed == 0 ? 0 : 1;
        }
    }

    @Dependent
    @Command(
            name = "org",
            description = {
                "Sets how the exports of an organisation differ from the default.",
                "Every option that is not given goes back to its default.",
                "Applies to exports that start or finish after this change."
            })
    static class Org implements ServiceCommand.Change {

        @Option(names = "--id", required = true, paramLabel = "UUID", description = "The organisation.")
        UUID id;

        @Option(
                names = "--monthly",
                paramLabel = "true|false",
                arity = "1",
                description = "Whether the monthly export is made.")
        Optional<Boolean> monthly;

        @Option(
                names = "--grace-days",
                paramLabel = "N",
                description = "Days between the end of the month and its export, 0 to 27.")
        Optional<Integer> graceDays;

        @Option(
                names = "--granularity",
                paramLabel = "WORD",
                description = "Of the monthly export: HOURLY, DAILY or MONTHLY.")
        Optional<ExportGranularity> granularity;

        @Option(names = "--format", paramLabel = "WORD", description = "Of the monthly export: CSV or FOCUS.")
        Optional<ExportFormat> format;

        @Option(
                names = "--time-zone",
                paramLabel = "ZONE",
                description = "The zone of its months, such as Europe/Berlin; offsets of whole hours only.")
        Optional<String> timeZone;

        @Option(names = "--retention-days", paramLabel = "N", description = "Days that files are kept, 1 to 3650.")
        Optional<Integer> retentionDays;

        @Option(names = "--bucket", paramLabel = "NAME", description = "The bucket of its files.")
        Optional<String> bucket;

        @Inject
        OrgExportSettings settings;

        private Preferences preferences() {
            return new Preferences(monthly, graceDays, granularity, format, timeZone, retentionDays, bucket);
        }

        @Override
        public void validate() {
            preferences().checked();
        }

        @Override
        public int run(PrintWriter out) {
            settings.set(id, preferences());
            out.printf("org %s: %s%n", id, preferences());
            return 0;
        }
    }
}
