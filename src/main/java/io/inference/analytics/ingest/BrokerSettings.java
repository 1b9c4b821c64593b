package io.inference.analytics.ingest;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.settings.BrokerUrl;
import io.smallrye.config.ConfigMapping;
import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/** Where the broker is. */
@ConfigMapping(prefix = "analytics.rabbitmq")
public interface BrokerSettings {

    /** {@code amqp://user:password@host:port/vhost}; {@code amqps} for TLS, with certificates that this JVM trusts. */
    String url();

    /**
     * Opens a plain connection that does not recover by itself, and that fails within seconds when the broker is silent.
     *
     * @param name what the broker shows
     * @throws BrokerRefusal when there is none
     */
    default Connection connect(String name) throws BrokerRefusal {
        try {
            return connectionFactory().newConnection(addresses(), name);
        } catch (IOException | TimeoutException e) {
            throw new BrokerRefusal(BrokerUrl.parse(url()), e);
        }
    }

    /** Every host of the setting; a client tries them in turn. */
    default List<Address> addresses() {
        return BrokerUrl.parse(url()).hosts().stream()
                .map(host -> new Address(host.name(), host.port()))
                .toList();
    }

    /** A factory for such connections, with the first of the hosts. */
    default ConnectionFactory connectionFactory() {
        BrokerUrl broker = BrokerUrl.parse(url());
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost(broker.hosts().get(0).name());
        factory.setPort(broker.hosts().get(0).port());
        factory.setUsername(broker.username());
        factory.setPassword(broker.password());
        factory.setVirtualHost(broker.virtualHost());
        if (broker.tls()) {
            try {
                // Without this the client would trust every certificate.
                factory.useSslProtocol(SSLContext.getDefault());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("this JVM has no default TLS context", e);
            }
            factory.enableHostnameVerification();
        }
        factory.setAutomaticRecoveryEnabled(false);
        factory.setConnectionTimeout(3_000);
        factory.setHandshakeTimeout(3_000);
        factory.setChannelRpcTimeout(5_000);
        factory.setRequestedHeartbeat(10);
        return factory;
    }
}
