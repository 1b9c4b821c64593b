package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeoutException;

/** Publishes events of one organisation with confirms and remembers their ids. */
final class TestPublisher {

    private final ConnectionFactory factory = new ConnectionFactory();
    private final UUID org = UUID.randomUUID();
    private final List<UUID> published = new ArrayList<>();

    TestPublisher(String brokerUrl) {
        try {
            factory.setUri(brokerUrl);
        } catch (Exception e) {
            throw new IllegalArgumentException("broker url", e);
        }
        factory.setAutomaticRecoveryEnabled(false);
    }

    UUID org() {
        return org;
    }

    /** Ids that the broker has confirmed. */
    List<UUID> published() {
        return published;
    }

    void publish(int count) throws IOException, TimeoutException, InterruptedException {
        List<UUID> ids = new ArrayList<>();
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.confirmSelect();
            for (int i = 0; i < count; i++) {
                UUID id = UUID.randomUUID();
                ids.add(id);
                channel.basicPublish(
                        BrokerTopology.EXCHANGE,
                        BrokerTopology.ROUTING_KEY,
                        new AMQP.BasicProperties.Builder()
                                .contentType("application/json")
                                .deliveryMode(2)
                                .build(),
                        event(org, id).getBytes(StandardCharsets.UTF_8));
            }
            channel.waitForConfirmsOrDie(30_000);
        }
        published.addAll(ids);
    }

    static String event(UUID org, UUID id) {
        return """
                {"eventId":"%s","orgId":"%s","modelId":"33333333-3333-4333-8333-333333333333","occurredAt":"%s",\
                "latencyMs":1200,"status":"success","inputTokens":1000,"outputTokens":50,"costEstimateCents":1.25}"""
                .formatted(id, org, Instant.now().truncatedTo(ChronoUnit.MILLIS));
    }

    /** Messages in the queue that are not with a consumer; -1 when there is no such queue. */
    long ready(String queue) throws IOException, TimeoutException {
        try (Connection connection = factory.newConnection()) {
            return connection.createChannel().queueDeclarePassive(queue).getMessageCount();
        } catch (IOException e) {
            return -1;
        }
    }
}
