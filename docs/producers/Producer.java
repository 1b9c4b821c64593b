import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Publishes usage events over HTTP. Needs Java 17 and nothing else.
 *
 * <p>Settings: ANALYTICS_URL, ANALYTICS_ORG, ANALYTICS_API_KEY. {@code java Producer.java} publishes one sample event.
 */
public final class Producer {

    private static final int TRIES_MAX = 5;
    private static final List<Integer> AGAIN = List.of(429, 502, 503, 504);
    private static final String ORG = System.getenv("ANALYTICS_ORG");

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    /**
     * Returns once the broker keeps all events. The same events may be published again: each is counted once.
     *
     * @param events at most 1,000 as JSON
     */
    public void publish(List<String> events) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(System.getenv("ANALYTICS_URL") + "/analytics/v1/orgs/" + ORG + "/events"))
                .timeout(Duration.ofSeconds(10))
                .header("X-API-Key", System.getenv("ANALYTICS_API_KEY"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("[" + String.join(",", events) + "]"))
                .build();
        for (int attempt = 1; ; attempt++) {
            String problem;
            try {
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() == 202 && response.body().contains("\"rejected\":[]")) {
                    return;
                }
                problem = response.statusCode() + " " + response.body();
                if (!AGAIN.contains(response.statusCode())) {
                    throw new IllegalArgumentException(problem); // sending it again does not help
                }
            } catch (IOException e) {
                problem = e.toString();
            }
            if (attempt == TRIES_MAX) {
                throw new IOException(problem);
            }
            Thread.sleep(1_000L << attempt);
        }
    }

    /** An event of one call, made when its stream has ended. Keep its eventId with it, and publish it once. */
    public static String event(UUID model, Duration latency, long input, long cacheRead, long output) {
        return """
               {"eventId": "%s", "orgId": "%s", "modelId": "%s", "clientId": "java", "serviceTier": "batch",
                "occurredAt": "%s", "latencyMs": %d, "status": "success", "inputTokens": %d,
                "cacheReadInputTokens": %d, "outputTokens": %d}"""
                .formatted(UUID.randomUUID(), ORG, model, Instant.now(), latency.toMillis(), input, cacheRead, output);
    }

    public static void main(String[] args) throws Exception {
        UUID model = UUID.fromString("00000000-0000-4000-9000-000000000001");
        new Producer().publish(List.of(event(model, Duration.ofMillis(812), 1500, 1000, 320)));
        System.out.println("accepted 1");
    }
}
