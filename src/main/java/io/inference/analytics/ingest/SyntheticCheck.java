package io.inference.analytics.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Does what a producer and a reader do, and compares. It publishes seeded events of a probe organisation to the exchange, under a
 * client name of their own, and reads them back through the usage API. The events of one minute are always the same, so a
 * repetition changes nothing: they are duplicates.
 */
@ApplicationScoped
public class SyntheticCheck {

    /** The organisation of the probe; no customer has it. */
    public static final UUID ORG = UUID.fromString("00000000-0000-4000-8000-00000000c0de");

    private static final UUID MODEL = UUID.fromString("00000000-0000-4000-9000-00000000c0de");
    private static final int EVENTS = 20;
    private static final int ERRORS = 5;
    private static final long INPUT_TOKENS = 1_000;
    private static final long OUTPUT_TOKENS = 10;
    private static final long COST_CENTS = 3;
    private static final String EXPECTED =
            figures(EVENTS, ERRORS, EVENTS * INPUT_TOKENS, EVENTS * OUTPUT_TOKENS, EVENTS * COST_CENTS);
    private static final long CONFIRM_MILLIS_MAX = 10_000;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration CONNECT_MAX = Duration.ofSeconds(3);
    private static final Duration ANSWER_MAX = Duration.ofSeconds(5);

    private final BrokerSettings broker;
    private final ObjectMapper json;
    private final Clock clock;

    SyntheticCheck(BrokerSettings broker, ObjectMapper json, Clock clock) {
        this.broker = broker;
        this.json = json;
        this.clock = clock;
    }

    /**
     * The result.
     *
     * @param right whether the API showed exactly what was published, in time
     * @param took from the broker's confirmation until then, or until the time was up
     * @param detail what was found; and what was expected, where the two differ
     */
    public record Outcome(boolean right, Duration took, String detail) {}

    /**
     * Who asks the API.
     *
     * @param service base address of the service, such as http://localhost:8084
     * @param header the header that carries the credential
     * @param credential its value
     */
    public record Reader(URI service, String header, String credential) {}

    /**
     * Runs the check and reports its outcome, also that the events could not be published.
     *
     * @param reader may read the usage of {@link #ORG}
     * @param patience how long the events may take to show
     * @param pushgateway the Prometheus Pushgateway that takes the outcome, if any
     * @throws Failure.Unavailable when the broker does not take the events, when nothing is bound that would keep them, or when
     *     the Pushgateway does not take the outcome
     */
    public Outcome run(Reader reader, Duration patience, Optional<URI> pushgateway) throws InterruptedException {
        Optional<Pushgateway> reports = pushgateway.map(Pushgateway::new);
        Outcome outcome;
        try {
            outcome = run(reader, patience);
        } catch (Failure.Unavailable e) {
            try {
                push(reports, new Outcome(false, Duration.ZERO, "not published"));
            } catch (Failure.Unavailable unreported) {
                // Why the events could not be published matters more.
                e.addSuppressed(unreported);
            }
            throw e;
        }
        push(reports, outcome);
        return outcome;
    }

    private void push(Optional<Pushgateway> reports, Outcome outcome) throws InterruptedException {
        if (reports.isPresent()) {
            reports.get().push(outcome, clock.instant());
        }
    }

    private Outcome run(Reader reader, Duration patience) throws InterruptedException {
        Instant minute = clock.instant().truncatedTo(ChronoUnit.MINUTES);
        String client = "probe-" + minute;
        publish(minute, client);
        Instant confirmed = clock.instant();
        HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_MAX).build();
        while (true) {
            String found = read(http, reader, minute, client);
            Duration took = Duration.between(confirmed, clock.instant());
            if (took.compareTo(patience) > 0) {
                return new Outcome(false, took, "expected " + EXPECTED + ", found " + found);
            }
            if (found.equals(EXPECTED)) {
                return new Outcome(true, took, found);
            }
            Thread.sleep(POLL.toMillis());
        }
    }

    private void publish(Instant minute, String client) throws InterruptedException {
        AtomicBoolean unroutable = new AtomicBoolean();
        try (Connection connection = broker.connect("analytics-synthetic");
                Channel channel = connection.createChannel()) {
            channel.addReturnListener(returned -> unroutable.set(true));
            channel.confirmSelect();
            for (String event : events(minute, client)) {
                channel.basicPublish(
                        BrokerTopology.EXCHANGE,
                        BrokerTopology.ROUTING_KEY,
                        true,
                        new AMQP.BasicProperties.Builder().deliveryMode(2).build(),
                        event.getBytes(StandardCharsets.UTF_8));
            }
            channel.waitForConfirmsOrDie(CONFIRM_MILLIS_MAX);
            // The broker returns an event before it confirms it.
            if (unroutable.get()) {
                throw new DeadLetterDesk.Undelivered();
            }
        } catch (IOException | TimeoutException | ShutdownSignalException e) {
            throw new Failure.Unavailable(DeadLetterDesk.explain(e), RETRY_AFTER, e);
        }
    }

    private static List<String> events(Instant minute, String client) {
        List<String> events = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            UUID id = UUID.nameUUIDFromBytes((client + "/" + i).getBytes(StandardCharsets.UTF_8));
            events.add(
                    """
                    {"eventId":"%s","orgId":"%s","modelId":"%s","clientId":"%s","occurredAt":"%s","latencyMs":%d,\
                    "status":"%s","inputTokens":%d,"outputTokens":%d,"costEstimateCents":%d}"""
                            .formatted(
                                    id,
                                    ORG,
                                    MODEL,
                                    client,
                                    minute,
                                    100 + i,
                                    i < ERRORS ? "error" : "success",
                                    INPUT_TOKENS,
                                    OUTPUT_TOKENS,
                                    COST_CENTS));
        }
        return events;
    }

    private String read(HttpClient http, Reader reader, Instant minute, String client) throws InterruptedException {
        URI question = reader.service()
                .resolve("/analytics/v1/orgs/" + ORG + "/usage?granularity=hour&start=" + minute + "&end="
                        + minute.plus(1, ChronoUnit.MINUTES) + "&clientId=" + client);
        HttpRequest request = HttpRequest.newBuilder(question)
                .timeout(ANSWER_MAX)
                .header(reader.header(), reader.credential())
                .build();
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                return "status " + answer.statusCode();
            }
            JsonNode totals = json.readTree(answer.body()).path("totals");
            return figures(
                    totals.path("invocations").asLong(),
                    totals.path("errors").asLong(),
                    totals.path("inputTokens").asLong(),
                    totals.path("outputTokens").asLong(),
                    totals.path("costEstimateCents").asLong());
        } catch (JsonProcessingException e) {
            return "an answer that is not JSON";
        } catch (IOException e) {
            return "no answer";
        }
    }

    private static String figures(long invocations, long errors, long inputTokens, long outputTokens, long cents) {
        return "invocations=%d errors=%d inputTokens=%d outputTokens=%d costEstimateCents=%d"
                .formatted(invocations, errors, inputTokens, outputTokens, cents);
    }
}
