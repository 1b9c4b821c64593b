package io.inference.analytics.cli;

import io.inference.analytics.ingest.SyntheticCheck;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code synthetic}. */
@Dependent
@Command(
        name = "synthetic",
        description = {
            "Publishes seeded events of a probe organisation and reads them back through the API.",
            "Exit code 1 when the figures are wrong or late, or the broker does not take the events.",
            "SYNTHETIC_API_KEY or SYNTHETIC_TOKEN (a JWT) may read the usage of organisation "
                    + "00000000-0000-4000-8000-00000000c0de."
        })
class SyntheticCommand implements ServiceCommand {

    private static final Duration PUSH_MAX = Duration.ofSeconds(10);

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:SERVICE_URL:-http://localhost:8084}",
            description = "Where the service is: SERVICE_URL, or ${DEFAULT-VALUE}.")
    URI url;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long the events may take to show (default: ${DEFAULT-VALUE}).")
    int timeoutSeconds;

    @Option(
            names = "--pushgateway",
            paramLabel = "URL",
            defaultValue = "${env:PUSHGATEWAY_URL}",
            description = "Prometheus Pushgateway that is told the outcome, also by PUSHGATEWAY_URL: "
                    + "analytics_synthetic_success, _duration_seconds and _last_run_timestamp_seconds.")
    URI pushgateway;

    @Inject
    SyntheticCheck check;

    @Inject
    Clock clock;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.BROKER);
    }

    @Override
    public void validate() {
        if (timeoutSeconds < 1 || timeoutSeconds > 3_600) {
            throw new Failure.Invalid("--timeout", "--timeout: %d (expected: 1 to 3600)".formatted(timeoutSeconds));
        }
        checkUrl("--url", url);
        if (pushgateway != null) {
            checkUrl("--pushgateway", pushgateway);
        }
        if (environment("SYNTHETIC_API_KEY").isEmpty()
                && environment("SYNTHETIC_TOKEN").isEmpty()) {
            throw new Failure.Invalid(
                    "SYNTHETIC_TOKEN",
                    "SYNTHETIC_TOKEN: not set (expected: a JWT that may read the probe's usage, or SYNTHETIC_API_KEY)");
        }
    }

    private static void checkUrl(String option, URI url) {
        if (url.getHost() == null || url.getScheme() == null || !url.getScheme().matches("https?")) {
            throw new Failure.Invalid(option, "%s: %s (expected: http://host:port)".formatted(option, url));
        }
    }

    @Override
    public int run(PrintWriter out) throws Exception {
        SyntheticCheck.Outcome outcome;
        try {
            outcome = check.run(reader(), Duration.ofSeconds(timeoutSeconds));
        } catch (Failure.Unavailable e) {
            try {
                push(new SyntheticCheck.Outcome(false, Duration.ZERO, "not published"));
            } catch (IOException pushed) {
                // Why the events could not be published matters more.
                e.addSuppressed(pushed);
            }
            throw e;
        }
        out.printf(
                "%s after %d ms: %s%n",
                outcome.right() ? "right" : "WRONG OR LATE", outcome.took().toMillis(), outcome.detail());
        push(outcome);
        return outcome.right() ? 0 : 1;
    }

    private SyntheticCheck.Reader reader() {
        String key = environment("SYNTHETIC_API_KEY");
        return key.isEmpty()
                ? new SyntheticCheck.Reader(url, "Authorization", "Bearer " + environment("SYNTHETIC_TOKEN"))
                : new SyntheticCheck.Reader(url, "X-API-Key", key);
    }

    private static String environment(String name) {
        return System.getenv().getOrDefault(name, "").strip();
    }

    private void push(SyntheticCheck.Outcome outcome) throws IOException, InterruptedException {
        if (pushgateway == null) {
            return;
        }
        String metrics =
                """
                # TYPE analytics_synthetic_success gauge
                analytics_synthetic_success %d
                # TYPE analytics_synthetic_duration_seconds gauge
                analytics_synthetic_duration_seconds %s
                # TYPE analytics_synthetic_last_run_timestamp_seconds gauge
                analytics_synthetic_last_run_timestamp_seconds %d
                """
                        .formatted(
                                outcome.right() ? 1 : 0,
                                outcome.took().toMillis() / 1_000.0,
                                clock.instant().getEpochSecond());
        HttpRequest request = HttpRequest.newBuilder(pushgateway.resolve("/metrics/job/analytics_synthetic"))
                .timeout(PUSH_MAX)
                .PUT(HttpRequest.BodyPublishers.ofString(metrics))
                .build();
        int status;
        try {
            status = HttpClient.newBuilder()
                    .connectTimeout(PUSH_MAX)
                    .build()
                    .send(request, HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            throw new IOException("--pushgateway: it does not answer", e);
        }
        if (status >= 300) {
            throw new IOException("--pushgateway: status %d (expected: 200 or 202)".formatted(status));
        }
    }
}
