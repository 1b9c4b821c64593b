package io.inference.analytics.cli;

import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code price list}. */
@Dependent
@Command(name = "list", description = "Lists all entries of the price book, in US dollars per million tokens.")
class PriceListCommand implements ServiceCommand {

    @Option(names = "--model", paramLabel = "UUID", description = "Only this model.")
    String model;

    @Inject
    PriceBook book;

    @Override
    public void validate() {
        if (model != null) {
            PriceAddCommand.model(model);
        }
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        out.println(
                "MODEL\tVERSION\tVALID FROM\tINPUT\tOUTPUT\tCACHE READ\tCACHE WRITE\tCACHE WRITE 1H\tAUTHOR\tREASON");
        for (Price.Entry entry : book.list(Optional.ofNullable(model).map(PriceAddCommand::model))) {
            Price price = entry.price();
            out.printf(
                    "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s%n",
                    price.model(),
                    entry.version(),
                    price.validFrom(),
                    price.input().toPlainString(),
                    price.output().toPlainString(),
                    shown(price.cacheRead()),
                    shown(price.cacheWrite()),
                    shown(price.cacheWrite1h()),
                    entry.author(),
                    entry.reason());
        }
        return 0;
    }

    private static String shown(Optional<BigDecimal> price) {
        return price.map(BigDecimal::toPlainString).orElse("-");
    }
}
