package io.inference.analytics.cli;

import io.inference.analytics.bills.DayOutcome;
import io.inference.analytics.bills.ImportStatus;
import io.inference.analytics.bills.ProviderImports;
import io.inference.analytics.bills.ProviderValidation;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers …}: the imports. */
@Command(
        name = "providers",
        description = "Bills and usage as the AI providers report them.",
        subcommands = {
            ProvidersCommands.Import.class,
            ProvidersCommands.Backfill.class,
            ProvidersCommands.RetryFailed.class,
            ProvidersCommands.Gaps.class,
            ProvidersCommands.Validate.class,
            ProviderMappingCommands.MapWorkspace.class,
            ProviderMappingCommands.MapKey.class,
            ProviderMappingCommands.MapOrg.class,
            ProviderMappingCommands.ReportWorkspace.class,
            ProviderMappingCommands.MappingsGroup.class,
            ProviderBookCommands.UsersGroup.class,
            ProviderBookCommands.AuditLogGroup.class,
            ProviderBookCommands.SeatsGroup.class,
            ProviderBookCommands.InvoicesGroup.class
        })
final class ProvidersCommands {

    /** The requester in the ledger, where the account of the machine does not matter. */
    static final String BY = "command line";

    private static final int PROGRESS_DAYS = 10;

    static void print(PrintWriter out, DayOutcome day) {
        out.printf(
                "%s\t%s\t%s\trevision %d\t%d rows%s%s%n",
                day.date(),
                day.dataset(),
                day.status().wireName(),
                day.revision(),
                day.rows(),
                day.amountUsd().map(usd -> "\t" + plain(usd) + " USD").orElse(""),
                day.detail().map(detail -> "\t" + detail).orElse(""));
    }

    /** All digits of an amount, and no more. */
    static String plain(BigDecimal amount) {
        return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
    }

    /** Prints the last line; returns the exit code. */
    private static int summary(PrintWriter out, ProviderImports.Summary summary) {
        long good = summary.days().stream().filter(day -> day.status().good()).count();
        out.printf("%d days imported, %d failed%n", good, summary.days().size() - good);
        return summary.complete() ? 0 : 1;
    }

    /** {@code --provider} of commands about one provider or all. */
    static final class OneOrAll {

        @Option(
                names = "--provider",
                paramLabel = "P",
                description = Provider.API_NAMES + " (default: all with a key).")
        Optional<Provider> provider;

        List<Provider> of(ProviderImports imports) {
            return provider.map(List::of).orElseGet(imports::configured);
        }
    }

    @Dependent
    @Command(
            name = "import",
            description = {
                "Imports one day of all reports of a provider. A second import changes nothing unless the provider reports other figures.",
                "Exits with 1 if a report could not be imported; the other reports are still imported."
            })
    static class Import implements ServiceCommand {

        @Mixin
        ProviderOptions.One one;

        @Option(names = "--date", paramLabel = "DATE", description = "The UTC day (default: yesterday).")
        Optional<LocalDate> date;

        @Option(
                names = "--daily",
                description = "Imports what the schedule does, instead of one day: yesterday, days that may have been "
                        + "restated, and missing days.")
        boolean daily;

        @Option(
                names = "--release",
                description = {
                    "Accepts a day that is empty and was not before, or that is larger than the limits allow.",
                    "A large day stays released until the provider reports other figures for it."
                })
        boolean release;

        @Inject
        ProviderImports imports;

        @Override
        public void validate() {
            if (daily && (date.isPresent() || release)) {
                throw new Failure.Invalid("daily", "daily: with --date or --release (expected: alone)");
            }
        }

        @Override
        public boolean changesSomething() {
            return release;
        }

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            return summary(
                    out,
                    daily
                            ? imports.importDue(one.provider, CommandRun.actor(), day -> print(out, day))
                            : imports.importDay(
                                    one.provider,
                                    date.orElseGet(imports::yesterday),
                                    release,
                                    CommandRun.actor(),
                                    day -> print(out, day)));
        }
    }

    @Dependent
    @Command(
            name = "backfill",
            description = {
                "Imports the days of a range, both ends included, that are not imported yet.",
                "Refuses to start before one day of the provider has passed 'providers validate'.",
                "A failed day is recorded and the run continues; 'providers retry-failed' imports such days again."
            })
    static class Backfill implements ServiceCommand {

        @Mixin
        ProviderOptions.One one;

        @Option(
                names = "--from",
                paramLabel = "DATE",
                defaultValue = "2025-01-01",
                description = "The first day (default: ${DEFAULT-VALUE}).")
        LocalDate from;

        @Option(names = "--to", paramLabel = "DATE", description = "The last day (default: yesterday).")
        Optional<LocalDate> to;

        @Option(names = "--force", description = "Also days that are imported already.")
        boolean force;

        @Option(
                names = "--release",
                description = {
                    "Accepts days that are empty and were not before, or that are larger than the limits allow.",
                    "A large day stays released until the provider reports other figures for it."
                })
        boolean release;

        @Inject
        ProviderImports imports;

        @Override
        public boolean changesSomething() {
            return release;
        }

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            Map<ImportStatus, Integer> counts = new EnumMap<>(ImportStatus.class);
            int[] done = {0};
            return summary(
                    out,
                    imports.backfill(
                            one.provider,
                            new ProviderImports.Range(from, to.orElseGet(imports::yesterday), force, release),
                            CommandRun.actor(),
                            day -> {
                                counts.merge(day.status(), 1, Integer::sum);
                                if (!day.status().good()) {
                                    print(out, day);
                                }
                                if (++done[0] % PROGRESS_DAYS == 0) {
                                    out.printf("%d days of reports done, at %s: %s%n", done[0], day.date(), counts);
                                }
                            }));
        }
    }

    @Dependent
    @Command(
            name = "retry-failed",
            description = {
                "Imports every day again whose last import failed, also days in quarantine; exits with 1 if any is left.",
                "It releases nothing: a day that still cannot be right stays in quarantine."
            })
    static class RetryFailed implements ServiceCommand {

        @Mixin
        OneOrAll providers;

        @Option(
                names = "--date",
                paramLabel = "DATE",
                description =
                        "Only this day, whatever the result of its last import (repeatable; default: all that failed).")
        List<LocalDate> date = List.of();

        @Inject
        ProviderImports imports;

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            int code = 0;
            for (Provider each : providers.of(imports)) {
                var summary = imports.retry(each, new TreeSet<>(date), BY, day -> print(out, day));
                out.printf("%s: ", each.wireName());
                code = Math.max(code, summary(out, summary));
            }
            return code;
        }
    }

    @Dependent
    @Command(
            name = "gaps",
            description = "Lists the days up to yesterday without a good import, and exits with 1 if there are any.")
    static class Gaps implements ServiceCommand {

        @Mixin
        OneOrAll providers;

        @Option(
                names = "--from",
                paramLabel = "DATE",
                description = "The first day (default: the first day that was ever tried).")
        Optional<LocalDate> from;

        @Inject
        ProviderImports imports;

        @Override
        public int run(PrintWriter out) {
            int gaps = 0;
            for (Provider each : providers.of(imports)) {
                for (String gap : imports.gaps(each, from)) {
                    out.printf("%s\t%s%n", each.wireName(), gap);
                    gaps++;
                }
            }
            out.printf("gaps: %d%n", gaps);
            return gaps == 0 ? 0 : 1;
        }
    }

    @Dependent
    @Command(
            name = "validate",
            description = {
                "Checks an imported day at five checkpoints, and exits with 1 if one fails.",
                "Compares the day with the archived answers, and with the total of the provider's own dashboard, if given.",
                "Warns of what is unusual and may still be right."
            })
    static class Validate implements ServiceCommand {

        @Mixin
        ProviderOptions.One one;

        @Option(names = "--date", required = true, paramLabel = "DATE", description = "The UTC day.")
        LocalDate date;

        @Option(
                names = "--expected-total",
                paramLabel = "USD",
                description = "What the provider's dashboard shows, such as 22.72.")
        Optional<BigDecimal> expectedTotal;

        @Mixin
        ProviderOptions.Organization of;

        @Inject
        ProviderValidation validation;

        @Override
        public int run(PrintWriter out) {
            boolean passed = true;
            for (var checkpoint : validation.validate(one.provider, of.organization, date, expectedTotal)) {
                out.printf(
                        "%-6s %-22s expected %s, found %s%n",
                        !checkpoint.passed() ? "FAILED" : checkpoint.warning() ? "warn" : "ok",
                        checkpoint.name(),
                        checkpoint.expected(),
                        checkpoint.found());
                passed &= checkpoint.passed();
            }
            out.println(passed ? "validated" : "not validated");
            return passed ? 0 : 1;
        }
    }
}
