package io.inference.analytics.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.inference.analytics.platform.BackOff;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.NetworkCause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;

/**
 * Requests to one provider, tried again where that can help.
 *
 * <p>429, faults of the server (5xx), time-outs, lost connections and answers that are not JSON are
 * passing. They are tried again after the pause that {@code retry-after} names, or else after a
 * pause that doubles, up to the number of tries and the time budget. There is no pause after the
 * last try.
 *
 * <p>Every other 4xx is lasting and ends at once. Redirects are not followed, because they would
 * carry the key elsewhere. Answers are at most 8 MiB.
 */
public final class ProviderHttp {

    /** An answer is in memory as bytes, as a tree and as archived text: about 100 MiB in all. */
    private static final int BODY_BYTES_MAX = 8 * 1024 * 1024;

    private static final int MESSAGE_CHARACTERS_MAX = 300;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Amounts and counts keep every digit. Of two fields with one name, neither is believed. */
    public static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /**
     * How to treat a provider.
     *
     * @param keySetting the setting that holds the key, for messages
     * @param rightNeeded the kind of key that is needed, for messages
     * @param tries of one request
     * @param timeout longest wait for an answer
     * @param rateLimitPause first pause after 429
     * @param faultPause first pause after any other fault
     * @param budget longest time of one request with all its pauses
     * @param requestsPerMinute 0: not limited here
     * @param rowsMax rows that one call may have in all its pages
     */
    record Rules(
            Provider provider,
            String keySetting,
            String rightNeeded,
            int tries,
            Duration timeout,
            Duration rateLimitPause,
            Duration faultPause,
            Duration budget,
            int requestsPerMinute,
            int rowsMax) {}

    private final Rules rules;
    private final MeterRegistry registry;
    private final Clock clock;
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private final Deque<Instant> sent = new ArrayDeque<>();

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    ProviderHttp(Rules rules, MeterRegistry registry, Clock clock) {
        this.rules = rules;
        this.registry = registry;
        this.clock = clock;
        register(registry, rules.provider());
    }

    JsonNode get(URI uri, Map<String, String> headers) throws ProviderTrouble, InterruptedException {
        return call(request(uri, headers).GET().build());
    }

    JsonNode post(URI uri, Map<String, String> headers, String body) throws ProviderTrouble, InterruptedException {
        return call(request(uri, headers)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    private HttpRequest.Builder request(URI uri, Map<String, String> headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(uri).timeout(rules.timeout());
        builder.header("Accept", "application/json");
        builder.header("User-Agent", "inference-analytics/1.0");
        headers.forEach(builder::header);
        return builder;
    }

    private JsonNode call(HttpRequest request) throws ProviderTrouble, InterruptedException {
        Instant deadline = clock.instant().plus(rules.budget());
        for (int attempt = 1; ; attempt++) {
            awaitTurn();
            ProviderTrouble trouble;
            try {
                JsonNode answer = once(request);
                count("ok", 1);
                return answer;
            } catch (ProviderTrouble e) {
                count(e.code().equals("rate_limit_error") ? "rate_limited" : "failed", 1);
                trouble = e;
            }
            Duration pause = pause(trouble, attempt);
            if (!trouble.retryable()
                    || attempt >= rules.tries()
                    || clock.instant().plus(pause).isAfter(deadline)) {
                throw trouble;
            }
            TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        }
    }

    private Duration pause(ProviderTrouble trouble, int attempt) {
        if (trouble.retryAfter().isPresent()) {
            return trouble.retryAfter().get();
        }
        if (trouble.code().equals("timeout")) {
            return Duration.ZERO;
        }
        Duration first = trouble.code().equals("rate_limit_error") ? rules.rateLimitPause() : rules.faultPause();
        // At least half of it is waited: no pause is shorter than the setting says.
        return BackOff.random(BackOff.after(attempt, first.multipliedBy(2), rules.budget()));
    }

    /** Stays within the provider's requests per minute instead of running into its limit. */
    private void awaitTurn() throws InterruptedException {
        if (rules.requestsPerMinute() == 0) {
            return;
        }
        while (true) {
            Duration wait;
            synchronized (sent) {
                Instant now = clock.instant();
                while (!sent.isEmpty() && !sent.peekFirst().plus(MINUTE).isAfter(now)) {
                    sent.removeFirst();
                }
                if (sent.size() < rules.requestsPerMinute()) {
                    sent.addLast(now);
                    return;
                }
                wait = Duration.between(now, sent.peekFirst().plus(MINUTE));
            }
            TimeUnit.MILLISECONDS.sleep(Math.max(1, wait.toMillis()));
        }
    }

    private JsonNode once(HttpRequest request) throws ProviderTrouble, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> pending = client.sendAsync(request, ProviderHttp::limited);
        HttpResponse<byte[]> response;
        try {
            // The request's own time-out covers only the headers; a body can hang as well.
            response = pending.get(rules.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            pending.cancel(true);
            throw ProviderTrouble.passing("timeout", "no answer within " + rules.timeout());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HttpTimeoutException) {
                throw ProviderTrouble.passing("timeout", "no answer within " + rules.timeout());
            }
            throw ProviderTrouble.passing("connection", "the connection failed: " + NetworkCause.of(e.getCause()));
        } catch (InterruptedException e) {
            pending.cancel(true);
            throw e;
        }
        if (response.statusCode() != 200) {
            throw trouble(response);
        }
        if (response.body().length >= BODY_BYTES_MAX) {
            throw ProviderTrouble.lasting(
                    ProviderTrouble.TOO_LARGE, "an answer of more than " + BODY_BYTES_MAX + " bytes");
        }
        try {
            JsonNode body = JSON.readTree(response.body());
            if (body != null && body.isObject()) {
                return body;
            }
        } catch (JsonProcessingException e) {
            throw ProviderTrouble.passing("broken_json", "the answer is not JSON");
        } catch (IOException e) {
            throw ProviderTrouble.passing("broken_json", "the answer cannot be read");
        }
        throw ProviderTrouble.passing("broken_json", "the answer is not a JSON object");
    }

    private static HttpResponse.BodySubscriber<byte[]> limited(HttpResponse.ResponseInfo info) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        return BodySubscribers.mapping(
                BodySubscribers.ofByteArrayConsumer(part -> part.ifPresent(bytes -> {
                    int room = BODY_BYTES_MAX - body.size();
                    body.write(bytes, 0, Math.min(room, bytes.length));
                })),
                nothing -> body.toByteArray());
    }

    private ProviderTrouble trouble(HttpResponse<byte[]> response) {
        int status = response.statusCode();
        String said = said(response.body());
        String text = "status " + status + (said.isEmpty() ? "" : ": " + said);
        return switch (status) {
            case 401 ->
                ProviderTrouble.lasting(
                        "authentication_error",
                        text + "; the key of " + rules.keySetting() + " is refused (expected: " + rules.rightNeeded()
                                + ")");
            case 403 ->
                ProviderTrouble.lasting(
                        "permission_error",
                        text + "; the key of " + rules.keySetting() + " lacks a right (expected: " + rules.rightNeeded()
                                + ")");
            case 404 -> ProviderTrouble.lasting("not_found_error", text);
            case 408 -> ProviderTrouble.passing("timeout", text);
            case 413 -> ProviderTrouble.lasting("request_too_large", text);
            case 429 -> ProviderTrouble.passing("rate_limit_error", text, retryAfter(response));
            case 529 -> ProviderTrouble.passing("overloaded_error", text, retryAfter(response));
            default ->
                status >= 500
                        ? ProviderTrouble.passing("api_error", text, retryAfter(response))
                        : ProviderTrouble.lasting("invalid_request_error", text);
        };
    }

    private static String said(byte[] body) {
        try {
            JsonNode answer = JSON.readTree(body);
            String message = answer.path("error")
                    .path("message")
                    .asText(answer.path("message").asText(""));
            String line = LogText.line(message);
            return line.length() <= MESSAGE_CHARACTERS_MAX ? line : line.substring(0, MESSAGE_CHARACTERS_MAX) + "…";
        } catch (IOException e) {
            return "";
        }
    }

    /** Seconds, or a date (RFC 9110, 10.2.3); null when it is missing or malformed. */
    private Duration retryAfter(HttpResponse<?> response) {
        Optional<String> value = response.headers().firstValue("retry-after").map(String::strip);
        if (value.isEmpty()) {
            return null;
        }
        try {
            if (value.get().matches("[0-9]{1,6}([.][0-9]{1,3})?")) {
                return Duration.ofMillis(
                        new BigDecimal(value.get()).movePointRight(3).longValue());
            }
            Duration until = Duration.between(
                    clock.instant(),
                    ZonedDateTime.parse(value.get(), DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Empty drafts of the days of one call. */
    DayDrafts drafts(LocalDate first, LocalDate last) {
        return new DayDrafts(first, last, rules.rowsMax());
    }

    /** Requests so far by outcome: ok, rate_limited or failed. */
    Map<String, Long> requests() {
        Map<String, Long> requests = new TreeMap<>();
        counts.forEach((outcome, count) -> requests.put(outcome, count.sum()));
        return requests;
    }

    /** Counters of requests exist from the start, whether a key is set or not. */
    public static void register(MeterRegistry registry, Provider provider) {
        for (String outcome : new String[] {"ok", "rate_limited", "failed"}) {
            counter(registry, provider, outcome).increment(0);
        }
    }

    private static Counter counter(MeterRegistry registry, Provider provider, String outcome) {
        return Counter.builder("analytics.provider.requests")
                .description("Requests to the providers, by outcome: ok, rate_limited or failed")
                .tag("provider", provider.wireName())
                .tag("outcome", outcome)
                .register(registry);
    }

    private void count(String outcome, int requests) {
        counter(registry, rules.provider(), outcome).increment(requests);
        counts.computeIfAbsent(outcome, any -> new LongAdder()).add(requests);
    }
}
