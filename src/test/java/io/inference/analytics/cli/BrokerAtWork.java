package io.inference.analytics.cli;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What a test does at the broker of the service. */
final class BrokerAtWork {

    static final String DEAD_LETTERS = "analytics.usage.v1.dlq";

    private final String url;

    BrokerAtWork(String url) {
        this.url = url;
    }

    void deadLetter(String reason, String payload) throws Exception {
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                .deliveryMode(2)
                .headers(Map.of(
                        "x-reason", reason, "x-detail", "made by a test", "x-first-seen", "2026-01-01T00:00:00Z"))
                .build();
        act(channel -> {
            channel.confirmSelect();
            channel.basicPublish("", DEAD_LETTERS, properties, payload.getBytes(StandardCharsets.UTF_8));
            channel.waitForConfirmsOrDie(10_000);
        });
    }

    interface Action {
        void happen(Channel channel) throws Exception;
    }

    void act(Action action) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(url);
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            action.happen(channel);
        }
    }

    /** Ready in the queue, or kept by the stream; -1 when there is no such one. */
    long messages(String queue) throws Exception {
        long[] count = {-1};
        try {
            act(channel -> count[0] = channel.queueDeclarePassive(queue).getMessageCount());
        } catch (IOException e) {
            return -1;
        }
        return count[0];
    }
}
