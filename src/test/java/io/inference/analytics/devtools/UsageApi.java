package io.inference.analytics.devtools;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The API of the running local service, as far as {@code local-dev/run} asks it. */
final class UsageApi {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration VISIBLE_WITHIN = Duration.ofSeconds(60);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(200);
    /** The batches of the sample follow each other in a fraction of this. */
    private static final Duration STEADY_FOR = Duration.ofSeconds(1);

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final String url;
    private final Clock clock;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();

    /** @param url of the service, without a path */
    UsageApi(String url, Clock clock) {
        this.url = url + "/analytics/v1";
        this.clock = clock;
    }

    /** Usage by day; the late events of the sample lie up to 30 days back. */
    String usage(String org) {
        return "%s/orgs/%s/usage?start=%s&end=%s&granularity=day".formatted(url, org, day(-30), day(1));
    }

    /** What finance asks for the bills, which are the whole company's. */
    String costs() {
        return "%s/provider-costs?start=%s&end=%s&groupBy=platform".formatted(url, day(-30), day(0));
    }

    private String day(int fromToday) {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).plusDays(fromToday) + "T00:00:00Z";
    }

    /** The body of the answer, or {@code no answer}: what is only shown must not end the run. */
    String answer(String address, String token) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address))
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return "no answer";
        }
    }

    /** The same, indented by two where it is JSON. */
    String pretty(String address, String token) throws InterruptedException {
        String answer = answer(address, token);
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        Separators separators = Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator("");
        try {
            return JSON.writer(new DefaultPrettyPrinter(separators)
                            .withObjectIndenter(indenter)
                            .withArrayIndenter(indenter))
                    .writeValueAsString(JSON.readTree(answer));
        } catch (IOException e) {
            return answer;
        }
    }

    /**
     * Gives organisations, models and users their names, by id.
     *
     * @throws IOException when the service refuses
     */
    void setNames(Map<String, String> orgs, Map<String, String> models, Map<String, String> users, String token)
            throws IOException, InterruptedException {
        put("/catalog/names", Map.of("orgs", orgs, "models", models, "users", users), token);
    }

    /** What an organisation has spent in this month (UTC), in US dollars. */
    BigDecimal spentThisMonth(String org, String token) throws IOException, InterruptedException {
        String answer = answer(
                "%s/orgs/%s/usage?period=month-to-date&granularity=total&timeZone=UTC".formatted(url, org), token);
        JsonNode amount = JSON.readTree(answer).at("/totals/cost/amount");
        if (!amount.isTextual()) {
            throw new IOException("the usage API did not answer what this month has cost: " + answer);
        }
        return new BigDecimal(amount.asText());
    }

    /** Sets a monthly budget of so many US dollars. */
    void setBudget(String org, String name, BigDecimal amount, String token) throws IOException, InterruptedException {
        put("/orgs/%s/budgets/%s".formatted(org, name), Map.of("amount", amount, "period", "month"), token);
    }

    /** Adds a price in US dollars per million tokens; the same one again changes nothing. */
    void addPrice(String model, LocalDate from, Map<String, BigDecimal> usd, String token)
            throws IOException, InterruptedException {
        Map<String, Object> body = new HashMap<>(usd);
        body.putAll(Map.of("modelId", model, "validFrom", from.toString(), "reason", "sample"));
        send("POST", "/prices", body, token);
    }

    private void put(String path, Map<String, Object> body, String token) throws IOException, InterruptedException {
        send("PUT", path, body, token);
    }

    private void send(String method, String path, Map<String, Object> body, String token)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(TIMEOUT)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IOException(method + " " + path + " was refused: " + response.body());
        }
    }

    /**
     * Waits until each organisation shows events and their sum has stopped growing: data that an earlier run has left makes some of
     * the sample duplicates, so the sum is not known.
     *
     * @throws IOException when that takes longer than 60 s
     */
    void awaitInvocations(List<String> orgs, String token) throws IOException, InterruptedException {
        Instant end = clock.instant().plus(VISIBLE_WITHIN);
        long before = 0;
        Instant since = clock.instant();
        while (true) {
            long sum = 0;
            String missing = "";
            for (String org : orgs) {
                String answer = answer(usage(org), token);
                long invocations = invocations(answer);
                missing = invocations == 0 ? answer : missing;
                sum += invocations;
            }
            Instant now = clock.instant();
            if (sum != before || !missing.isEmpty()) {
                before = sum;
                since = now;
            } else if (!now.isBefore(since.plus(STEADY_FOR))) {
                return;
            }
            if (now.isAfter(end)) {
                throw new IOException("the usage API did not show the sample within %d s; it answered: %s"
                        .formatted(VISIBLE_WITHIN.toSeconds(), missing));
            }
            Thread.sleep(POLL_INTERVAL.toMillis());
        }
    }

    /** 0 for an answer that has none, such as an error. */
    private static long invocations(String answer) {
        try {
            JsonNode totals = JSON.readTree(answer).path("totals");
            return totals.path("invocations").asLong();
        } catch (IOException e) {
            return 0;
        }
    }
}
