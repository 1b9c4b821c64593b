package io.inference.analytics.cli;

import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceImport;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code price import}. */
@Dependent
@Command(
        name = "import",
        description = {
            "Shows what a published price list would add to the book; adds nothing without --apply.",
            "FILE is LiteLLM's model_prices_and_context_window.json or the api.json of models.dev. A model is found by"
                    + " the provider's name of it ('catalog model --provider-model'), or else by its own name.",
            "Only prices that differ are added. Those of batches, priority, flex and long contexts become prices of"
                    + " a serviceTier or contextWindow. What the book cannot hold, such as searches, is named and not imported."
        })
class PriceImportCommand implements ServiceCommand.Change {

    @Parameters(paramLabel = "FILE", description = "The list.")
    Path file;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "TIME",
            description = "From when the prices hold: a date (UTC) or an RFC 3339 time.")
    Instant from;

    @Option(
            names = "--provider",
            paramLabel = "NAME",
            description = "Only entries of this provider of the list, such as anthropic.")
    Optional<String> provider;

    @Option(
            names = "--author",
            paramLabel = "NAME",
            defaultValue = "command line",
            description = "Who imports the prices (default: ${DEFAULT-VALUE}).")
    String author;

    @Option(names = "--apply", description = "Adds what is new or changed.")
    boolean apply;

    @Inject
    PriceImport prices;

    @Override
    public boolean changesSomething() {
        return apply;
    }

    @Override
    public int run(PrintWriter out) throws IOException {
        List<PriceImport.Line> lines = prices.preview(file, from, provider);
        out.println(
                "MODEL\tNAME\tPROVIDER\tOUTCOME\tINPUT\tOUTPUT\tCACHE READ\tCACHE WRITE\tCACHE WRITE 1H\tNOT IMPORTED"
                        + "\tSERVICE TIER\tCONTEXT WINDOW");
        for (PriceImport.Line line : lines) {
            Optional<Price> price = line.price();
            out.println(String.join(
                    "\t",
                    line.model().toString(),
                    line.name(),
                    line.provider().isEmpty() ? "-" : line.provider(),
                    line.outcome().name().toLowerCase(Locale.ROOT),
                    shown(price.map(Price::input)),
                    shown(price.map(Price::output)),
                    shown(price.flatMap(Price::cacheRead)),
                    shown(price.flatMap(Price::cacheWrite)),
                    shown(price.flatMap(Price::cacheWrite1h)),
                    line.notExpressed().isEmpty() ? "-" : String.join(",", line.notExpressed()),
                    line.scope().serviceTier().orElse("-"),
                    line.scope().contextWindow().orElse("-")));
        }
        if (apply) {
            out.printf("%d prices added%n", prices.apply(lines, author, "imported from " + file.getFileName()));
        } else {
            out.printf(
                    "%d prices would be added (--apply does it)%n",
                    lines.stream().filter(line -> line.price().isPresent()).count());
        }
        return 0;
    }

    private static String shown(Optional<BigDecimal> price) {
        return price.map(BigDecimal::toPlainString).orElse("-");
    }
}
