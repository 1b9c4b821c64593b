package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.io.Serial;
import java.net.UnknownHostException;

/** No connection to the broker. The message names the setting, host, port, and what the broker or the network answered. */
public final class BrokerRefusal extends IOException {

    @Serial
    private static final long serialVersionUID = 1L;

    BrokerRefusal(BrokerUrl broker, Exception cause) {
        super(message(broker, cause), cause);
    }

    private static String message(BrokerUrl broker, Exception cause) {
        if (cause instanceof PossibleAuthenticationFailureException) {
            return "RABBITMQ_URL: the broker refuses user, password or virtual host at %s: %s"
                    .formatted(broker, cause.getMessage());
        }
        for (Throwable link = cause; link != null; link = link.getCause()) {
            if (link instanceof ShutdownSignalException signal
                    && signal.getReason() instanceof AMQP.Connection.Close close) {
                return "RABBITMQ_URL: the broker refuses us at %s: %s".formatted(broker, close.getReplyText());
            }
        }
        return "RABBITMQ_URL: the broker does not answer at %s: %s".formatted(broker, reason(cause));
    }

    private static String reason(Exception cause) {
        if (cause instanceof UnknownHostException) {
            return "unknown host";
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
