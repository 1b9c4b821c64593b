package io.inference.analytics.cli;

import io.inference.analytics.price.Price;
import io.inference.analytics.price.PriceBook;
import io.inference.analytics.price.PriceScope;
import io.inference.analytics.price.Repricing;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code price …}. */
@Command(
        name = "price",
        description = "The price book, by which events without a cost are priced.",
        subcommands = {
            PriceCommands.Add.class,
            PriceCommands.ListPrices.class,
            PriceCommands.Reprice.class,
            PriceImportCommand.class
        })
final class PriceCommands {

    @Dependent
    @Command(
            name = "add",
            description = {
                "Adds what a model costs from a time on, in US dollars per million tokens.",
                "Entries are never changed or removed. To correct one, add another from the same time: the newer one wins.",
                "An event is priced by the most specific price that fits it; a service tier counts for more than a context window.",
                "Events that are stored already keep their cost until 'price reprice'."
            })
    static class Add implements ServiceCommand.Change {

        @Option(names = "--model", required = true, paramLabel = "UUID", description = "The model's id.")
        UUID model;

        @Option(
                names = "--from",
                required = true,
                paramLabel = "TIME",
                description = "A date (UTC) or an RFC 3339 time.")
        Instant from;

        @Option(
                names = "--input",
                required = true,
                paramLabel = "USD",
                description = "Plain input: neither read from nor written to a cache.")
        BigDecimal input;

        @Option(names = "--output", required = true, paramLabel = "USD", description = "Output.")
        BigDecimal output;

        @Option(
                names = "--cache-read",
                paramLabel = "USD",
                description = "Read from a cache; without it such events are unpriced.")
        Optional<BigDecimal> cacheRead;

        @Option(
                names = "--cache-write",
                paramLabel = "USD",
                description = "Written to a cache for 5 minutes; without it such events are unpriced.")
        Optional<BigDecimal> cacheWrite;

        @Option(
                names = "--cache-write-1h",
                paramLabel = "USD",
                description = "Written to a cache for an hour; without it such events are unpriced.")
        Optional<BigDecimal> cacheWrite1h;

        @Option(
                names = "--service-tier",
                paramLabel = "TIER",
                description = "Only for events of this serviceTier, such as batch; without it for any.")
        Optional<String> serviceTier;

        @Option(
                names = "--context-window",
                paramLabel = "WINDOW",
                description = "Only for events of this contextWindow, such as above-200k; without it for any.")
        Optional<String> contextWindow;

        @Option(
                names = "--author",
                paramLabel = "NAME",
                defaultValue = "command line",
                description = "Who sets the price (default: ${DEFAULT-VALUE}).")
        String author;

        @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why.")
        String reason;

        @Inject
        PriceBook book;

        @Override
        public int run(PrintWriter out) {
            PriceScope scope = PriceScope.of(serviceTier, contextWindow);
            Price price = new Price(model, from, input, output, cacheRead, cacheWrite, cacheWrite1h, scope);
            out.printf("model %s: version %d, valid from %s%n", model, book.add(price, author, reason), from);
            return 0;
        }
    }

    @Dependent
    @Command(name = "list", description = "Lists all entries of the price book, in US dollars per million tokens.")
    static class ListPrices implements ServiceCommand {

        @Option(names = "--model", paramLabel = "UUID", description = "Only this model.")
        Optional<UUID> model;

        @Inject
        PriceBook book;

        @Override
        public int run(PrintWriter out) {
            out.println(
                    "MODEL\tVERSION\tVALID FROM\tINPUT\tOUTPUT\tCACHE READ\tCACHE WRITE\tCACHE WRITE 1H\tAUTHOR\tREASON\tSERVICE TIER\tCONTEXT WINDOW");
            for (Price.Entry entry : book.list(model)) {
                Price price = entry.price();
                out.printf(
                        "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s%n",
                        price.model(),
                        entry.version(),
                        price.validFrom(),
                        price.input().toPlainString(),
                        price.output().toPlainString(),
                        shown(price.cacheRead()),
                        shown(price.cacheWrite()),
                        shown(price.cacheWrite1h()),
                        entry.author(),
                        entry.reason(),
                        price.scope().serviceTier().orElse("-"),
                        price.scope().contextWindow().orElse("-"));
            }
            return 0;
        }

        private static String shown(Optional<BigDecimal> price) {
            return price.map(BigDecimal::toPlainString).orElse("-");
        }
    }

    @Dependent
    @Command(
            name = "reprice",
            description = {
                "Shows by organisation what repricing the events of a range would change; changes nothing without --apply.",
                "Costs that events brought with them stay. --apply also recomputes the rollups of the days, and records the change."
            })
    static class Reprice implements ServiceCommand {

        @Mixin
        TimeRangeOptions range;

        @Option(names = "--apply", description = "Changes the costs.")
        boolean apply;

        @Inject
        Repricing repricing;

        @Override
        public void validate() {
            range.range();
        }

        @Override
        public boolean changesSomething() {
            return apply;
        }

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            List<Repricing.Change> changes =
                    apply ? repricing.apply(range.range(), CommandRun.actor()) : repricing.preview(range.range());
            out.println("ORGANISATION\tEVENTS\tBEFORE\tAFTER\tDIFFERENCE\tUNPRICED BEFORE\tUNPRICED AFTER");
            for (Repricing.Change change : changes) {
                out.printf(
                        "%s\t%d\t%s\t%s\t%s\t%d\t%d%n",
                        change.org(),
                        change.events(),
                        change.oldCents().toPlainString(),
                        change.newCents().toPlainString(),
                        change.newCents().subtract(change.oldCents()).toPlainString(),
                        change.unpricedBefore(),
                        change.unpricedAfter());
            }
            out.printf(
                    "%d events %s; amounts are US cents%n",
                    changes.stream().mapToLong(Repricing.Change::events).sum(),
                    apply ? "repriced" : "would be repriced (--apply does it)");
            return 0;
        }
    }
}
