package io.inference.analytics.observability;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;

/** A few events of which everything is known: how many end how, which one is traced, and what the gauges must show. */
final class KnownEvents {

    static final String ORG = UUID.randomUUID().toString();

    /** Has fewer events than a gauge needs. */
    static final String QUIET_ORG = UUID.randomUUID().toString();

    /** Stored events of {@link #QUIET_ORG}. */
    static final int OTHERS = 2;

    private static final int SUCCESSES = 30;
    private static final int ERRORS = 10;
    static final int STORED = SUCCESSES + ERRORS + OTHERS;

    /** With a duplicate, a conflict and a text that is not JSON. */
    static final int PUBLISHED = STORED + 3;

    /** Of {@link #ORG}. */
    static final double ERROR_RATE = ERRORS / (double) (SUCCESSES + ERRORS);

    static final String TRACED_MESSAGE = "order-4711";
    static final String TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
    static final String PARENT_SPAN_ID = "00f067aa0ba902b7";

    private static final String MODEL = UUID.randomUUID().toString();

    private KnownEvents() {}

    /** @param awaitFirst waits until the first event is stored, so that it is the first of its batch */
    static void publish(String rabbitUrl, Runnable awaitFirst) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(rabbitUrl);
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.confirmSelect();
            publish(
                    channel,
                    new AMQP.BasicProperties.Builder()
                            .messageId(TRACED_MESSAGE)
                            .headers(Map.of("traceparent", "00-" + TRACE_ID + "-" + PARENT_SPAN_ID + "-01")),
                    event(QUIET_ORG, UUID.randomUUID(), "success", 100, 1));
            awaitFirst.run();
            for (int i = 0; i < SUCCESSES; i++) {
                publish(channel, event(ORG, UUID.randomUUID(), "success", 100, 1));
            }
            for (int i = 0; i < ERRORS; i++) {
                publish(channel, event(ORG, UUID.randomUUID(), "error", 4000, 1));
            }
            UUID twice = UUID.randomUUID();
            publish(channel, event(QUIET_ORG, twice, "success", 100, 1));
            publish(channel, event(QUIET_ORG, twice, "success", 100, 1));
            publish(channel, event(QUIET_ORG, twice, "success", 100, 2));
            publish(channel, "{");
            channel.waitForConfirmsOrDie(30_000);
        }
    }

    private static void publish(Channel channel, String body) throws IOException {
        publish(channel, new AMQP.BasicProperties.Builder(), body);
    }

    private static void publish(Channel channel, AMQP.BasicProperties.Builder properties, String body)
            throws IOException {
        channel.basicPublish(
                "analytics.usage",
                "usage.v1",
                properties.contentType("application/json").deliveryMode(2).build(),
                body.getBytes(StandardCharsets.UTF_8));
    }

    private static String event(String org, UUID id, String status, int latencyMs, int tokens) {
        return """
                {"eventId":"%s","orgId":"%s","modelId":"%s","occurredAt":"%s","latencyMs":%d,"status":"%s",\
                "inputTokens":%d,"outputTokens":1,"costEstimateCents":1.25}"""
                .formatted(id, org, MODEL, Instant.now().truncatedTo(ChronoUnit.MILLIS), latencyMs, status, tokens);
    }
}
