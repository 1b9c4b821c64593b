package io.inference.analytics.ingest;

import com.rabbitmq.client.ConnectionFactory;
import io.smallrye.config.ConfigMapping;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;

/** Where the broker is. */
@ConfigMapping(prefix = "analytics.rabbitmq")
public interface BrokerSettings {

    /** {@code amqp://user:password@host:port/vhost}; {@code amqps} for TLS, with certificates that this JVM trusts. */
    String url();

    /** A factory for plain connections that do not recover by themselves and give up on a silent broker within seconds. */
    default ConnectionFactory connectionFactory() {
        ConnectionFactory factory = new ConnectionFactory();
        try {
            factory.setUri(url());
            if (factory.isSSL()) {
                // By itself the client would trust every certificate.
                factory.useSslProtocol(SSLContext.getDefault());
                factory.enableHostnameVerification();
            }
        } catch (URISyntaxException | GeneralSecurityException | IllegalArgumentException | NullPointerException e) {
            // Null pointers are how the client meets a URL without a scheme. The cause quotes the URL with its
            // password.
            throw new IllegalArgumentException(
                    "RABBITMQ_URL is malformed (expected: amqp://user:password@host:port/vhost)");
        }
        factory.setAutomaticRecoveryEnabled(false);
        factory.setConnectionTimeout(3_000);
        factory.setHandshakeTimeout(3_000);
        factory.setChannelRpcTimeout(5_000);
        factory.setRequestedHeartbeat(10);
        return factory;
    }
}
