package io.inference.analytics.ingest;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import io.smallrye.reactive.messaging.rabbitmq.IncomingRabbitMQMetadata;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.jboss.logging.Logger;

/**
 * Reads the quorum queue through the SmallRye connector, one {@link QueueSession} per connection, and acknowledges each message
 * after its commit. Any number of replicas may do so at once.
 *
 * <p>The broker sends at most the prefetch, which bounds the buffer. When a connection ends, what it brought is dropped and not
 * acknowledged. The broker delivers it again, and events that were committed meanwhile are duplicates. On shutdown the consumer
 * is cancelled first; then the writers finish, and the end of the connection gives the rest back.
 */
final class QueueConsumer implements TransportReader {

    private static final Logger LOG = Logger.getLogger(QueueConsumer.class);
    private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);
    private static final Duration OPEN_PATIENCE = Duration.ofSeconds(15);
    private static final Duration OPENING_PATIENCE = Duration.ofSeconds(3);

    private final IngestPipeline pipeline;
    private final BrokerTopology.Preparation preparation;
    private final BrokerSettings broker;
    private final QueueChannel channel;
    private final Consumer<String> refused;
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "ingest-queue-consumer");

    private final ReentrantLock opening = new ReentrantLock();

    private volatile boolean stopping;
    private volatile QueueSession session = new QueueSession(-1);
    private volatile Instant reachableAt;
    private volatile Instant oldestAtLoss;
    private volatile long readyMessages;

    QueueConsumer(
            IngestPipeline pipeline,
            BrokerTopology.Preparation preparation,
            BrokerSettings broker,
            QueueChannel channel,
            Consumer<String> refused,
            Clock clock) {
        this.pipeline = pipeline;
        this.preparation = preparation;
        this.broker = broker;
        this.channel = channel;
        this.refused = refused;
        this.clock = clock;
    }

    @Override
    public void start() {
        thread.start();
    }

    /** The connector reports an interrupted opening as a failure that no code handles, so a stop lets it end. */
    @Override
    public void stop() {
        stopping = true;
        boolean held = false;
        try {
            held = opening.tryLock(OPENING_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
        if (held) {
            opening.unlock();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop();
        thread.join(CLOSE_PATIENCE.toMillis());
        session.close();
    }

    @Override
    public BrokerView view() {
        QueueSession current = session;
        Instant oldest = pipeline.oldestUncommittedAt().orElse(oldestAtLoss);
        return new BrokerView(current.isOpen(), reachableAt, oldest, readyMessages + current.unacknowledged());
    }

    private void run() {
        while (!stopping) {
            try {
                preparation.run();
                reachableAt = clock.instant();
                session();
            } catch (InterruptedException e) {
                break;
            } catch (BrokerTopology.Mismatch e) {
                refused.accept(e.getMessage());
                break;
            } catch (Exception e) {
                // The stop interrupts a call to the broker, which then fails in one of many ways.
                LOG.logf(stopping ? Logger.Level.DEBUG : Logger.Level.WARN, "event=queue_session_failed cause=%s", e);
            }
            pause();
        }
        // Not closed here: the writers still acknowledge what they are about to commit, and the connector closes after
        // them.
        Thread.interrupted();
        session.cancel();
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_DELAY.toMillis());
        } catch (InterruptedException e) {
            stopping = true;
        }
    }

    /** From opening a connection to its end. */
    private void session() throws Exception {
        QueueSession opened = new QueueSession(pipeline.begin(0, 0, 0));
        session = opened;
        open(opened);
        try {
            watch(opened);
        } finally {
            if (!stopping) {
                oldestAtLoss = pipeline.oldestUncommittedAt().orElse(null);
                pipeline.begin(0, 0, 0);
                opened.close();
            }
        }
    }

    private void open(QueueSession opened) {
        opening.lock();
        try {
            if (!stopping) {
                opened.subscribed(channel.open(opened)
                        .subscribe()
                        .with(
                                message -> {
                                    var unused = consume(opened, message);
                                },
                                failure -> opened.end(failure.toString()),
                                () -> opened.end("the broker cancelled the consumer")));
            }
        } finally {
            opening.unlock();
        }
    }

    /** Looks at the queue until the session ends. */
    private void watch(QueueSession opened) throws Exception {
        Instant openUntil = clock.instant().plus(OPEN_PATIENCE);
        while (!stopping && !opened.awaitEnd(0)) {
            try (Connection connection = broker.connect("analytics-queue-watch");
                    Channel look = connection.createChannel()) {
                do {
                    readyMessages = look.messageCount(BrokerTopology.QUEUE);
                    reachableAt = clock.instant();
                    oldestAtLoss = null;
                    if (!opened.isOpen() && reachableAt.isAfter(openUntil)) {
                        opened.end("not open after " + OPEN_PATIENCE);
                    }
                } while (!opened.awaitEnd(LOOK_INTERVAL.toMillis()));
            } catch (IOException | TimeoutException | ShutdownSignalException e) {
                LOG.debugf("event=queue_not_seen cause=%s", e);
                if (opened.awaitEnd(LOOK_INTERVAL.toMillis())) {
                    return;
                }
            }
        }
    }

    /** Hands the message to the writers; it is acknowledged by its settlement, not when the returned stage completes. */
    private CompletionStage<Void> consume(QueueSession from, Message<byte[]> message) {
        from.delivered();
        Optional<IncomingRabbitMQMetadata> metadata = message.getMetadata(IncomingRabbitMQMetadata.class);
        pipeline.offer(
                from.generation(),
                new RawMessage(
                        message.getPayload(),
                        RawMessage.NO_OFFSET,
                        metadata.map(this::publishedAt).orElseGet(clock::instant),
                        metadata.flatMap(IncomingRabbitMQMetadata::getMessageId).orElse(""),
                        metadata.map(QueueConsumer::traceParent).orElse(""),
                        () -> from.committed(message)));
        return CompletableFuture.completedFuture(null);
    }

    /** The producer's time, in whole seconds; the time of arrival when it sent none, or an impossible one. */
    private Instant publishedAt(IncomingRabbitMQMetadata metadata) {
        Instant now = clock.instant();
        return metadata.getTimestamp(ZoneOffset.UTC)
                .map(ZonedDateTime::toInstant)
                .filter(given -> given.isAfter(Instant.EPOCH) && given.isBefore(now))
                .orElse(now);
    }

    private static String traceParent(IncomingRabbitMQMetadata metadata) {
        return metadata.getHeaders().get("traceparent") instanceof String value ? value : "";
    }
}
