package io.inference.analytics.cli;

import static io.inference.analytics.cli.ProvidersCommands.BY;

import io.inference.analytics.attribution.AuditLogImport;
import io.inference.analytics.attribution.CursorInvoices;
import io.inference.analytics.attribution.ProviderPeople;
import io.inference.analytics.attribution.Seats;
import io.inference.analytics.attribution.Tool;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code providers users}, {@code audit-log}, {@code seats} and {@code invoices}: what people enter. */
final class ProviderBookCommands {

    private ProviderBookCommands() {}

    /** {@code providers users …}. */
    @Command(
            name = "users",
            description = "The company's people: department, team, budget.",
            subcommands = ImportUsers.class)
    static final class UsersGroup {}

    @Dependent
    @Command(
            name = "import",
            description = {
                "Imports people from a CSV file; all lines or none. People without a line are kept.",
                "Columns: email, and any of department, sub_department, team, job_level, manager_email, director_email, "
                        + "ai_user_type, ai_budget_monthly_usd, is_active."
            })
    static class ImportUsers implements ServiceCommand.Change {

        @Parameters(paramLabel = "FILE.csv", description = "UTF-8, with a header.")
        Path file;

        @Inject
        ProviderPeople people;

        @Override
        public int run(PrintWriter out) {
            out.printf("people taken: %d%n", people.importCsv(file, BY));
            return 0;
        }
    }

    /** {@code providers audit-log …}. */
    @Command(name = "audit-log", description = "The audit log of claude.ai.", subcommands = ImportAuditLog.class)
    static final class AuditLogGroup {}

    @Dependent
    @Command(
            name = "import",
            description = "Imports the CSV export of the audit log; it replaces all days from its first to its last.")
    static class ImportAuditLog implements ServiceCommand.Change {

        @Parameters(paramLabel = "FILE.csv", description = "As claude.ai exports it.")
        Path file;

        @Inject
        AuditLogImport audit;

        @Override
        public int run(PrintWriter out) {
            var days = audit.importCsv(file, BY);
            days.forEach(day -> ProvidersCommands.print(out, day));
            out.printf("days imported: %d%n", days.size());
            return 0;
        }
    }

    /** {@code providers seats …}. */
    @Command(
            name = "seats",
            description = "The cost of seats, which no provider's API reports.",
            subcommands = AddSeats.class)
    static final class SeatsGroup {}

    @Dependent
    @Command(
            name = "add",
            description = "Enters the cost of a month's seats; it is booked on the first day of the month.")
    static class AddSeats implements ServiceCommand.Change {

        @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "The month.")
        YearMonth month;

        @Option(
                names = "--platform",
                required = true,
                paramLabel = "P",
                description = "claude_ai, claude_code, claude_api or cursor.")
        Tool platform;

        @Option(names = "--amount", required = true, paramLabel = "USD", description = "US dollars, such as 1250.00.")
        BigDecimal amount;

        @Option(names = "--replace", description = "Changes an amount that is entered already.")
        boolean replace;

        @Inject
        Seats seats;

        @Override
        public int run(PrintWriter out) {
            seats.add(month, platform, amount, replace, BY);
            out.printf("seats of %s in %s: %s USD%n", platform.wireName(), month, amount.toPlainString());
            return 0;
        }
    }

    /** {@code providers invoices …}. */
    @Command(
            name = "invoices",
            description = "Cursor's monthly invoices, next to what was imported.",
            subcommands = {AddInvoice.class, ListInvoices.class})
    static final class InvoicesGroup {}

    @Dependent
    @Command(
            name = "add",
            description =
                    "Enters Cursor's invoice of a month. It is compared with the imported charges, never added to them.")
    static class AddInvoice implements ServiceCommand.Change {

        @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "The month.")
        YearMonth month;

        @ArgGroup(exclusive = false)
        BillingPeriod period;

        /** The two days of a period go together. */
        static final class BillingPeriod {

            @Option(
                    names = "--from",
                    required = true,
                    paramLabel = "DATE",
                    description = "First day of the billing cycle; without it, the calendar month.")
            LocalDate first;

            @Option(
                    names = "--to",
                    required = true,
                    paramLabel = "DATE",
                    description = "Last day of the billing cycle, in the month.")
            LocalDate last;
        }

        @Option(names = "--amount", required = true, paramLabel = "USD", description = "The total, such as 1048.90.")
        BigDecimal amount;

        @Option(names = "--subscription", paramLabel = "USD", description = "The part for seats.")
        Optional<BigDecimal> subscription;

        @Option(names = "--overage", paramLabel = "USD", description = "The part for usage beyond the plan.")
        Optional<BigDecimal> overage;

        @Option(names = "--requests", paramLabel = "N", description = "Requests of the month.")
        Optional<Long> requests;

        @Option(names = "--usage-based", paramLabel = "N", description = "Requests that the overage was charged for.")
        Optional<Long> usageBased;

        @Option(
                names = "--invoice",
                paramLabel = "ID",
                converter = ProviderOptions.Text.class,
                description = "Number of the invoice.")
        Optional<String> invoice;

        @Option(names = "--date", paramLabel = "DATE", description = "Date of the invoice.")
        Optional<LocalDate> date;

        @Option(
                names = "--payment-status",
                paramLabel = "TEXT",
                converter = ProviderOptions.Text.class,
                description = "Such as paid, in your own words.")
        Optional<String> paymentStatus;

        @Option(
                names = "--notes",
                paramLabel = "TEXT",
                converter = ProviderOptions.Text.class,
                description = "A note that changes no figure.")
        Optional<String> notes;

        @Option(names = "--replace", description = "Changes an invoice that is entered already.")
        boolean replace;

        @Inject
        CursorInvoices invoices;

        @Override
        public int run(PrintWriter out) {
            invoices.enter(
                    new CursorInvoices.Invoice(
                            month,
                            Optional.ofNullable(period).map(days -> new CursorInvoices.Period(days.first, days.last)),
                            amount,
                            subscription,
                            overage,
                            requests,
                            usageBased,
                            invoice,
                            date,
                            paymentStatus,
                            notes),
                    replace,
                    BY);
            out.printf("invoice of %s: %s USD%n", month, amount.toPlainString());
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "list",
            description = {
                "Compares Cursor's invoices with what was imported for their periods.",
                "Then lists charges that lie in no invoice's period, by month.",
                "Exits with 1 if an invoice is more than 10 %% off or has no charges, or if charges have no invoice; those of "
                        + "this month and the last one may still wait for it."
            })
    static class ListInvoices implements ServiceCommand {

        private static final int RATE_DIGITS = 3;

        @Inject
        CursorInvoices invoices;

        @Override
        public int run(PrintWriter out) {
            boolean fine = true;
            for (CursorInvoices.Compared month : invoices.compare()) {
                out.printf(
                        "%s\t%s\tinvoiced %s USD\timported %s USD\tvariance %s USD%s\t%s to %s%n",
                        month.month(),
                        month.status(),
                        ProvidersCommands.plain(month.invoiced()),
                        ProvidersCommands.plain(month.imported()),
                        ProvidersCommands.plain(month.variance()),
                        month.overageRate()
                                .map(rate -> "\t" + rate.setScale(RATE_DIGITS, RoundingMode.HALF_UP)
                                        + " USD per usage-based request")
                                .orElse(""),
                        month.period().first(),
                        month.period().last());
                fine &= month.fine();
            }
            for (CursorInvoices.LeftOut month : invoices.leftOut()) {
                out.printf(
                        "%s\t%s\timported %s USD\t%s to %s%n",
                        month.month(),
                        month.overdue() ? "no_invoice" : "no_invoice_yet",
                        ProvidersCommands.plain(month.amount()),
                        month.days().first(),
                        month.days().last());
                fine &= !month.overdue();
            }
            return fine ? 0 : 1;
        }
    }
}
