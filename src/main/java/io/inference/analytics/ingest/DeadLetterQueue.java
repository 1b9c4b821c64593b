package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * Publishes what cannot be stored, payload unchanged, and returns only when the broker has confirmed every letter.
 *
 * <p>One caller at a time. A broken connection is replaced at the next call, which makes the queue again if it is missing.
 */
@ApplicationScoped
class DeadLetterQueue {

    private static final Logger LOG = Logger.getLogger(DeadLetterQueue.class);
    private static final long CONFIRM_MILLIS_MAX = 10_000;
    private static final int PERSISTENT = 2;

    private final BrokerSettings broker;
    private final AtomicInteger returned = new AtomicInteger();
    private volatile Connection connection;
    private volatile Channel channel;

    DeadLetterQueue(BrokerSettings broker) {
        this.broker = broker;
    }

    /**
     * Publishes the letters.
     *
     * @throws IOException when the broker does not take them; some may be in the queue
     */
    void publish(List<DeadLetterStore.Letter> letters) throws IOException, TimeoutException, InterruptedException {
        try {
            Channel open = open();
            for (DeadLetterStore.Letter letter : letters) {
                AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                        .deliveryMode(PERSISTENT)
                        .headers(Map.of(
                                "x-reason", letter.reason(),
                                "x-detail", letter.detail(),
                                "x-first-seen", letter.firstSeen().toString()))
                        .build();
                open.basicPublish("", BrokerTopology.DEAD_LETTER_QUEUE, true, properties, letter.payload());
            }
            open.waitForConfirmsOrDie(CONFIRM_MILLIS_MAX);
            if (returned.getAndSet(0) > 0) {
                throw new IOException("queue %s is missing".formatted(BrokerTopology.DEAD_LETTER_QUEUE));
            }
        } catch (IOException | TimeoutException e) {
            close();
            throw e;
        } catch (RuntimeException e) {
            close();
            throw new IOException("publishing dead letters: " + e.getMessage(), e);
        }
    }

    private Channel open() throws IOException, TimeoutException {
        if (channel == null || !channel.isOpen()) {
            close();
            returned.set(0);
            connection = broker.connect("analytics-dead-letters");
            BrokerTopology.declareDeadLetters(connection);
            channel = connection.createChannel();
            channel.confirmSelect();
            // The broker returns an unroutable message before it confirms it.
            channel.addReturnListener(letter -> returned.incrementAndGet());
        }
        return channel;
    }

    /** Not synchronized: it also ends a call that a blocking broker holds up. */
    @PreDestroy
    void close() {
        Connection open = connection;
        if (open != null) {
            try {
                open.abort(1_000);
            } catch (RuntimeException e) {
                LOG.debugf("event=close_failed cause=%s", e);
            }
        }
        connection = null;
        channel = null;
    }
}
