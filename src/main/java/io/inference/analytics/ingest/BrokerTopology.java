package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.JdbiException;

/**
 * Declares what the service reads and writes at the broker: the exchange, the dead letter queue, and the one stream, super stream
 * or queue that the settings name. Declaring twice is harmless; one that exists with other properties is a {@link Mismatch}.
 */
@ApplicationScoped
public class BrokerTopology {

    /** The topic exchange that producers publish to. */
    public static final String EXCHANGE = "analytics.usage";
    /** The key of events of this version of the contract. */
    public static final String ROUTING_KEY = "usage.v1";

    static final String STREAM = "analytics.usage.v1";
    static final String QUEUE = "analytics.usage.v1.queue";
    static final String DEAD_LETTER_QUEUE = "analytics.usage.v1.dlq";

    /** The first version with super streams and single active consumers. */
    private static final String SUPER_STREAMS_SINCE = "3.11";

    private static final String NO_QUEUE = "NOT_FOUND - no queue ";

    // By default RabbitMQ 4 drops a message after 20 deliveries, and each look at a letter is a delivery.
    private static final Map<String, Object> DEAD_LETTER_ARGUMENTS =
            Map.of("x-queue-type", "quorum", "x-delivery-limit", 1_000_000_000);

    /** What exists at the broker differs from what we would declare, or cannot be declared there; the broker's own words name the difference. */
    static final class Mismatch extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Mismatch(String object, String difference) {
            this(object + " exists at the broker with other properties: " + difference);
        }

        Mismatch(String difference) {
            super(difference);
        }
    }

    /** What a reader does at the broker before each of its sessions. */
    @FunctionalInterface
    interface Preparation {
        void run() throws IOException, TimeoutException;
    }

    private final BrokerSettings broker;
    private final IngestConfig config;
    private final StreamPosition position;

    BrokerTopology(BrokerSettings broker, IngestConfig config, StreamPosition position) {
        this.broker = broker;
        this.config = config;
        this.position = position;
    }

    /**
     * Declares everything for the configured transport. A stream that was read before is never made again: an empty one in its
     * place would hide the loss.
     *
     * @throws OtherStream when the stream is missing, and was read before
     * @throws Mismatch when something exists that was declared differently
     * @throws IOException when the broker is not reachable or refuses us
     */
    void declare() throws IOException, TimeoutException {
        declare(StreamId.configured(config).toList());
    }

    /** The same, without the other partitions. */
    void declareFor(StreamId partition) throws IOException, TimeoutException {
        declare(List.of(partition));
    }

    /** Declares each partition, also after one that could not be; the listener gets its failure. */
    void declareEach(BiConsumer<StreamId, Exception> notDeclared) throws IOException, TimeoutException {
        reach();
        for (StreamId partition : StreamId.configured(config).toList()) {
            try {
                declareFor(partition);
            } catch (IOException | TimeoutException | JdbiException e) {
                notDeclared.accept(partition, e);
            }
        }
    }

    /** Returns when the broker has let us in. */
    void reach() throws IOException, TimeoutException {
        broker.connect("analytics-topology").close();
    }

    private void declare(List<StreamId> streams) throws IOException, TimeoutException {
        try (Connection connection = broker.connect("analytics-topology")) {
            declare(connection, EXCHANGE, channel -> channel.exchangeDeclare(EXCHANGE, "topic", true));
            declareDeadLetters(connection);
            switch (config.transport()) {
                case STREAM -> {
                    if (streams.get(0).partition().isPresent()) {
                        declareSuperStream(connection);
                    }
                    for (StreamId stream : streams) {
                        declare(connection, stream);
                    }
                }
                case QUEUE -> {
                    declare(
                            connection,
                            QUEUE,
                            channel -> channel.queueDeclare(QUEUE, true, false, false, queueArguments()));
                    declare(connection, QUEUE, channel -> channel.queueBind(QUEUE, EXCHANGE, ROUTING_KEY));
                }
            }
        }
    }

    /** As the broker's own tools make one, so that every stream client finds the partitions. */
    private static void declareSuperStream(Connection connection) throws IOException, TimeoutException {
        String version = String.valueOf(connection.getServerProperties().get("version"));
        if (ModuleDescriptor.Version.parse(version).compareTo(ModuleDescriptor.Version.parse(SUPER_STREAMS_SINCE))
                < 0) {
            throw new Mismatch(
                    "INGESTION_STREAM_PARTITIONS: RabbitMQ %s has no super streams (expected: %s or newer, or 1)"
                            .formatted(version, SUPER_STREAMS_SINCE));
        }
        declare(
                connection,
                STREAM,
                channel -> channel.exchangeDeclare(STREAM, "direct", true, false, Map.of("x-super-stream", true)));
    }

    private void declare(Connection connection, StreamId stream) throws IOException, TimeoutException {
        String name = stream.name();
        StreamPosition at = position.in(stream);
        StreamPlace place = at.place();
        if (place.hasBegun() && messages(connection, name).isEmpty()) {
            throw OtherStream.missing(stream, place);
        }
        if (stream.partition().isPresent()) {
            // What is bound must be known, or a replica with other settings would not read what comes to it.
            at.make();
        }
        declare(connection, name, channel -> channel.queueDeclare(name, true, false, false, streamArguments()));
        if (stream.partition().isPresent()) {
            int order = stream.partition().getAsInt();
            Map<String, Object> arguments = Map.of("x-stream-partition-order", order);
            declare(connection, name, channel -> channel.queueBind(name, STREAM, Integer.toString(order), arguments));
        }
        if (stream.partition().orElse(0) == 0) {
            declare(connection, name, channel -> channel.queueBind(name, EXCHANGE, ROUTING_KEY));
        }
    }

    /** Makes the dead letter queue if it is missing. */
    static void declareDeadLetters(Connection connection) throws IOException, TimeoutException {
        declare(
                connection,
                DEAD_LETTER_QUEUE,
                channel -> channel.queueDeclare(DEAD_LETTER_QUEUE, true, false, false, DEAD_LETTER_ARGUMENTS));
    }

    /**
     * Removes our bindings from a queue or stream, if there are any.
     *
     * @return the messages that are ready in the queue, or that the stream keeps; empty when it does not exist
     */
    OptionalLong unbind(Outlet outlet) throws IOException, TimeoutException {
        String name = outlet.name();
        try (Connection connection = broker.connect("analytics-topology")) {
            OptionalLong messages = messages(connection, name);
            if (messages.isPresent()) {
                declare(connection, name, channel -> channel.queueUnbind(name, EXCHANGE, ROUTING_KEY));
                if (outlet.stream().partition().isPresent()) {
                    int order = outlet.stream().partition().getAsInt();
                    Map<String, Object> arguments = Map.of("x-stream-partition-order", order);
                    declare(
                            connection,
                            name,
                            channel -> channel.queueUnbind(name, STREAM, Integer.toString(order), arguments));
                }
            }
            return messages;
        }
    }

    /**
     * Messages that are ready in the queue, or that the stream keeps; empty when it does not exist. For some seconds
     * after its start a broker says 0 of a stream that keeps messages.
     */
    OptionalLong messages(String name) throws IOException, TimeoutException {
        try (Connection connection = broker.connect("analytics-topology")) {
            return messages(connection, name);
        }
    }

    private static OptionalLong messages(Connection connection, String name) throws IOException, TimeoutException {
        try (Channel channel = connection.createChannel()) {
            return OptionalLong.of(channel.queueDeclarePassive(name).getMessageCount());
        } catch (IOException e) {
            if (closedWith(e, AMQP.NOT_FOUND)
                    .filter(BrokerTopology::saysMissing)
                    .isPresent()) {
                return OptionalLong.empty();
            }
            throw e;
        }
    }

    /** Not for a queue whose process is down, as of a broker that is starting: "home node … of durable queue … is down". */
    static boolean saysMissing(String notFound) {
        return notFound.startsWith(NO_QUEUE);
    }

    private Map<String, Object> streamArguments() {
        Map<String, Object> arguments = new HashMap<>();
        arguments.put("x-queue-type", "stream");
        arguments.put("x-max-age", config.stream().maxAge().toSeconds() + "s");
        config.stream().maxBytes().ifPresent(bytes -> arguments.put("x-max-length-bytes", bytes));
        return arguments;
    }

    private Map<String, Object> queueArguments() {
        return Map.of(
                "x-queue-type", "quorum",
                "x-delivery-limit", config.queue().deliveryLimit(),
                "x-dead-letter-exchange", "",
                "x-dead-letter-routing-key", DEAD_LETTER_QUEUE,
                // At least once needs reject-publish: when the queue is full the producer gets an error, and nothing is
                // dropped.
                "x-dead-letter-strategy", "at-least-once",
                "x-overflow", "reject-publish");
    }

    @FunctionalInterface
    private interface Declaration {
        Object on(Channel channel) throws IOException;
    }

    private static void declare(Connection connection, String object, Declaration declaration)
            throws IOException, TimeoutException {
        try (Channel channel = connection.createChannel()) {
            declaration.on(channel);
        } catch (IOException e) {
            Optional<String> difference = closedWith(e, AMQP.PRECONDITION_FAILED);
            if (difference.isPresent()) {
                throw new Mismatch(object, difference.get());
            }
            throw e;
        }
    }

    /** The broker's words when it closed the channel for this reason. */
    private static Optional<String> closedWith(IOException e, int replyCode) {
        return e.getCause() instanceof ShutdownSignalException signal
                        && signal.getReason() instanceof AMQP.Channel.Close close
                        && close.getReplyCode() == replyCode
                ? Optional.of(close.getReplyText())
                : Optional.empty();
    }
}
