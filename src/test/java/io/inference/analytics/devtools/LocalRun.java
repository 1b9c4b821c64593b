package io.inference.analytics.devtools;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The end of {@code local-dev/run}: publishes the sample, imports sample bills, waits until the usage API shows the events, and
 * prints the addresses, a curl and the answer to it. Settings come from the environment, as {@code local-dev/env} prints them.
 * Progress goes to standard error.
 */
@Command(name = "local-dev/run")
final class LocalRun implements Callable<Integer> {

    private static final int SAMPLE_ORGS = 2;
    /** A fixed seed: the figures of two runs can be compared. */
    private static final List<String> SAMPLE = List.of(
            "--sample=2000",
            "--orgs=" + SAMPLE_ORGS,
            "--models=3",
            "--duplicates=5",
            "--late=5",
            "--errors=4",
            "--seed=42");

    /** The keys of the providers. Who has set one has bills of their own. */
    private static final List<String> PROVIDER_KEYS =
            List.of("ANTHROPIC_ADMIN_API_KEY", "ANTHROPIC_ADMIN_API_KEY_FILE", "CURSOR_API_KEY", "CURSOR_API_KEY_FILE");

    private final Clock clock;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec spec;

    @Option(names = "--sample")
    private boolean sample;

    @Parameters(paramLabel = "NAME=ADDRESS", description = "further lines of what is printed")
    private List<String> addresses = List.of();

    LocalRun(Clock clock, Map<String, String> environment) {
        this.clock = clock;
        this.environment = environment;
    }

    public static void main(String[] args) {
        System.exit(DevTool.commandLine(new LocalRun(Clock.systemUTC(), System.getenv()))
                .execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        UsageApi api = new UsageApi(environment.get("SERVICE_URL"), clock);
        List<String> orgs = Stream.iterate(1, n -> n + 1)
                .limit(SAMPLE_ORGS)
                .map(SampleOptions::orgId)
                .toList();
        String token = Token.of(environment, clock, orgs, "org-admin", Duration.ofHours(12));
        boolean bills = false;
        try {
            if (sample) {
                publishSample();
                bills = importBills();
                step("Waiting for the events in the usage API");
                api.awaitInvocations(orgs, token);
                nameSample(api, orgs);
            }
            print(api, orgs.get(0), token, bills);
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            return DevTool.fail(spec.commandLine(), e.getMessage());
        }
    }

    private void publishSample() throws IOException {
        step("Publishing 2000 sample events");
        StringWriter printed = new StringWriter();
        int code = Publish.commandLine(clock, environment)
                .setOut(new PrintWriter(printed, true))
                .execute(SAMPLE.toArray(String[]::new));
        if (code != 0) {
            throw new IOException("the sample events could not be published");
        }
        printed.toString().lines().filter(line -> !line.startsWith("org ")).forEach(System.err::println);
    }

    private void nameSample(UsageApi api, List<String> orgs) throws IOException, InterruptedException {
        api.setNames(
                Map.of(orgs.get(0), "Example GmbH", orgs.get(1), "Sample Ltd"),
                Map.of(
                        SampleOptions.modelId(1), "small-3",
                        SampleOptions.modelId(2), "large-3",
                        SampleOptions.modelId(3), "code-2"),
                Token.of(environment, clock, List.of(), "system-admin", Duration.ofHours(1)));
    }

    /** Imports the bills with the service's own commands, as finance would; false where the caller has bills of their own. */
    private boolean importBills() throws IOException, InterruptedException {
        if (PROVIDER_KEYS.stream()
                .anyMatch(key -> !environment.getOrDefault(key, "").isEmpty())) {
            return false;
        }
        step("Importing sample bills of Anthropic and Cursor");
        LocalDate since = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(60);
        try (SampleBills bills = new SampleBills(clock)) {
            analytics(
                    bills,
                    List.of(
                            "map-workspace",
                            "--workspace=" + SampleBills.WORKSPACE,
                            "--platform=claude_code",
                            "--from=" + since));
            analytics(bills, List.of("import", "--provider=anthropic"));
            analytics(bills, List.of("import", "--provider=cursor"));
        }
        return true;
    }

    private static void analytics(SampleBills bills, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(Stream.concat(Stream.of("local-dev/analytics", "providers"), command.stream())
                        .toList());
        builder.environment().putAll(bills.settings());
        Process process = builder.redirectErrorStream(true).start();
        // Ctrl-C ends this program; the command must not outlive it.
        Thread end = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(end);
        process.inputReader().lines().forEach(System.err::println);
        if (process.waitFor() != 0) {
            throw new IOException("the sample bills could not be imported");
        }
        Runtime.getRuntime().removeShutdownHook(end);
    }

    private void print(UsageApi api, String org, String token, boolean bills) throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        String url = environment.get("SERVICE_URL");
        out.println();
        address(out, "Console", url + "/console/");
        address(out, "API", url + "/analytics/v1");
        address(out, "OpenAPI", url + "/openapi");
        address(out, "Readiness", url + "/analytics/v1/status/readyz");
        address(out, "Metrics", environment.get("METRICS_URL"));
        address(out, "Storage", environment.getOrDefault("STORAGE_FLAVOUR", "auto"));
        for (String further : addresses) {
            String[] parts = further.split("=", 2);
            address(out, parts[0], parts[1]);
        }
        String usage = api.usage(org);
        out.println(
                """

                Settings for psql, redis-cli and other clients: local-dev/env. Tokens: local-dev/token. This one lasts 12 hours:

                curl -s -H 'Authorization: Bearer %s' \\
                  '%s'

                %s"""
                        .formatted(token, usage, api.pretty(usage, token)));
        if (bills) {
            String costs = api.costs();
            out.println(
                    """

                    Sample bills of the providers, by platform:

                    curl -s -H "Authorization: Bearer $(local-dev/token --role company-finance)" \\
                      '%s'

                    %s"""
                            .formatted(
                                    costs,
                                    api.answer(
                                            costs,
                                            Token.of(
                                                    environment,
                                                    clock,
                                                    List.of(),
                                                    "company-finance",
                                                    Duration.ofHours(1)))));
        }
        out.println("""

                The same figures in a browser: open %s/console/ and paste the token above."""
                .formatted(url));
        out.flush();
    }

    private static void address(PrintWriter out, String name, String address) {
        out.println("%-12s %s".formatted(name, address));
    }

    private static void step(String what) {
        System.err.println("==> " + what);
    }
}
