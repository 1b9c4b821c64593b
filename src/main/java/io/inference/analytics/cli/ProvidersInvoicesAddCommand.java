package io.inference.analytics.cli;

import io.inference.analytics.attribution.CursorInvoices;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code providers invoices add}. */
@Dependent
@Command(
        name = "add",
        description =
                "Enters Cursor's invoice of a month. It is compared with the imported charges, never added to them.")
class ProvidersInvoicesAddCommand implements ServiceCommand {

    @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "The month.")
    String month;

    @Option(names = "--amount", required = true, paramLabel = "USD", description = "All of it, such as 1048.90.")
    String amount;

    @Option(names = "--subscription", paramLabel = "USD", description = "The part for seats.")
    String subscription;

    @Option(names = "--overage", paramLabel = "USD", description = "The part for usage beyond the plan.")
    String overage;

    @Option(names = "--requests", paramLabel = "N", description = "Requests of the month.")
    String requests;

    @Option(names = "--usage-based", paramLabel = "N", description = "Requests that the overage was charged for.")
    String usageBased;

    @Option(names = "--invoice", paramLabel = "ID", description = "Number of the invoice.")
    String invoice;

    @Option(names = "--date", paramLabel = "DATE", description = "Its date.")
    String date;

    @Option(names = "--payment-status", paramLabel = "TEXT", description = "Such as paid, in your own words.")
    String paymentStatus;

    @Option(names = "--notes", paramLabel = "TEXT", description = "For people to read.")
    String notes;

    @Option(names = "--replace", description = "Changes an invoice that is there.")
    boolean replace;

    @Inject
    CursorInvoices invoices;

    @Override
    public void validate() {
        read();
    }

    private CursorInvoices.Invoice read() {
        return new CursorInvoices.Invoice(
                MonthArgument.of("--month", month),
                ProvidersValidateCommand.dollars("--amount", amount),
                dollars("--subscription", subscription),
                dollars("--overage", overage),
                count("--requests", requests),
                count("--usage-based", usageBased),
                Optional.ofNullable(invoice).map(String::strip),
                Optional.ofNullable(date).map(day -> DayArgument.of("--date", day)),
                Optional.ofNullable(paymentStatus).map(String::strip),
                Optional.ofNullable(notes).map(String::strip));
    }

    private static Optional<BigDecimal> dollars(String option, String text) {
        return Optional.ofNullable(text).map(given -> ProvidersValidateCommand.dollars(option, given));
    }

    private static OptionalLong count(String option, String text) {
        if (text == null) {
            return OptionalLong.empty();
        }
        if (!text.matches("[0-9]{1,15}")) {
            throw new Failure.Invalid(option, "%s: %s (expected: a number of requests)".formatted(option, text));
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        invoices.enter(read(), replace, ProviderArguments.BY);
        out.printf("invoice of %s: %s USD%n", month, amount);
        return 0;
    }
}
