package io.inference.analytics.cli;

import io.inference.analytics.export.ExportFormat;
import io.inference.analytics.export.ExportGranularity;
import io.inference.analytics.export.MonthlyExports;
import io.inference.analytics.export.OrgExportSettings;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.export.Restatements;
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
        subcommands = {ExportCommands.RunMonthly.class, ExportCommands.RestatementsDue.class, ExportCommands.Org.class})
final class ExportCommands {

    @Dependent
    @Command(
            name = "run-monthly",
            description = {
                "Makes the export of a month for every organisation with usage or bills in it, and waits for the files.",
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
            return print(exports.run(month, org, "command line"), out);
        }
    }

    private static int print(List<MonthlyExports.Outcome> outcomes, PrintWriter out) {
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

    @Dependent
    @Command(
            name = "restatements",
            description = {
                "Lists monthly files of charges that the bill no longer agrees with; makes nothing without --apply.",
                "A bill that a provider restated and an owner that was entered later make a restatement due."
            })
    static class RestatementsDue implements ServiceCommand {

        @Option(names = "--apply", description = "Makes the restatements, and waits for the files.")
        boolean apply;

        @Inject
        MonthlyExports exports;

        @Inject
        Restatements restatements;

        @Override
        public boolean changesSomething() {
            return apply;
        }

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            List<Restatements.Due> due = restatements.due();
            out.println("MONTH\tORGANISATION\tREVISION\tFILED\tBILLED\tDIFFERENCE");
            for (Restatements.Due file : due) {
                out.printf(
                        "%s\t%s\tr%d\t%s\t%s\t%s%n",
                        file.month(),
                        file.org(),
                        file.revision(),
                        file.filedUsd().toPlainString(),
                        file.billedUsd().toPlainString(),
                        file.billedUsd().subtract(file.filedUsd()).toPlainString());
            }
            out.printf(
                    "%d restatements due%s; amounts are US dollars%n",
                    due.size(), apply ? "" : " (--apply makes them)");
            int code = 0;
            for (Restatements.Due file : apply ? due : List.<Restatements.Due>of()) {
                code = Math.max(code, print(exports.run(file.month(), Optional.of(file.org()), "command line"), out));
            }
            return code;
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

        @Option(
                names = "--format",
                paramLabel = "WORD",
                description = "Of the monthly export: csv, focus, focus-1.4, focus-1.2 or focus-estimate.")
        Optional<ExportFormat> format;

        @Option(
                names = "--time-zone",
                paramLabel = "ZONE",
                description = "The zone of its months, such as Europe/Berlin.")
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
