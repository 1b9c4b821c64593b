package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * Publishes what cannot be stored, payload unchanged, and returns only when the broker has confirmed every letter.
 *
 * <p>Called before the commit of the batch: a crash between the two repeats a letter, and never loses one. At most one caller at a
 * time publishes. A broken connection is replaced at the next call.
 */
@ApplicationScoped
class DeadLetterQueue {

    private static final Logger LOG = Logger.getLogger(DeadLetterQueue.class);
    private static final long CONFIRM_MILLIS_MAX = 10_000;
    private static final int PERSISTENT = 2;

    private final BrokerSettings broker;
    private final AtomicInteger returned = new AtomicInteger();
    private Connection connection;
    private Channel channel;

    DeadLetterQueue(BrokerSettings broker) {
        this.broker = broker;
    }

    synchronized void publish(List<PreparedBatch.DeadLetter> letters, Instant firstSeen)
            throws IOException, TimeoutException, InterruptedException {
        if (letters.isEmpty()) {
            return;
        }
        try {
            Channel open = open();
            for (PreparedBatch.DeadLetter letter : letters) {
                AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                        .deliveryMode(PERSISTENT)
                        .headers(Map.of(
                                "x-reason", letter.reason().wireName(),
                                "x-detail", letter.detail(),
                                "x-first-seen", firstSeen.toString()))
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
            throw new IOException("publishing dead letters", e);
        }
    }

    private Channel open() throws IOException, TimeoutException {
        if (channel == null || !channel.isOpen()) {
            close();
            connection = broker.connect("analytics-dead-letters");
            channel = connection.createChannel();
            channel.confirmSelect();
            // The broker returns an unroutable message before it confirms it.
            channel.addReturnListener(letter -> returned.incrementAndGet());
        }
        return channel;
    }

    @PreDestroy
    synchronized void close() {
        if (connection != null) {
            try {
                connection.abort(1_000);
            } catch (RuntimeException e) {
                LOG.debugf("event=close_failed cause=%s", e);
            }
        }
        connection = null;
        channel = null;
    }
}
