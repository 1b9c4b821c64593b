package io.inference.analytics.cli;

import io.inference.analytics.ingest.SyntheticCheck;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
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

    private static final int TIMEOUT_SECONDS_MAX = 3_600;

    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "${env:SERVICE_URL:-http://localhost:8084}",
            description = "Where the service is (default: SERVICE_URL, or ${DEFAULT-VALUE}).")
    URI url;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long the events may take to show, 1 to 3600 (default: ${DEFAULT-VALUE}).")
    int timeout;

    @Option(
            names = "--pushgateway",
            paramLabel = "URL",
            defaultValue = "${env:PUSHGATEWAY_URL}",
            description = "Prometheus Pushgateway that takes the outcome (default: PUSHGATEWAY_URL): "
                    + "analytics_synthetic_success, _duration_seconds and _last_run_timestamp_seconds.")
    Optional<URI> pushgateway;

    @Inject
    SyntheticCheck check;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.BROKER);
    }

    @Override
    public void validate() {
        if (timeout < 1 || timeout > TIMEOUT_SECONDS_MAX) {
            throw new Failure.Invalid(
                    "timeout", "timeout: %d (expected: 1 to %d)".formatted(timeout, TIMEOUT_SECONDS_MAX));
        }
        if (environment("SYNTHETIC_API_KEY").isEmpty()
                && environment("SYNTHETIC_TOKEN").isEmpty()) {
            throw new Failure.Invalid(
                    "SYNTHETIC_TOKEN",
                    "SYNTHETIC_TOKEN: not set (expected: a JWT that may read the probe's usage, or SYNTHETIC_API_KEY)");
        }
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        SyntheticCheck.Outcome outcome = check.run(reader(), Duration.ofSeconds(timeout), pushgateway);
        out.printf(
                "%s after %d ms: %s%n",
                outcome.right() ? "right" : "WRONG OR LATE", outcome.took().toMillis(), outcome.detail());
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
}
