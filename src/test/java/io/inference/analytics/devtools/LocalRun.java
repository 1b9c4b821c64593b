package io.inference.analytics.devtools;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The end of {@code local-dev/run}: provides the {@link SampleData sample} and
 * prints the addresses, a curl and the answer to it. Settings come from the environment, as {@code local-dev/env} prints them.
 * Progress goes to standard error.
 */
@Command(name = "local-dev/run")
final class LocalRun implements Callable<Integer> {

    private final Clock clock;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec spec;

    @Option(names = "--sample")
    private boolean sample;

    /** Whether the console has a button for the local stack. */
    @Option(names = "--sign-in")
    private boolean signIn;

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
        List<String> orgs = SampleData.ORGS;
        String token = Token.of(environment, clock, orgs, "org-admin", Duration.ofHours(12));
        boolean bills = false;
        try {
            if (sample) {
                bills = new SampleData(clock, environment).provide(api, token);
            }
            print(api, orgs.get(0), token, bills);
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            return DevTool.fail(spec.commandLine(), e.getMessage());
        }
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

                The same figures in a browser: open %s/console/ and %s."""
                .formatted(url, signIn ? "click \"Sign in to the local stack\"" : "paste the token above"));
        out.flush();
    }

    private static void address(PrintWriter out, String name, String address) {
        out.println("%-12s %s".formatted(name, address));
    }
}
