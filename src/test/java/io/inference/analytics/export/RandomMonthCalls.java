package io.inference.analytics.export;

import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.usage.NameStore;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The service's own events in the days of a {@link RandomMonth}, and the prices of their models. Some events bring their cost, some have the
 * price book's, and some have none.
 */
final class RandomMonthCalls {

    /** Plain input, output, cache reads, cache writes. */
    static final int KINDS = 4;

    private static final int SCALE_OF_CENTS = 8;

    /** Parts have eight digits of a dollar: with more, the last one would hang on how a tie is rounded. */
    private static final int OWN_SCALE = 6;

    private static final BigDecimal CENTS_OF_A_TOKEN = new BigDecimal("0.0001");

    /** Alone in its rollup row, or with a second one. */
    private static final int ROWS = 3;

    /**
     * Which model of the service is which of a provider.
     *
     * @param provider null if no one says whose it is
     * @param entered whether people enter the provider's name; else the model has that name itself
     */
    record Model(UUID id, Provider provider, String name, boolean entered) {}

    /** Dollars per million tokens by kind, and of cache writes for an hour; null where there is no price. */
    record ListPrice(LocalDate from, List<BigDecimal> kinds, BigDecimal hour) {}

    /**
     * One call.
     *
     * @param tokens by kind
     * @param hour those of the cache writes that last an hour
     * @param cents null without a price
     */
    record Call(LocalDate day, Model model, String client, long[] tokens, long hour, BigDecimal cents) {}

    final RandomMonth month;
    final List<Model> models;
    final Map<Model, List<ListPrice>> prices = new HashMap<>();
    final List<Call> calls = new ArrayList<>();
    private final Random random;

    RandomMonthCalls(RandomMonth month) {
        this.month = month;
        random = new Random(month.seed + 1_000_000);
        models = List.of(
                model(Provider.ANTHROPIC, month.model("claude", 0), false),
                model(Provider.ANTHROPIC, month.model("claude", 1), true),
                model(Provider.OPENAI, month.model("gpt", 0), true),
                model(Provider.CURSOR, month.model("cursor", 0), true),
                model(null, month.model("own", 0), false));
        for (Model model : models) {
            boolean priced = random.nextInt(5) > 0;
            prices.put(model, priced ? List.of(price(month.day(1)), price(month.day(3))) : List.of());
            for (LocalDate day : month.days()) {
                for (int row = random.nextInt(ROWS); row > 0; row--) {
                    call(day, model, "client-" + row);
                    if (random.nextBoolean()) {
                        call(day, model, "client-" + row);
                    }
                }
            }
        }
    }

    private static Model model(Provider provider, String name, boolean entered) {
        return new Model(UUID.randomUUID(), provider, name, entered);
    }

    private ListPrice price(LocalDate from) {
        return new ListPrice(
                from,
                Arrays.asList(dollars(), dollars(), random.nextInt(4) > 0 ? dollars() : null, dollars()),
                random.nextInt(4) > 0 ? dollars() : null);
    }

    private BigDecimal dollars() {
        return BigDecimal.valueOf(random.nextInt(3000), 2);
    }

    private void call(LocalDate day, Model model, String client) {
        long[] tokens = new long[KINDS];
        for (int kind = 0; kind < KINDS; kind++) {
            tokens[kind] = random.nextInt(3) == 0 ? 0 : random.nextInt(20_000_000);
        }
        tokens[0]++;
        long hour = tokens[KINDS - 1] == 0 || random.nextBoolean() ? 0 : random.nextLong(tokens[KINDS - 1]);
        BigDecimal cents =
                switch (random.nextInt(4)) {
                    case 0 -> null;
                    case 1 -> BigDecimal.valueOf(random.nextLong(1_000_000_000L), OWN_SCALE);
                    default -> listed(model, day, tokens, hour);
                };
        calls.add(new Call(day, model, client, tokens, hour, cents));
    }

    /** The price of a model on a day. */
    Optional<ListPrice> price(Model model, LocalDate day) {
        return prices.get(model).stream()
                .filter(price -> !price.from().isAfter(day))
                .reduce((older, newer) -> newer);
    }

    /** Null if the call used a kind that has no price. */
    private BigDecimal listed(Model model, LocalDate day, long[] tokens, long hour) {
        Optional<ListPrice> price = price(model, day);
        if (price.isEmpty()) {
            return null;
        }
        long[] kinds = tokens.clone();
        kinds[KINDS - 1] -= hour;
        BigDecimal sum = BigDecimal.ZERO;
        for (int kind = 0; kind < KINDS; kind++) {
            BigDecimal each = price.get().kinds().get(kind);
            if (kinds[kind] > 0 && each == null) {
                return null;
            }
            sum = kinds[kind] > 0 ? sum.add(each.multiply(BigDecimal.valueOf(kinds[kind]))) : sum;
        }
        if (hour > 0 && price.get().hour() == null) {
            return null;
        }
        sum = hour > 0 ? sum.add(price.get().hour().multiply(BigDecimal.valueOf(hour))) : sum;
        return sum.multiply(CENTS_OF_A_TOKEN).setScale(SCALE_OF_CENTS, RoundingMode.HALF_UP);
    }

    /** Names, prices and events. A row of the rollup has at most one event without a price, and at most two events. */
    void store(DataSource database, NameStore names, ProviderModels providers) throws SQLException {
        Sql sql = new Sql(database);
        for (Model model : models) {
            names.nameModel(model.id(), model.entered() ? "Ours " + model.name() : model.name());
            if (model.entered()) {
                providers.set(model.id(), model.provider(), model.name());
            }
            int version = 1;
            for (ListPrice price : prices.get(model)) {
                sql.execute(
                        """
                        insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd,
                            cache_write_5m_usd, cache_write_1h_usd, author, reason, created_at)
                        values ('%s', %d, '%sT00:00:00Z', %s, %s, %s, %s, %s, 'test', 'a random month', now())
                        """
                                .formatted(
                                        model.id(),
                                        version++,
                                        price.from(),
                                        price.kinds().get(0),
                                        price.kinds().get(1),
                                        price.kinds().get(2),
                                        price.kinds().get(3),
                                        price.hour()));
            }
        }
        UUID org = UUID.randomUUID();
        StoredUsage events = new StoredUsage();
        Map<String, Integer> seconds = new TreeMap<>();
        for (Call call : calls) {
            int second = seconds.merge(call.day().toString(), 1, Integer::sum);
            long[] tokens = call.tokens();
            events.add(Event.of(
                            org,
                            call.model().id(),
                            call.day()
                                    .atTime(12, 0)
                                    .plusSeconds(second)
                                    .toInstant(ZoneOffset.UTC)
                                    .toString())
                    .client(call.client())
                    .tokens(tokens[0] + tokens[2] + tokens[3], tokens[1])
                    .caches(tokens[2], tokens[3], call.hour())
                    .cost(call.cents() == null ? null : call.cents().toPlainString()));
        }
        events.store(database);
    }
}
