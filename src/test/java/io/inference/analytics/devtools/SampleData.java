package io.inference.analytics.devtools;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What {@code local-dev/run} shows: a month of usage with names, a budget, and bills. All of it goes through the broker, the public
 * API and the service's own commands, so that no figure is made up. Progress goes to standard error.
 */
final class SampleData {

    static final List<String> ORGS = List.of(SampleOptions.orgId(1), SampleOptions.orgId(2));

    /** Fixed seeds: the figures of two runs can be compared. */
    private static final List<String> MIXED = List.of(
            "--sample=2000",
            "--orgs=" + ORGS.size(),
            "--models=3",
            "--duplicates=5",
            "--late=80",
            "--errors=4",
            "--seed=42");

    private static final List<String> MONTH = List.of("--scenario=month", "--seed=42");

    private static final List<String> MODELS = List.of("small-3", "large-3", "code-2", "reason-1", "trial-1");
    private static final List<String> USERS = List.of(
            "Ada Adler",
            "Ben Baker",
            "Cleo Costa",
            "Dai Davies",
            "Eva Engel",
            "Finn Fischer",
            "Gia Greco",
            "Hugo Haas",
            "Ida Ito",
            "Jon Jansen");

    /** A budget's own thresholds begin to speak here. */
    private static final BigDecimal BUDGET_USED = new BigDecimal("0.80");

    private static final BigDecimal BUDGET_MIN = new BigDecimal("0.01");

    /** The keys of the providers. Who has set one has bills of their own. */
    private static final List<String> PROVIDER_KEYS = List.of(
            "ANTHROPIC_ADMIN_API_KEY",
            "ANTHROPIC_ADMIN_API_KEY_FILE",
            "CURSOR_API_KEY",
            "CURSOR_API_KEY_FILE",
            "OPENAI_ADMIN_API_KEY",
            "OPENAI_ADMIN_API_KEY_FILE");

    private final Clock clock;
    private final Map<String, String> environment;

    SampleData(Clock clock, Map<String, String> environment) {
        this.clock = clock;
        this.environment = environment;
    }

    /**
     * Publishes the events, imports the bills, and waits until the usage API shows the events.
     *
     * @param token that may read both organisations
     * @return whether there are sample bills
     */
    boolean provide(UsageApi api, String token) throws IOException, InterruptedException {
        String admin = Token.of(environment, clock, List.of(), "system-admin", Duration.ofHours(1));
        setPrices(api, admin);
        step("Publishing a month of sample events");
        publish(MIXED);
        publish(MONTH);
        boolean bills = importBills();
        step("Waiting for the events in the usage API");
        api.awaitInvocations(ORGS, token);
        setNames(api, admin);
        setBudget(api, token, admin);
        return bills;
    }

    private void publish(List<String> arguments) throws IOException {
        StringWriter printed = new StringWriter();
        int code = Publish.commandLine(clock, environment)
                .setOut(new PrintWriter(printed, true))
                .execute(arguments.toArray(String[]::new));
        if (code != 0) {
            throw new IOException("the sample events could not be published");
        }
        printed.toString().lines().filter(line -> !line.startsWith("org ")).forEach(System.err::println);
    }

    /** The users' names are those of the first organisation; the second one shows what users without a name look like. */
    private static void setNames(UsageApi api, String admin) throws IOException, InterruptedException {
        Map<String, String> models = new HashMap<>();
        MODELS.forEach(name -> models.put(SampleOptions.modelId(models.size() + 1), name));
        Map<String, String> users = new HashMap<>();
        USERS.forEach(name -> users.put(SampleOptions.userId(1, users.size() + 1), name));
        api.setNames(Map.of(ORGS.get(0), "Example GmbH", ORGS.get(1), "Sample Ltd"), models, users, admin);
    }

    /** What the scenario of a month calculates with, before its first event, so that events without a cost get theirs. */
    private void setPrices(UsageApi api, String admin) throws IOException, InterruptedException {
        LocalDate from = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(90);
        for (int model = 1; model <= MODELS.size(); model++) {
            if (model == MonthScenario.UNPRICED_MODEL) {
                continue;
            }
            BigDecimal input = BigDecimal.valueOf(3L * model);
            api.addPrice(
                    SampleOptions.modelId(model),
                    from,
                    Map.of(
                            "inputUsd", input,
                            "outputUsd", input.multiply(BigDecimal.valueOf(5)),
                            "cacheReadUsd", input.movePointLeft(1),
                            "cacheWriteUsd", input.multiply(new BigDecimal("1.25")),
                            "cacheWrite1hUsd", input.multiply(BigDecimal.valueOf(2))),
                    admin);
        }
    }

    /** The amount follows from what was spent; how much of it is used, the service says. */
    private static void setBudget(UsageApi api, String token, String admin) throws IOException, InterruptedException {
        BigDecimal spent = api.spentThisMonth(ORGS.get(0), token);
        api.setBudget(
                ORGS.get(0),
                "monthly",
                spent.divide(BUDGET_USED, 2, RoundingMode.DOWN).max(BUDGET_MIN),
                admin);
    }

    /** Imports the bills with the service's own commands, as finance would; false where the caller has bills of their own. */
    private boolean importBills() throws IOException, InterruptedException {
        if (PROVIDER_KEYS.stream()
                .anyMatch(key -> !environment.getOrDefault(key, "").isEmpty())) {
            return false;
        }
        step("Importing sample bills of Anthropic, Cursor and OpenAI");
        LocalDate since = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(60);
        try (SampleBills bills = new SampleBills(clock)) {
            // A command takes seconds to start, and no two of these depend on each other in the same pair.
            await(
                    analytics(
                            bills,
                            "map-workspace",
                            "--workspace=" + SampleBills.WORKSPACE,
                            "--platform=claude_code",
                            "--from=" + since),
                    analytics(bills, "import", "--provider=cursor"));
            await(analytics(bills, "import", "--provider=anthropic"), analytics(bills, "import", "--provider=openai"));
        }
        return true;
    }

    /** Starts one of the service's commands. */
    private static Process analytics(SampleBills bills, String... command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(Stream.concat(Stream.of("local-dev/analytics", "providers"), Stream.of(command))
                        .toList());
        builder.environment().putAll(bills.settings());
        return builder.redirectErrorStream(true).start();
    }

    private static void await(Process... processes) throws IOException, InterruptedException {
        // Ctrl-C ends this program; the commands must not outlive it.
        Thread end = new Thread(() -> Stream.of(processes).forEach(Process::destroy));
        Runtime.getRuntime().addShutdownHook(end);
        for (Process process : processes) {
            process.inputReader().lines().forEach(System.err::println);
            if (process.waitFor() != 0) {
                throw new IOException("the sample bills could not be imported");
            }
        }
        Runtime.getRuntime().removeShutdownHook(end);
    }

    private static void step(String what) {
        System.err.println("==> " + what);
    }
}
