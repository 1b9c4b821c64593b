package io.inference.analytics.export;

import io.inference.analytics.export.ExpectedBills.Share;
import io.inference.analytics.export.RandomMonth.Charge;
import io.inference.analytics.export.RandomMonth.Usage;
import io.inference.analytics.export.RandomMonthCalls.Call;
import io.inference.analytics.export.RandomMonthCalls.ListPrice;
import io.inference.analytics.export.RandomMonthCalls.Model;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the rules of docs/price-book.md make of a {@link RandomMonth} and its {@link RandomMonthCalls}: bills next to estimates, and the parts
 * of their difference. Nothing of it is the product's code or SQL.
 */
final class ExpectedReconciliation {

    private static final MathContext EXACT_ENOUGH = new MathContext(80, RoundingMode.HALF_EVEN);
    private static final int PART_DIGITS = 8;
    private static final String NONE = "none";
    private static final String UNMAPPED = "unmapped";
    private static final List<String> KINDS = List.of("input", "output", "cache_read", "cache_write");

    /** What is compared as one: all of it in text, with {@code none} for null. */
    record Cell(String day, String provider, String platform, String model) {}

    /** In US dollars. */
    record Parts(
            BigDecimal estimate,
            BigDecimal billed,
            BigDecimal coverage,
            BigDecimal quantity,
            BigDecimal price,
            BigDecimal unpriced,
            long unpricedCalls) {

        static final Parts ZERO = new Parts(
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                BigDecimal.ZERO,
                0);

        Parts plus(Parts more) {
            return new Parts(
                    estimate.add(more.estimate),
                    billed.add(more.billed),
                    coverage.add(more.coverage),
                    quantity.add(more.quantity),
                    price.add(more.price),
                    unpriced.add(more.unpriced),
                    unpricedCalls + more.unpricedCalls);
        }

        /** As an answer shows them: estimate, billed, difference, the five parts, and calls without a price. */
        List<String> shown() {
            BigDecimal difference = billed.subtract(estimate);
            BigDecimal rest = difference
                    .subtract(coverage)
                    .subtract(quantity)
                    .subtract(price)
                    .subtract(unpriced);
            List<String> texts = new ArrayList<>();
            for (BigDecimal amount : List.of(estimate, billed, difference, coverage, quantity, price, unpriced, rest)) {
                texts.add(
                        amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString());
            }
            texts.add(Long.toString(unpricedCalls));
            return texts;
        }
    }

    /** A part of a bill or of a usage report; the kind of charges that are for no token is null. */
    private record Line(String model, String tier, String window, String kind, BigDecimal usd, BigDecimal tokens) {

        private boolean pays(Line used) {
            return kind.equals(used.kind)
                    && (tier == null || used.tier == null || tier.equals(used.tier))
                    && (window == null || used.window == null || window.equals(used.window));
        }

        /** Charges of one name, tier and window are one. */
        private List<String> dimensions() {
            return Arrays.asList(model, tier, window, kind);
        }
    }

    private final RandomMonthCalls calls;
    private final ExpectedBills bills;

    /** Further names of a model, by that name. */
    private final Map<String, String> aliases = new HashMap<>();

    ExpectedReconciliation(RandomMonthCalls calls, ExpectedBills bills) {
        this.calls = calls;
        this.bills = bills;
    }

    void alias(String further, String name) {
        aliases.put(further, name);
    }

    Map<Cell, Parts> cells(List<Charge> charges) {
        Map<Cell, List<Line>> billed = new HashMap<>();
        for (Share share : bills.shares(charges)) {
            billed.computeIfAbsent(
                            cell(share.day(), provider(share.account()), share.platform(), share.model()),
                            any -> new ArrayList<>())
                    .add(new Line(
                            share.model(),
                            share.tier(),
                            share.window(),
                            kind(share.tokenType()),
                            share.usd(),
                            BigDecimal.ZERO));
        }
        for (Usage used : calls.month.usage) {
            Cell cell = cell(used.day(), provider(used.account()), bills.platform(used), used.model());
            lines(used).forEach(line -> billed.computeIfAbsent(cell, any -> new ArrayList<>())
                    .add(line));
        }
        Map<Cell, List<Call>> made = calls.calls.stream()
                .collect(Collectors.groupingBy(call -> cellOf(call, charges), HashMap::new, Collectors.toList()));
        Map<Cell, Parts> parts = new HashMap<>();
        billed.forEach((cell, lines) -> parts.put(cell, parts(cell, lines, made.getOrDefault(cell, List.of()))));
        made.forEach((cell, some) -> parts.computeIfAbsent(cell, any -> parts(cell, List.of(), some)));
        return parts;
    }

    /** Sums of cells, without those in which all is zero. */
    static Map<String, List<String>> shown(Map<Cell, Parts> cells, Function<Cell, String> group) {
        Map<String, Parts> sums = new TreeMap<>();
        cells.forEach((cell, parts) -> sums.merge(group.apply(cell), parts, Parts::plus));
        Map<String, List<String>> shown = new TreeMap<>();
        sums.forEach((name, parts) -> shown.put(name, parts.shown()));
        shown.values().removeIf(amounts -> amounts.stream().allMatch("0"::equals));
        return shown;
    }

    private static String provider(String account) {
        return switch (account) {
            case RandomMonth.OPENAI -> "openai";
            case RandomMonth.CURSOR -> "cursor";
            default -> "anthropic";
        };
    }

    private Cell cell(LocalDate day, String provider, String platform, String model) {
        return new Cell(
                day.toString(),
                provider,
                platform == null ? NONE : platform,
                model == null ? NONE : aliases.getOrDefault(model, model));
    }

    /** A model that people have not entered is known once a bill names it. */
    private Cell cellOf(Call call, List<Charge> charges) {
        Model model = call.model();
        boolean known = model.entered()
                || charges.stream().anyMatch(charge -> model.name().equals(charge.model()));
        if (!known) {
            return cell(call.day(), UNMAPPED, null, model.name());
        }
        String platform =
                switch (model.provider()) {
                    case ANTHROPIC -> "claude_api";
                    case OPENAI -> "openai_api";
                    case CURSOR -> "cursor";
                    case CLAUDE_AI -> throw new IllegalStateException(model.toString());
                };
        return cell(call.day(), model.provider().wireName(), platform, model.name());
    }

    /** Audio is a part of input and output; what is neither pays for no token. */
    private static String kind(String tokenType) {
        String kind = tokenType == null ? "" : tokenType.substring(tokenType.indexOf(' ') + 1);
        return KINDS.contains(kind) ? kind : null;
    }

    private static List<Line> lines(Usage used) {
        List<Line> lines = new ArrayList<>();
        long[] tokens = {
            used.tokens().get(0),
            used.tokens().get(1),
            used.tokens().get(2),
            used.tokens().get(3) + used.tokens().get(4)
        };
        for (int kind = 0; kind < tokens.length; kind++) {
            lines.add(new Line(
                    used.model(),
                    used.tier(),
                    used.window(),
                    KINDS.get(kind),
                    BigDecimal.ZERO,
                    BigDecimal.valueOf(tokens[kind])));
        }
        return lines;
    }

    private static BigDecimal sum(Collection<Line> lines, Function<Line, BigDecimal> of) {
        return lines.stream().map(of).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private Parts parts(Cell cell, List<Line> lines, List<Call> made) {
        BigDecimal billed = sum(lines, Line::usd);
        BigDecimal estimate = made.stream()
                .map(Call::cents)
                .filter(cents -> cents != null)
                .reduce(BigDecimal.ZERO, BigDecimal::add)
                .movePointLeft(2);
        long without = made.stream().filter(call -> call.cents() == null).count();
        BigDecimal zero = BigDecimal.ZERO;
        if (made.isEmpty()) {
            return new Parts(zero, billed, billed, zero, zero, zero, 0);
        }
        if (cell.provider().equals(UNMAPPED)) {
            return new Parts(estimate, billed, zero, zero, zero, zero, without);
        }
        if (billed.signum() == 0) {
            return new Parts(estimate, billed, zero, estimate.negate(), zero, zero, without);
        }
        BigDecimal quantity = zero;
        BigDecimal price = zero;
        BigDecimal unpriced = zero;
        List<BigDecimal> estimates = byKind(made, estimate);
        for (int kind = 0; kind < KINDS.size(); kind++) {
            String name = KINDS.get(kind);
            List<Line> ofKind =
                    lines.stream().filter(line -> name.equals(line.kind())).toList();
            BigDecimal cost = sum(ofKind, Line::usd);
            BigDecimal theirs = sum(paid(ofKind), Line::tokens);
            BigDecimal ours = tokens(made, kind);
            if (theirs.signum() == 0) {
                quantity = quantity.subtract(estimates.get(kind));
                continue;
            }
            BigDecimal theirPrice = cost.divide(theirs, EXACT_ENOUGH);
            if (ours.signum() == 0) {
                quantity = quantity.add(cost);
                continue;
            }
            BigDecimal ourPrice = estimates.get(kind).divide(ours, EXACT_ENOUGH);
            BigDecimal both = theirs.min(ours);
            BigDecimal free = unpricedTokens(made, kind).multiply(both).divide(ours, EXACT_ENOUGH);
            quantity = quantity.add(theirs.subtract(both).multiply(theirPrice))
                    .subtract(ours.subtract(both).multiply(ourPrice));
            unpriced = unpriced.add(free.multiply(theirPrice));
            price = price.add(both.subtract(free).multiply(theirPrice)).subtract(both.multiply(ourPrice));
        }
        BigDecimal coverage =
                sum(lines.stream().filter(line -> line.kind() == null).toList(), Line::usd);
        return new Parts(estimate, billed, coverage, part(quantity), part(price), part(unpriced), without);
    }

    private static BigDecimal part(BigDecimal amount) {
        return amount.setScale(PART_DIGITS, RoundingMode.HALF_UP);
    }

    /** Those of the tokens of a kind for which there is a charge. */
    private static List<Line> paid(List<Line> ofKind) {
        Collection<List<Line>> charges =
                ofKind.stream().collect(Collectors.groupingBy(Line::dimensions)).values();
        return ofKind.stream()
                .filter(used -> used.tokens().signum() > 0)
                .filter(used -> charges.stream()
                        .anyMatch(charge -> sum(charge, Line::usd).signum() != 0
                                && charge.get(0).pays(used)))
                .toList();
    }

    private static BigDecimal tokens(List<Call> made, int kind) {
        return made.stream()
                .map(call -> BigDecimal.valueOf(call.tokens()[kind]))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    /** Rollups know how many calls of a client have no price, not which: its tokens are taken in proportion. */
    private static BigDecimal unpricedTokens(List<Call> made, int kind) {
        return rows(made).stream()
                .map(row -> tokens(row, kind).multiply(unpricedShare(row)))
                .reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private static Collection<List<Call>> rows(List<Call> made) {
        return made.stream().collect(Collectors.groupingBy(Call::client)).values();
    }

    private static BigDecimal unpricedShare(List<Call> row) {
        long without = row.stream().filter(call -> call.cents() == null).count();
        return BigDecimal.valueOf(without).divide(BigDecimal.valueOf(row.size()), EXACT_ENOUGH);
    }

    /** Divides the estimate as the price book would, or by tokens if it has no price. */
    private List<BigDecimal> byKind(List<Call> made, BigDecimal estimate) {
        List<BigDecimal> weights = new ArrayList<>();
        for (int kind = 0; kind < KINDS.size(); kind++) {
            weights.add(listed(made, kind));
        }
        if (weights.stream().allMatch(weight -> weight.signum() == 0)) {
            for (int kind = 0; kind < KINDS.size(); kind++) {
                weights.set(kind, tokens(made, kind));
            }
        }
        BigDecimal whole = weights.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
        return weights.stream()
                .map(weight -> estimate.multiply(weight).divide(whole, EXACT_ENOUGH))
                .toList();
    }

    /** In dollars of a million tokens. */
    private BigDecimal listed(List<Call> made, int kind) {
        Optional<ListPrice> price = calls.price(made.get(0).model(), made.get(0).day());
        if (price.isEmpty()) {
            return BigDecimal.ZERO;
        }
        BigDecimal sum = BigDecimal.ZERO;
        for (List<Call> row : rows(made)) {
            BigDecimal hours = BigDecimal.ZERO;
            if (kind == KINDS.size() - 1) {
                hours = row.stream()
                        .map(call -> BigDecimal.valueOf(call.hour()))
                        .reduce(BigDecimal.ZERO, BigDecimal::add);
            }
            BigDecimal priced = tokens(row, kind)
                    .subtract(hours)
                    .multiply(orZero(price.get().kinds().get(kind)))
                    .add(hours.multiply(orZero(price.get().hour())));
            sum = sum.add(priced.multiply(BigDecimal.ONE.subtract(unpricedShare(row))));
        }
        return sum;
    }

    private static BigDecimal orZero(BigDecimal price) {
        return price == null ? BigDecimal.ZERO : price;
    }
}
