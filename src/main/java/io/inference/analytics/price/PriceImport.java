package io.inference.analytics.price;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;

/**
 * Brings the price book up to date with a published list.
 *
 * <p>A model is found in the list by the provider's name of it (table {@code provider_model}), or else by
 * its own name. Only what differs from the price that holds at the given time is added. A class that the list does not name keeps
 * the book's price. A model that several providers sell at different prices is left alone until one is chosen.
 */
@ApplicationScoped
public class PriceImport {

    // A model with an entry for some provider is not looked for by its own name.
    private static final String WANTED =
            """
            select model_id, provider, provider_model as name from analytics.provider_model
            union all
            select model_id, null, name from analytics.models
            where not exists (select from analytics.provider_model named where named.model_id = models.model_id)
            order by name, model_id
            """;

    /** What the list means for a model. */
    public enum Outcome {
        /** It has no price yet. */
        NEW,
        CHANGED,
        SAME,
        NOT_LISTED,
        /** Listed without prices for input and output tokens. */
        NO_TOKEN_PRICE,
        /** Listed several times with different prices. */
        AMBIGUOUS
    }

    /**
     * A model and what the list means for it.
     *
     * @param model its id
     * @param name by which it was looked for
     * @param provider of the entry that was found, or all of them when they differ; empty when none was
     * @param scope which of its events the prices are for
     * @param outcome what it means
     * @param price to be added, when new or changed
     * @param notExpressed prices of the list that the book cannot hold
     */
    public record Line(
            UUID model,
            String name,
            String provider,
            PriceScope scope,
            Outcome outcome,
            Optional<Price> price,
            List<String> notExpressed) {}

    private record Wanted(UUID model, Optional<String> provider, String name) {}

    private final Jdbi jdbi;
    private final PriceBook book;

    PriceImport(Jdbi jdbi, PriceBook book) {
        this.jdbi = jdbi;
        this.book = book;
    }

    /**
     * What an import would add; changes nothing.
     *
     * @param from when the prices begin to hold
     * @param provider only entries of this provider of the list
     * @throws io.inference.analytics.platform.Failure.Invalid when the file is not a known list
     */
    public List<Line> preview(Path file, Instant from, Optional<String> provider) throws IOException {
        List<ListPrice> list = PriceListFile.read(file).stream()
                .filter(price ->
                        provider.map(price.provider()::equalsIgnoreCase).orElse(true))
                .toList();
        return wanted().stream()
                .flatMap(model -> lines(model, list, from).stream())
                .toList();
    }

    /** Adds what is new or changed; returns the number of entries. */
    public int apply(List<Line> lines, String author, String reason) {
        int added = 0;
        for (Line line : lines) {
            if (line.price().isPresent()) {
                book.add(line.price().get(), author, reason);
                added++;
            }
        }
        return added;
    }

    private List<Wanted> wanted() {
        return jdbi.withHandle(handle -> handle.createQuery(WANTED)
                .map(row -> new Wanted(
                        row.getColumn("model_id", UUID.class),
                        Optional.ofNullable(row.getColumn("provider", String.class)),
                        row.getColumn("name", String.class)))
                .list());
    }

    /** The general price first. Where it is not clear which entry is meant, those of tiers are left alone, too. */
    private List<Line> lines(Wanted model, List<ListPrice> list, Instant from) {
        List<ListPrice> found = list.stream()
                .filter(price -> price.name().equals(model.name()))
                .filter(price ->
                        model.provider().map(price.provider()::equalsIgnoreCase).orElse(true))
                .toList();
        Line general = line(model, PriceScope.GENERAL, found, from);
        if (general.outcome() == Outcome.NOT_LISTED
                || general.outcome() == Outcome.NO_TOKEN_PRICE
                || general.outcome() == Outcome.AMBIGUOUS) {
            return List.of(general);
        }
        List<Line> lines = new ArrayList<>(List.of(general));
        found.stream()
                .map(ListPrice::scope)
                .distinct()
                .filter(scope -> !scope.equals(PriceScope.GENERAL))
                .forEach(scope -> lines.add(line(model, scope, found, from)));
        return lines;
    }

    private Line line(Wanted model, PriceScope scope, List<ListPrice> list, Instant from) {
        List<ListPrice> found =
                list.stream().filter(price -> price.scope().equals(scope)).toList();
        if (found.isEmpty()) {
            return new Line(model.model(), model.name(), "", scope, Outcome.NOT_LISTED, Optional.empty(), List.of());
        }
        ListPrice first = found.get(0);
        List<String> notExpressed = first.notExpressed();
        if (found.stream().anyMatch(other -> !samePrices(first, other))) {
            Set<String> sellers =
                    found.stream().map(ListPrice::provider).collect(Collectors.toCollection(TreeSet::new));
            return new Line(
                    model.model(),
                    model.name(),
                    String.join(",", sellers),
                    scope,
                    Outcome.AMBIGUOUS,
                    Optional.empty(),
                    List.of());
        }
        if (first.input().isEmpty() || first.output().isEmpty()) {
            return new Line(
                    model.model(),
                    model.name(),
                    first.provider(),
                    scope,
                    Outcome.NO_TOKEN_PRICE,
                    Optional.empty(),
                    notExpressed);
        }
        Optional<Price> current = at(model.model(), scope, from);
        Price wanted = price(model.model(), from, first, current);
        if (current.filter(held -> samePrices(held, wanted)).isPresent()) {
            return new Line(
                    model.model(), model.name(), first.provider(), scope, Outcome.SAME, Optional.empty(), notExpressed);
        }
        return new Line(
                model.model(),
                model.name(),
                first.provider(),
                scope,
                current.isPresent() ? Outcome.CHANGED : Outcome.NEW,
                Optional.of(wanted),
                notExpressed);
    }

    private Optional<Price> at(UUID model, PriceScope scope, Instant time) {
        return book.list(Optional.of(model)).stream()
                .filter(entry -> entry.price().scope().equals(scope))
                .filter(entry -> !entry.price().validFrom().isAfter(time))
                .max(Comparator.comparing((Price.Entry entry) -> entry.price().validFrom())
                        .thenComparing(Price.Entry::version))
                .map(Price.Entry::price);
    }

    private static Price price(UUID model, Instant from, ListPrice listed, Optional<Price> current) {
        return new Price(
                model,
                from,
                listed.input().orElseThrow(),
                listed.output().orElseThrow(),
                listed.cacheRead().or(() -> current.flatMap(Price::cacheRead)),
                listed.cacheWrite().or(() -> current.flatMap(Price::cacheWrite)),
                listed.cacheWrite1h().or(() -> current.flatMap(Price::cacheWrite1h)),
                listed.scope());
    }

    private static boolean samePrices(Price held, Price wanted) {
        return held.input().compareTo(wanted.input()) == 0
                && held.output().compareTo(wanted.output()) == 0
                && same(held.cacheRead(), wanted.cacheRead())
                && same(held.cacheWrite(), wanted.cacheWrite())
                && same(held.cacheWrite1h(), wanted.cacheWrite1h());
    }

    private static boolean samePrices(ListPrice one, ListPrice other) {
        List<Optional<BigDecimal>> prices = classes(one);
        List<Optional<BigDecimal>> others = classes(other);
        for (int i = 0; i < prices.size(); i++) {
            if (!same(prices.get(i), others.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static List<Optional<BigDecimal>> classes(ListPrice price) {
        return List.of(price.input(), price.output(), price.cacheRead(), price.cacheWrite(), price.cacheWrite1h());
    }

    private static boolean same(Optional<BigDecimal> one, Optional<BigDecimal> other) {
        return one.isPresent() == other.isPresent()
                && one.map(price -> price.compareTo(other.get()) == 0).orElse(true);
    }
}
