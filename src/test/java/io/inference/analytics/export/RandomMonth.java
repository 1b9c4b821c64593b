package io.inference.analytics.export;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The bills of three providers in the last days of one month, made from a seed: two organisations of Anthropic, one of OpenAI, and one team of Cursor.
 * Each provider first answers {@link #first}, and later {@link #corrected}. Days differ in everything that a bill can have: credits,
 * tiers, context windows, unknown kinds of tokens and costs, keys that replace others, and days without any line.
 */
final class RandomMonth {

    private static final int DAYS = 5;

    /** The event that keeps a day of Cursor with a credit above zero. */
    private static final String COVERS_CREDIT = "8";

    static final String OPENAI = "openai";
    static final String CURSOR = "team";

    static final List<String> KINDS = List.of(
            "uncached_input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation.ephemeral_5m_input_tokens",
            "cache_creation.ephemeral_1h_input_tokens");

    /**
     * A line of a bill, or an event of Cursor.
     *
     * @param key of OpenAI; the second of an event of Cursor, which has no key
     * @param account the provider's organisation
     * @param model null in lines of no model
     * @param kind of token, in Anthropic's words, or null
     * @param type of cost, in Anthropic's words; the kind of an event of Cursor
     * @param text the description, the line item of OpenAI, or the user of Cursor
     */
    record Charge(
            String account,
            LocalDate day,
            String workspace,
            String key,
            String model,
            String kind,
            String type,
            String tier,
            String window,
            String text,
            BigDecimal usd) {

        Charge costing(BigDecimal amount) {
            return new Charge(account, day, workspace, key, model, kind, type, tier, window, text, amount);
        }

        /** What no two lines of a bill have in common. */
        private Charge dimensions() {
            return costing(BigDecimal.ZERO);
        }
    }

    /** A line of a usage report; the tokens are in the order of {@link #KINDS}. OpenAI's workspaces are projects. */
    record Usage(
            String account,
            LocalDate day,
            String workspace,
            String key,
            String model,
            String tier,
            String window,
            List<Long> tokens) {

        private Usage of(List<Long> counts) {
            return new Usage(account, day, workspace, key, model, tier, window, counts);
        }
    }

    final long seed;
    final YearMonth month;
    final List<String> anthropic;
    final List<String> users;
    final List<Charge> first = new ArrayList<>();
    final List<Charge> corrected = new ArrayList<>();
    final List<Usage> usage = new ArrayList<>();

    /** What a provider restates: days by account. */
    final Map<String, SortedSet<LocalDate>> restated;

    /** The day of an outage. */
    final LocalDate outage;

    private final Random random;
    private final Set<Object> taken = new HashSet<>();

    RandomMonth(long seed) {
        this.seed = seed;
        random = new Random(seed);
        month = YearMonth.of(2024, 1).plusMonths(Math.floorMod(seed, 20));
        anthropic = List.of("00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b");
        users = List.of("ann@example.test", "ben@example.test", "cem@example.test");
        for (LocalDate day : days()) {
            boolean busy = random.nextInt(4) > 0;
            if (busy || day.equals(day(1))) {
                for (String account : anthropic) {
                    anthropicDay(account, day);
                }
                openaiDay(day);
                cursorDay(day);
            }
        }
        List<LocalDate> billed = first.stream().map(Charge::day).distinct().toList();
        outage = day(2 + random.nextInt(DAYS - 1));
        restated = Map.of(
                anthropic.get(0),
                some(billed),
                anthropic.get(1),
                some(billed),
                OPENAI,
                some(billed),
                CURSOR,
                some(billed));
        first.forEach(this::correct);
    }

    /** Each pass reads every day, so few days keep twenty seeds cheap. */
    SortedSet<LocalDate> days() {
        return new TreeSet<>(day(1).datesUntil(month.plusMonths(1).atDay(1)).toList());
    }

    /** @param number from 1 for the first of the days */
    LocalDate day(int number) {
        return month.atEndOfMonth().minusDays(DAYS - number);
    }

    String workspace(String account, int number) {
        return "wrkspc_%d_%s_%d".formatted(seed, account.substring(account.length() - 1), number);
    }

    String key(String account, int number) {
        return "%s_%d_%s_%d"
                .formatted(
                        account.equals(OPENAI) ? "key" : "apikey",
                        seed,
                        account.substring(account.length() - 1),
                        number);
    }

    String project(int number) {
        return "proj_%d_%d".formatted(seed, number);
    }

    String model(String maker, int number) {
        return "%s-%d-%d".formatted(maker, seed, number);
    }

    private SortedSet<LocalDate> some(List<LocalDate> days) {
        SortedSet<LocalDate> chosen = new TreeSet<>();
        for (int i = 0; i < 2; i++) {
            chosen.add(days.get(random.nextInt(days.size())));
        }
        return chosen;
    }

    private <T> T one(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Up to 9 dollars with 2 to 14 decimals. */
    private BigDecimal amount() {
        int scale = 2 + random.nextInt(13);
        return new BigDecimal(new BigInteger(40, random).mod(BigInteger.TEN.pow(scale)), scale)
                .add(BigDecimal.valueOf(random.nextInt(9)));
    }

    private void add(Charge charge) {
        if (taken.add(charge.dimensions())) {
            first.add(charge);
        }
    }

    private void anthropicDay(String account, LocalDate day) {
        for (int i = 0; i < 6; i++) {
            String model = model("claude", random.nextInt(3));
            String kind = random.nextInt(12) == 0 ? "audio_input_tokens" : one(KINDS);
            String tier = one(List.of("standard", "standard", "batch"));
            String window = one(List.of("0-200k", "200k-1M"));
            add(new Charge(
                    account,
                    day,
                    place(account),
                    null,
                    model,
                    kind,
                    "tokens",
                    tier,
                    window,
                    model + " " + kind,
                    amount()));
        }
        for (String type : List.of("web_search", "code_execution", "computer_use", "priority_commitment")) {
            if (random.nextInt(3) == 0) {
                add(new Charge(account, day, place(account), null, null, null, type, null, null, "Tools", amount()));
            }
        }
        if (random.nextInt(4) == 0) {
            BigDecimal credit = credit(account, day);
            add(new Charge(account, day, place(account), null, null, null, "credit", null, null, "Courtesy", credit));
        }
        for (int i = 0; i < 7; i++) {
            use(account, day, place(account), anthropicKey(account, day));
        }
    }

    private String place(String account) {
        int number = random.nextInt(3);
        return number == 0 ? null : workspace(account, number);
    }

    /** Key 0 is replaced by key 1 in the middle of the days. */
    private String anthropicKey(String account, LocalDate day) {
        int number = random.nextInt(4);
        return number == 3 ? null : key(account, number > 0 ? number + 1 : day.isBefore(day(3)) ? 0 : 1);
    }

    private void use(String account, LocalDate day, String workspace, String key) {
        String model = model("claude", random.nextInt(3));
        String tier = one(List.of("standard", "batch", "priority"));
        String window = one(List.of("0-200k", "200k-1M"));
        Usage used = new Usage(account, day, workspace, key, model, tier, window, List.of());
        if (taken.add(used)) {
            usage.add(used.of(tokens()));
        }
    }

    private List<Long> tokens() {
        return KINDS.stream()
                .map(kind -> random.nextInt(4) == 0 ? 0L : random.nextLong(50_000_000))
                .toList();
    }

    /** Less than what the day costs, because a day below zero waits for a person. */
    private BigDecimal credit(String account, LocalDate day) {
        return first.stream()
                .filter(line -> line.account().equals(account) && line.day().equals(day))
                .map(Charge::usd)
                .reduce(BigDecimal.ZERO, BigDecimal::add)
                .multiply(new BigDecimal("-0.3"));
    }

    private void openaiDay(LocalDate day) {
        for (int i = 0; i < 5; i++) {
            String model = model("gpt", random.nextInt(2));
            String form = one(List.of(
                    "%s, input",
                    "%s, cached input",
                    "%s, output",
                    "batch | %s, output",
                    "priority | %s, input, long context",
                    "%s audio, input",
                    "web search tool calls",
                    "%s as a service"));
            int project = random.nextInt(3);
            String key = random.nextInt(3) == 0 ? null : key(OPENAI, random.nextInt(2));
            add(new Charge(
                    OPENAI,
                    day,
                    project == 0 ? null : project(project),
                    project == 0 ? null : key,
                    form.contains(", ") ? model : null,
                    null,
                    null,
                    form.contains(" | ") ? form.substring(0, form.indexOf(' ')) : null,
                    null,
                    form.formatted(model),
                    amount()));
        }
        if (random.nextInt(4) == 0) {
            add(new Charge(OPENAI, day, project(1), null, null, null, null, null, null, "credit", credit(OPENAI, day)));
        }
        for (int i = 0; i < 3; i++) {
            String tier = one(List.of("default", "batch", "priority"));
            Usage used = new Usage(
                    OPENAI, day, project(1), key(OPENAI, 0), model("gpt", random.nextInt(2)), tier, null, List.of());
            if (taken.add(used)) {
                usage.add(used.of(tokens()));
            }
        }
    }

    private void cursorDay(LocalDate day) {
        for (int i = 0; i < 6; i++) {
            String kind = one(List.of(
                    "Usage-based", "USAGE_EVENT_KIND_USAGE_BASED", "Included in Business", "Errored, Not Charged"));
            String model = model("cursor", random.nextInt(2));
            add(new Charge(
                    CURSOR, day, null, Integer.toString(i), model, null, kind, null, null, one(users), amount()));
        }
        if (random.nextInt(5) == 0) {
            BigDecimal credit = new BigDecimal("-0.01").multiply(amount());
            String model = model("cursor", 0);
            add(new Charge(CURSOR, day, null, "9", model, null, "Usage-based", null, null, users.get(0), credit));
            add(new Charge(
                    CURSOR,
                    day,
                    null,
                    COVERS_CREDIT,
                    model,
                    null,
                    "Usage-based",
                    null,
                    null,
                    users.get(1),
                    BigDecimal.ONE));
        }
    }

    /** On a restated day a line costs more, or has gone, or stays. */
    private void correct(Charge charge) {
        boolean changes = restated.get(charge.account()).contains(charge.day())
                && charge.usd().signum() > 0;
        boolean is1st = corrected.stream()
                .noneMatch(other ->
                        other.account().equals(charge.account()) && other.day().equals(charge.day()));
        if (!changes) {
            corrected.add(charge);
        } else if (is1st || COVERS_CREDIT.equals(charge.key()) || random.nextInt(3) > 0) {
            corrected.add(charge.costing(charge.usd()
                    .add(new BigDecimal("0.000000000001"))
                    .add(is1st ? BigDecimal.valueOf(100) : BigDecimal.ZERO)));
        }
    }
}
