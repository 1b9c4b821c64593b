package io.inference.analytics.cli;

import io.inference.analytics.attribution.Seats;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.YearMonth;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code providers seats add}. */
@Dependent
@Command(name = "add", description = "Enters what the seats of a month cost; it is booked on the month's first day.")
class ProvidersSeatsAddCommand implements ServiceCommand {

    @Option(names = "--month", required = true, paramLabel = "YYYY-MM", description = "The month.")
    String month;

    @Option(
            names = "--platform",
            required = true,
            paramLabel = "P",
            description = "claude_ai, claude_code, claude_api or cursor.")
    String platform;

    @Option(names = "--amount", required = true, paramLabel = "USD", description = "US dollars, such as 1250.00.")
    String amount;

    @Option(names = "--replace", description = "Changes an amount that is there.")
    boolean replace;

    @Inject
    Seats seats;

    @Override
    public void validate() {
        month();
        ProviderArguments.platform(platform);
        ProvidersValidateCommand.dollars("--amount", amount);
    }

    private YearMonth month() {
        return MonthArgument.of("--month", month);
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        seats.add(
                month(),
                ProviderArguments.platform(platform),
                ProvidersValidateCommand.dollars("--amount", amount),
                replace,
                ProviderArguments.BY);
        out.printf("seats of %s in %s: %s USD%n", platform, month, amount);
        return 0;
    }
}
