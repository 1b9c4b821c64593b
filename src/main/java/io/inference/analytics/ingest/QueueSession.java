package io.inference.analytics.ingest;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.NoOpMetricsCollector;
import io.smallrye.mutiny.subscription.Cancellable;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.jboss.logging.Logger;

/**
 * One connection of the connector, from its first attempt to its end; never a second connection.
 *
 * <p>A delivery tag is valid only on the channel that brought it. So a session ends when its channel is closed, by either side,
 * and acknowledges nothing after that. The connector's client reports its channels only through the collector of metrics.
 */
final class QueueSession extends NoOpMetricsCollector {

    private static final Logger LOG = Logger.getLogger(QueueSession.class);
    private static final int CLOSE_MILLIS_MAX = 1_000;
    private static final Duration ACKNOWLEDGE_PATIENCE = Duration.ofSeconds(10);
    private static final int LOOK_MILLIS = 5;

    /**
     * The broker's channel holds acknowledgements back while its quorum queue is busy with earlier ones, and forgets those when
     * it is closed. The broker does not report when it has passed them on, so we wait this long. Messages whose acknowledgement
     * is lost are delivered again, as duplicates.
     */
    private static final int SETTLING_MILLIS = 1_000;

    private final long generation;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean opened = new AtomicBoolean();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong settled = new AtomicLong();
    private final AtomicLong acknowledging = new AtomicLong();
    private volatile Connection connection;
    private volatile Cancellable subscription = () -> {};

    QueueSession(long generation) {
        this.generation = generation;
    }

    long generation() {
        return generation;
    }

    /** Deliveries of this session that are not acknowledged yet. */
    long unacknowledged() {
        return Math.max(0, delivered.get() - settled.get());
    }

    void subscribed(Cancellable toCancel) {
        subscription = toCancel;
    }

    @Override
    public void newConnection(Connection newConnection) {
        connection = newConnection;
    }

    @Override
    public void newChannel(Channel channel) {
        if (!opened.compareAndSet(false, true)) {
            // The client replaces a closed channel when it is next used, and has no consumer on the new one.
            end("a second channel");
            return;
        }
        channel.addShutdownListener(cause -> end(cause.getMessage()));
    }

    /** Whether its channel was opened and is not closed. */
    boolean isOpen() {
        return opened.get() && ended.getCount() > 0;
    }

    void end(String cause) {
        if (ended.getCount() > 0) {
            LOG.infof("event=queue_session_ended generation=%d cause=\"%s\"", generation, cause);
            ended.countDown();
        }
    }

    /** @return whether it ended within the time */
    boolean awaitEnd(long millis) throws InterruptedException {
        return ended.await(millis, TimeUnit.MILLISECONDS);
    }

    void delivered() {
        delivered.incrementAndGet();
    }

    /** Acknowledges the message on the channel that brought it; does nothing once that is closed. */
    void committed(Message<byte[]> message) {
        settled.incrementAndGet();
        if (ended.getCount() > 0) {
            acknowledging.incrementAndGet();
            var unused = message.ack().whenComplete((done, failure) -> acknowledging.decrementAndGet());
        }
    }

    /** Ends the deliveries; what is committed can still be acknowledged. */
    void cancel() {
        try {
            subscription.cancel();
        } catch (RuntimeException e) {
            LOG.debugf("event=queue_cancel_failed cause=%s", e);
        }
    }

    /**
     * Closes the connection, so that the broker gives what was not acknowledged to another consumer. The connector writes
     * acknowledgements on a thread of its own; those of committed messages go out first.
     */
    void close() {
        cancel();
        awaitAcknowledgements();
        end("closed");
        Connection open = connection;
        if (open != null) {
            open.abort(CLOSE_MILLIS_MAX);
        }
    }

    private void awaitAcknowledgements() {
        long deadline = System.nanoTime() + ACKNOWLEDGE_PATIENCE.toNanos();
        try {
            while (acknowledging.get() > 0 && System.nanoTime() < deadline && !awaitEnd(LOOK_MILLIS)) {
                LOG.tracef("event=queue_acknowledging count=%d", acknowledging.get());
            }
            if (settled.get() > 0 && awaitEnd(SETTLING_MILLIS)) {
                LOG.debugf("event=queue_settling_cut generation=%d", generation);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
