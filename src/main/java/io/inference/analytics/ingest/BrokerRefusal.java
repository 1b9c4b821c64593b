package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.NetworkCause;
import io.inference.analytics.settings.BrokerUrl;
import java.io.IOException;
import java.io.Serial;

/** No connection to the broker. The message names the setting, host, port, and what the broker or the network answered. */
public final class BrokerRefusal extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    BrokerRefusal(BrokerUrl broker, Exception cause) {
        super(message(broker, cause), cause);
    }

    private static String message(BrokerUrl broker, Exception cause) {
        if (cause instanceof PossibleAuthenticationFailureException) {
            return ("RABBITMQ_URL: the broker refuses user, password or virtual host at %s: %s"
                            + " (expected: a user with rights on virtual host %s; percent-encode : / @ %% in the password)")
                    .formatted(broker, LogText.plain(String.valueOf(cause.getMessage())), host(broker));
        }
        for (Throwable link = cause; link != null; link = link.getCause()) {
            if (link instanceof ShutdownSignalException signal
                    && signal.getReason() instanceof AMQP.Connection.Close close) {
                return ("RABBITMQ_URL: the broker refuses us at %s: %s"
                                + " (expected: a virtual host that exists, here %s; %%2F in the URL is the one named /)")
                        .formatted(broker, LogText.plain(close.getReplyText()), host(broker));
            }
        }
        return "RABBITMQ_URL: the broker does not answer at %s: %s".formatted(broker, NetworkCause.of(cause));
    }

    private static String host(BrokerUrl broker) {
        return LogText.quoted(broker.virtualHost());
    }
}
