package io.inference.analytics.ingest;

import com.rabbitmq.client.ConnectionFactory;
import io.smallrye.common.annotation.Identifier;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Multi;
import io.smallrye.reactive.messaging.rabbitmq.RabbitMQConnector;
import io.vertx.rabbitmq.RabbitMQOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.spi.Connector;
import org.eclipse.microprofile.reactive.messaging.spi.ConnectorFactory;

/**
 * Makes a new channel of the connector for each connection, with settings that never let one channel meet a second connection.
 *
 * <p>A channel named in {@code application.properties} lives as long as the process and would carry acknowledgements from one
 * connection to the next; see {@code docs/adr/0001-acknowledge-on-the-channel-that-delivered.md}.
 */
@ApplicationScoped
class QueueChannel {

    private static final String NAME = "usage-events";
    private static final int ORDINAL = 100;

    private final RabbitMQConnector connector;
    private final BrokerSettings broker;
    private final Config settings;
    private final AtomicReference<QueueSession> opening = new AtomicReference<>();

    QueueChannel(
            @Connector(RabbitMQConnector.CONNECTOR_NAME) RabbitMQConnector connector,
            BrokerSettings broker,
            IngestConfig config) {
        this.connector = connector;
        this.broker = broker;
        this.settings = new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(
                        Map.ofEntries(
                                Map.entry(ConnectorFactory.CHANNEL_NAME_ATTRIBUTE, NAME),
                                Map.entry("client-options-name", NAME),
                                Map.entry("queue.name", BrokerTopology.QUEUE),
                                // BrokerTopology has declared everything; the channel only checks that the queue
                                // exists.
                                Map.entry("queue.declare", "false"),
                                Map.entry("exchange.declare", "false"),
                                Map.entry(
                                        "max-outstanding-messages",
                                        Integer.toString(config.queue().prefetch())),
                                // The client throws away what does not fit, so all that can be under way must fit.
                                Map.entry(
                                        "max-incoming-internal-queue-size",
                                        Integer.toString(config.queue().prefetch() + 1)),
                                // We never refuse a message; should the connector do so, the message must not be lost.
                                Map.entry("failure-strategy", "requeue"),
                                Map.entry("content-type-override", "application/octet-stream"),
                                Map.entry("tracing-enabled", "false"),
                                // An outage of the broker must not restart the process.
                                Map.entry("health-enabled", "false")),
                        NAME,
                        ORDINAL))
                .build();
    }

    /**
     * A publisher that connects once, when it is subscribed to, and reports its connection to the session. Not for two threads.
     */
    @SuppressWarnings("unchecked")
    Multi<Message<byte[]>> open(QueueSession session) {
        opening.set(session);
        return Multi.createFrom().publisher(connector.getPublisher(settings)).map(message -> (Message<byte[]>) message);
    }

    /** The options of the next connection; the connector asks for them by name. */
    @Produces
    @Dependent
    @Identifier(NAME)
    RabbitMQOptions options() {
        ConnectionFactory factory = broker.connectionFactory();
        RabbitMQOptions options = new RabbitMQOptions();
        if (factory.isSSL()) {
            options.setHostnameVerificationAlgorithm("HTTPS");
        }
        return options.setConnectionName("analytics-queue")
                .setAddresses(broker.addresses())
                .setVirtualHost(factory.getVirtualHost())
                .setUser(factory.getUsername())
                .setPassword(factory.getPassword())
                .setSsl(factory.isSSL())
                .setConnectionTimeout(factory.getConnectionTimeout())
                .setHandshakeTimeout(factory.getHandshakeTimeout())
                .setRequestedHeartbeat(factory.getRequestedHeartbeat())
                // Neither of the two ways to reconnect: the client acknowledges on whichever channel it has at that
                // moment.
                .setAutomaticRecoveryEnabled(false)
                .setAutomaticRecoveryOnInitialConnection(false)
                .setReconnectAttempts(0)
                .setMetricsCollector(opening.get());
    }
}
