package io.inference.analytics.ingest;

import io.inference.analytics.platform.Failure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;

/** Reports the outcome of a synthetic check to a Prometheus Pushgateway, which keeps the last one. */
final class Pushgateway {

    private static final Duration PUSH_MAX = Duration.ofSeconds(10);

    private final URI address;

    Pushgateway(URI address) {
        this.address = address;
    }

    /** @throws Failure.Unavailable when it does not take the outcome within 10 s */
    void push(SyntheticCheck.Outcome outcome, Instant now) throws InterruptedException {
        String metrics =
                """
                # TYPE analytics_synthetic_success gauge
                analytics_synthetic_success %d
                # TYPE analytics_synthetic_duration_seconds gauge
                analytics_synthetic_duration_seconds %s
                # TYPE analytics_synthetic_last_run_timestamp_seconds gauge
                analytics_synthetic_last_run_timestamp_seconds %d
                """
                        .formatted(outcome.right() ? 1 : 0, outcome.took().toMillis() / 1_000.0, now.getEpochSecond());
        HttpRequest request = HttpRequest.newBuilder(address.resolve("/metrics/job/analytics_synthetic"))
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
            throw new Failure.Unavailable("pushgateway: it does not answer", PUSH_MAX, e);
        }
        if (status >= 300) {
            throw new Failure.Unavailable(
                    "pushgateway: status %d (expected: 200 or 202)".formatted(status), PUSH_MAX, null);
        }
    }
}
