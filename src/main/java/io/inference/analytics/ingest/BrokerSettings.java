package io.inference.analytics.ingest;

import com.rabbitmq.client.ConnectionFactory;
import io.smallrye.config.ConfigMapping;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;

/** Where the broker is. */
@ConfigMapping(prefix = "analytics.rabbitmq")
public interface BrokerSettings {

    /** {@code amqp://user:password@host:port/vhost}; {@code amqps} for TLS. */
    String url();

    /** A factory for plain connections that do not recover by themselves and give up on a silent broker within seconds. */
    default ConnectionFactory connectionFactory() {
        ConnectionFactory factory = new ConnectionFactory();
        try {
            factory.setUri(url());
        } catch (URISyntaxException | GeneralSecurityException e) {
            throw new IllegalArgumentException("RABBITMQ_URL: (expected: amqp://user:password@host:port/vhost)", e);
        }
        factory.setAutomaticRecoveryEnabled(false);
        factory.setConnectionTimeout(3_000);
        factory.setHandshakeTimeout(3_000);
        factory.setChannelRpcTimeout(5_000);
        factory.setRequestedHeartbeat(10);
        return factory;
    }
}
