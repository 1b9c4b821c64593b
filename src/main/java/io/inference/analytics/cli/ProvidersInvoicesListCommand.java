package io.inference.analytics.cli;

import io.inference.analytics.attribution.CursorInvoices;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.RoundingMode;
import java.sql.SQLException;
import picocli.CommandLine.Command;

/** {@code providers invoices list}. */
@Dependent
@Command(
        name = "list",
        description = {
            "Lays Cursor's invoices beside what was imported for their months.",
            "Exits with 1 if one is more than 10 %% off, or has no charges, or the other way round."
        })
class ProvidersInvoicesListCommand implements ServiceCommand {

    private static final int RATE_DIGITS = 3;

    @Inject
    CursorInvoices invoices;

    @Override
    public int run(PrintWriter out) throws SQLException {
        boolean fine = true;
        for (CursorInvoices.Compared month : invoices.compare()) {
            out.printf(
                    "%s\t%s\tinvoiced %s USD\timported %s USD\tvariance %s USD%s%n",
                    month.month(),
                    month.status(),
                    ProviderArguments.plain(month.invoiced()),
                    ProviderArguments.plain(month.imported()),
                    ProviderArguments.plain(month.variance()),
                    month.overageRate()
                            .map(rate -> "\t" + rate.setScale(RATE_DIGITS, RoundingMode.HALF_UP)
                                    + " USD a usage-based request")
                            .orElse(""));
            fine &= month.fine();
        }
        return fine ? 0 : 1;
    }
}
