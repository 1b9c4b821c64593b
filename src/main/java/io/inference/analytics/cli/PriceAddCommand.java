package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code price add}. */
@Dependent
@Command(
        name = "add",
        description = {
            "Adds what a model costs from a time on, in US dollars per million tokens. Nothing is ever changed or removed: a",
            "mistake is put right by another entry from the same time, which wins. Events that are stored already keep their",
            "cost until 'price reprice'."
        })
class PriceAddCommand implements ServiceCommand {

    @Option(names = "--model", required = true, paramLabel = "UUID", description = "The model's id.")
    String model;

    @Option(names = "--from", required = true, paramLabel = "TIME", description = "A date (UTC) or an RFC 3339 time.")
    Instant from;

    @Option(
            names = "--input",
            required = true,
            paramLabel = "USD",
            description = "Plain input: neither read from nor written to a cache.")
    String input;

    @Option(names = "--output", required = true, paramLabel = "USD", description = "Output.")
    String output;

    @Option(
            names = "--cache-read",
            paramLabel = "USD",
            description = "Read from a cache; without it such events are unpriced.")
    String cacheRead;

    @Option(names = "--cache-write", paramLabel = "USD", description = "Written to a cache for 5 minutes; likewise.")
    String cacheWrite;

    @Option(names = "--cache-write-1h", paramLabel = "USD", description = "Written to a cache for an hour; likewise.")
    String cacheWrite1h;

    @Option(names = "--author", paramLabel = "NAME", defaultValue = "command line", description = "Who says so.")
    String author;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why.")
    String reason;

    @Inject
    PriceBook book;

    @Override
    public void validate() {
        price();
    }

    private Price price() {
        return new Price(
                model(model),
                from,
                dollars("--input", input).orElseThrow(),
                dollars("--output", output).orElseThrow(),
                dollars("--cache-read", cacheRead),
                dollars("--cache-write", cacheWrite),
                dollars("--cache-write-1h", cacheWrite1h));
    }

    static UUID model(String text) {
        return Uuids.parse(text)
                .orElseThrow(() -> new Failure.Invalid("--model", "--model: %s (expected: a UUID)".formatted(text)));
    }

    private static Optional<BigDecimal> dollars(String option, String text) {
        return text == null ? Optional.empty() : Optional.of(ProvidersValidateCommand.dollars(option, text));
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        int version = book.add(price(), author, reason);
        out.printf("model %s: version %d, valid from %s%n", model, version, from);
        return 0;
    }
}
