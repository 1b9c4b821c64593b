package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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

    String brokerVersion() throws IOException, TimeoutException {
        try (Connection connection = factory.newConnection()) {
            return connection.getServerProperties().get("version").toString();
        }
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

    /** Puts an event that is published already, and so changes nothing, into one queue or stream, under the id of a message. */
    void repeatInto(String queue, String messageId) throws IOException, TimeoutException, InterruptedException {
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.confirmSelect();
            channel.basicPublish(
                    "",
                    queue,
                    new AMQP.BasicProperties.Builder()
                            .messageId(messageId)
                            .deliveryMode(2)
                            .build(),
                    event(org, published.get(0)).getBytes(StandardCharsets.UTF_8));
            channel.waitForConfirmsOrDie(30_000);
        }
    }

    /** Ids of all messages that the stream holds, up to the last one named; empty where a message has none. */
    List<String> messageIds(String stream, String last) throws IOException, TimeoutException, InterruptedException {
        List<String> ids = new ArrayList<>();
        BlockingQueue<Delivery> came = new LinkedBlockingQueue<>();
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.basicQos(100);
            channel.basicConsume(
                    stream, false, Map.of("x-stream-offset", "first"), (tag, message) -> came.add(message), tag -> {});
            while (!ids.contains(last)) {
                Delivery next = came.poll(60, TimeUnit.SECONDS);
                if (next == null) {
                    throw new TimeoutException("%s of %s, %d before it".formatted(last, stream, ids.size()));
                }
                // Not where it arrives: the channel may be closed by then.
                channel.basicAck(next.getEnvelope().getDeliveryTag(), false);
                ids.add(Objects.toString(next.getProperties().getMessageId(), ""));
            }
        }
        return ids;
    }

    static String event(UUID org, UUID id) {
        return """
                {"eventId":"%s","orgId":"%s","modelId":"33333333-3333-4333-8333-333333333333","occurredAt":"%s",\
                "latencyMs":1200,"status":"success","inputTokens":1000,"outputTokens":50,"costEstimateCents":1.25}"""
                .formatted(id, org, Instant.now().truncatedTo(ChronoUnit.MILLIS));
    }

    /** Whether the queue has no consumer and no message, not even one that a consumer has not acknowledged. */
    boolean isDone(String queue) throws IOException, TimeoutException {
        try (Connection connection = factory.newConnection()) {
            AMQP.Queue.DeclareOk found = connection.createChannel().queueDeclarePassive(queue);
            return found.getConsumerCount() == 0 && found.getMessageCount() == 0;
        }
    }

    /**
     * Messages in the queue that are not with a consumer; -1 when there is no such queue. Of a stream, the broker counts its messages
     * late: what it says may be of some seconds before.
     */
    long ready(String queue) throws IOException, TimeoutException {
        try (Connection connection = factory.newConnection()) {
            return connection.createChannel().queueDeclarePassive(queue).getMessageCount();
        } catch (IOException e) {
            return -1;
        }
    }
}
