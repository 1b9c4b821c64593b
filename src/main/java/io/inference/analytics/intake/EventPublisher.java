package io.inference.analytics.intake;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import io.inference.analytics.ingest.BrokerSettings;
import io.inference.analytics.ingest.BrokerTopology;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Traces;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.Serial;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * Publishes messages to the exchange on one connection and waits for the broker's confirms.
 *
 * <p>Guarantee: {@link #publish} returns only after the broker has taken the message into a queue or stream. Bound: a caller waits
 * {@value #CONFIRM_MILLIS_MAX} ms at most, whatever the broker does; for as long after a failure, further callers are refused at
 * once. One thread talks to the broker, so a broker that hangs holds up no other thread.
 *
 * <p>On failure: the connection is replaced. A message without a confirm may still have arrived; its events are recognised as
 * duplicates when the caller sends them again. A message whose caller gave up before it was sent is not sent.
 */
@ApplicationScoped
class EventPublisher {

    private static final Logger LOG = Logger.getLogger(EventPublisher.class);
    private static final long CONFIRM_MILLIS_MAX = 900;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(CONFIRM_MILLIS_MAX);
    private static final int CLOSE_MILLIS_MAX = 500;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
    private static final int PERSISTENT = 2;

    private static final String NO_ANSWER = "The broker does not answer.";

    /** Why a message is not published, in words for the caller. */
    private static final class Unpublished extends IOException {
        @Serial
        private static final long serialVersionUID = 1L;

        Unpublished(String reason) {
            super(reason);
        }
    }

    private record Outgoing(byte[] body, AMQP.BasicProperties properties, CompletableFuture<Void> confirmed) {}

    private final BrokerSettings broker;
    private final Clock clock;
    private final ExecutorService sender = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "event-publisher");
        thread.setDaemon(true);
        return thread;
    });

    /** When callers are let through again; in the terms of {@link System#nanoTime}, which no clock step moves. */
    private final AtomicLong closedUntilNanos = new AtomicLong(System.nanoTime());

    private volatile Session session;

    EventPublisher(BrokerSettings broker, Clock clock) {
        this.broker = broker;
        this.clock = clock;
    }

    /**
     * Publishes one message and waits for its confirm.
     *
     * @param body one event or an array of events, as the contract of the exchange has it
     * @param messageId what leads from the batch's row back to the request; printable
     * @throws Failure.Unavailable when the broker has not confirmed it in time
     */
    void publish(byte[] body, String messageId) {
        if (System.nanoTime() - closedUntilNanos.get() < 0) {
            throw unavailable("The broker did not take events a moment ago.", null);
        }
        Outgoing message = new Outgoing(body, properties(messageId), new CompletableFuture<>());
        sender.execute(() -> send(message));
        try {
            message.confirmed().get(CONFIRM_MILLIS_MAX, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            message.confirmed().cancel(false);
            throw failed("The broker has not confirmed the events in time.", e);
        } catch (ExecutionException e) {
            // Other causes name the broker's address, which callers must not learn.
            throw failed(e.getCause() instanceof Unpublished refusal ? refusal.getMessage() : NO_ANSWER, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("The service is stopping.", e);
        }
    }

    private Failure failed(String message, Throwable cause) {
        closedUntilNanos.set(System.nanoTime() + PAUSE_NANOS);
        Session broken = session;
        session = null;
        if (broken != null) {
            // On a thread of its own: it waits for a broker that may not answer.
            ForkJoinPool.commonPool().execute(broken::abandon);
        }
        LOG.warnf("event=events_not_published cause=%s", cause);
        return unavailable(message, cause);
    }

    private static Failure unavailable(String message, Throwable cause) {
        return new Failure.Unavailable(message, RETRY_AFTER, cause);
    }

    private AMQP.BasicProperties properties(String messageId) {
        Map<String, Object> headers = new HashMap<>();
        Traces.current().ifPresent(traceParent -> headers.put("traceparent", traceParent));
        return new AMQP.BasicProperties.Builder()
                .contentType("application/json")
                .deliveryMode(PERSISTENT)
                .messageId(messageId)
                .timestamp(Date.from(clock.instant()))
                .headers(headers)
                .build();
    }

    /** On the one thread that talks to the broker. */
    private void send(Outgoing message) {
        if (message.confirmed().isDone()) {
            return;
        }
        try {
            Session open = session;
            if (open == null || !open.channel.isOpen()) {
                open = Session.open(broker);
                session = open;
            }
            if (!message.confirmed().isDone()) {
                open.send(message);
            }
        } catch (IOException | RuntimeException e) {
            message.confirmed().completeExceptionally(e);
        }
    }

    @PreDestroy
    void close() {
        sender.shutdownNow();
        Session open = session;
        if (open != null) {
            open.abandon();
        }
    }

    /** A connection with one channel, and the messages on it that wait for their confirm. */
    private static final class Session {

        private final Connection connection;
        private final Channel channel;
        private final ConcurrentNavigableMap<Long, CompletableFuture<Void>> waiting = new ConcurrentSkipListMap<>();

        private Session(Connection connection, Channel channel) {
            this.connection = connection;
            this.channel = channel;
        }

        static Session open(BrokerSettings broker) throws IOException {
            Connection connection = broker.connect("analytics-events-over-http");
            try {
                Session session = new Session(connection, connection.createChannel());
                session.channel.confirmSelect();
                session.channel.addConfirmListener(
                        (number, multiple) -> session.settle(number, multiple, null),
                        (number, multiple) ->
                                session.settle(number, multiple, "The broker refuses events: its queue is full."));
                // The broker returns a message before it confirms it; its number is in the properties.
                session.channel.addReturnListener(returned ->
                        session.fail(Long.parseLong(returned.getProperties().getCorrelationId())));
                session.channel.addShutdownListener(session::failAll);
                return session;
            } catch (IOException | RuntimeException e) {
                connection.abort(CLOSE_MILLIS_MAX);
                throw e;
            }
        }

        void send(Outgoing message) throws IOException {
            long number = channel.getNextPublishSeqNo();
            waiting.put(number, message.confirmed());
            channel.basicPublish(
                    BrokerTopology.EXCHANGE,
                    BrokerTopology.ROUTING_KEY,
                    true,
                    message.properties()
                            .builder()
                            .correlationId(Long.toString(number))
                            .build(),
                    message.body());
        }

        private void settle(long number, boolean multiple, String refusal) {
            ConcurrentNavigableMap<Long, CompletableFuture<Void>> settled =
                    multiple ? waiting.headMap(number, true) : waiting.subMap(number, true, number, true);
            settled.values().forEach(confirmed -> {
                if (refusal == null) {
                    confirmed.complete(null);
                } else {
                    confirmed.completeExceptionally(new Unpublished(refusal));
                }
            });
            settled.clear();
        }

        private void fail(long number) {
            CompletableFuture<Void> returned = waiting.remove(number);
            if (returned != null) {
                returned.completeExceptionally(new Unpublished(
                        "The broker has no queue for events (expected: the service has run against it)."));
            }
        }

        private void failAll(ShutdownSignalException cause) {
            waiting.values()
                    .forEach(confirmed -> confirmed.completeExceptionally(
                            new IOException("The connection to the broker was lost.", cause)));
            waiting.clear();
        }

        /** Closes without waiting for a broker that may not answer. */
        void abandon() {
            try {
                connection.abort(CLOSE_MILLIS_MAX);
            } catch (RuntimeException e) {
                LOG.debugf("event=close_failed cause=%s", e);
            }
        }
    }
}
