package io.inference.analytics.devtools;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import io.inference.analytics.ingest.BrokerSettings;
import java.io.IOException;
import java.time.Clock;
import java.util.Date;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Publishes usage events to {@code analytics.usage} with the routing key {@code usage.v1}: persistent, confirmed, and returned
 * when nothing is bound. Knows after each window of {@value #WINDOW} messages which of them the broker has taken; memory is
 * bounded by that window. Fails on the first message that is not taken, and never repeats one: whoever publishes again may
 * publish twice.
 */
public final class ConfirmedPublisher implements AutoCloseable {
    static final String EXCHANGE = "analytics.usage";
    static final String ROUTING_KEY = "usage.v1";
    static final int WINDOW = 500;

    private static final int TIMEOUT_MS = 30_000;

    private final Clock clock;
    private final Connection connection;
    private final Channel channel;
    private final AtomicLong returned = new AtomicLong();
    private long published;
    private long confirmed;

    /** A message was not taken; the text is one line for the user. */
    public static final class PublishException extends Exception {
        PublishException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** @param url {@code amqp://user:password@host:port/vhost} */
    public ConfirmedPublisher(String url, Clock clock) throws PublishException {
        this.clock = clock;
        BrokerSettings broker = () -> url;
        ConnectionFactory factory;
        try {
            factory = broker.connectionFactory();
        } catch (IllegalArgumentException e) {
            throw new PublishException(e.getMessage(), null);
        }
        factory.setAutomaticRecoveryEnabled(false);
        factory.setConnectionTimeout(TIMEOUT_MS);
        String where = factory.getHost() + ":" + factory.getPort();
        try {
            connection = factory.newConnection("local-dev/publish");
        } catch (IOException | TimeoutException e) {
            throw new PublishException("RabbitMQ at " + where + " can not be reached: " + reason(e), e);
        }
        try {
            channel = connection.createChannel();
            channel.confirmSelect();
            channel.addReturnListener(message -> returned.incrementAndGet());
        } catch (IOException e) {
            throw new PublishException("RabbitMQ at " + where + " gives no channel: " + reason(e), e);
        }
    }

    public void publish(byte[] body) throws PublishException {
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                .contentType("application/json")
                .deliveryMode(2)
                .messageId(UUID.randomUUID().toString())
                .timestamp(Date.from(clock.instant()))
                .build();
        try {
            channel.basicPublish(EXCHANGE, ROUTING_KEY, true, properties, body);
        } catch (IOException | AlreadyClosedException e) {
            throw refused(e);
        }
        published++;
        if (published - confirmed == WINDOW) {
            awaitConfirms();
        }
    }

    /** Returns when the broker has confirmed everything published so far. */
    public void awaitConfirms() throws PublishException {
        if (published == confirmed) {
            return;
        }
        try {
            if (!channel.waitForConfirms(TIMEOUT_MS)) {
                throw new PublishException("RabbitMQ refused messages (nack)" + progress(), null);
            }
        } catch (TimeoutException e) {
            throw new PublishException("RabbitMQ confirmed nothing for " + TIMEOUT_MS / 1000 + " s" + progress(), e);
        } catch (ShutdownSignalException e) {
            throw refused(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PublishException("interrupted" + progress(), e);
        }
        // The broker returns a message before it confirms it, on the same channel.
        if (returned.get() > 0) {
            throw new PublishException(
                    returned.get() + " messages were returned: nothing is bound to exchange " + EXCHANGE + " for "
                            + ROUTING_KEY + " (is the service running?)",
                    null);
        }
        confirmed = published;
    }

    long published() {
        return published;
    }

    long confirmed() {
        return confirmed;
    }

    @Override
    public void close() {
        connection.abort(TIMEOUT_MS);
    }

    private PublishException refused(Exception e) {
        ShutdownSignalException shutdown =
                e instanceof ShutdownSignalException signal ? signal : channel.getCloseReason();
        if (shutdown != null
                && shutdown.getReason() instanceof AMQP.Channel.Close close
                && close.getReplyCode() == AMQP.NOT_FOUND) {
            return new PublishException("exchange " + EXCHANGE + " does not exist (is the service running?)", e);
        }
        return new PublishException(
                "RabbitMQ closed the connection: " + reason(shutdown == null ? e : shutdown) + progress(), e);
    }

    private String progress() {
        return "; published " + published + " messages, " + confirmed + " confirmed";
    }

    private static String reason(Exception e) {
        return e.getMessage() == null
                ? e.getClass().getSimpleName()
                : e.getMessage().replaceAll("\\s+", " ");
    }
}
