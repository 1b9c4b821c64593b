package io.inference.analytics.mainjob;

import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ConfirmedPublisher.PublishException;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Publishes at a steady rate for as long as it is told to, and repeats whatever the broker has not confirmed, as producers do. So
 * what is published may come twice, and none of it may be missing.
 */
final class PatientProducer implements AutoCloseable {

    private static final int RATE_PER_SECOND = 400;
    private static final int WINDOW = 20;

    /** One window in ten comes twice in any case. */
    private static final int REPEATED = 10 * WINDOW;

    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(1) * WINDOW / RATE_PER_SECOND;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** More than the longest run needs; they are made one by one. */
    private static final int EVENTS_MAX = 2_000_000;

    private final String url;
    private final SampleEvents sample;
    private final List<byte[]> confirmed = new ArrayList<>();
    private final AtomicLong messages = new AtomicLong();
    private volatile boolean running;
    private volatile boolean refused;
    private Thread thread;
    private ConfirmedPublisher publisher;

    PatientProducer(String url, long seed) {
        this.url = url;
        this.sample = new SampleEvents(
                new SampleOptions(EVENTS_MAX, 12, 4, 0, 3, 4, 1, 0, 5, seed, Instant.now(), Duration.ZERO));
    }

    void start() {
        running = true;
        thread = new Thread(this::produce, "producer");
        thread.start();
    }

    /** Returns when everything published is confirmed. */
    List<byte[]> stop() throws InterruptedException {
        running = false;
        thread.join();
        return confirmed;
    }

    /** Returns after so many more messages. */
    void awaitMore(int more) {
        long wanted = messages.get() + more;
        await("messages that the broker confirms").atMost(Trouble.PATIENCE).until(() -> messages.get() >= wanted);
    }

    /** Whether the broker takes nothing at the moment. */
    boolean isRefused() {
        return refused;
    }

    @Override
    public void close() {
        running = false;
        if (thread != null) {
            thread.interrupt();
        }
    }

    private void produce() {
        long due = System.nanoTime();
        try {
            while (running) {
                List<byte[]> window = new ArrayList<>();
                for (int i = 0; i < WINDOW; i++) {
                    window.add(sample.next());
                }
                due = Math.max(due + WINDOW_NANOS, System.nanoTime() - WINDOW_NANOS);
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
                while (!isConfirmed(window)) {
                    refused = true;
                    TimeUnit.NANOSECONDS.sleep(RETRY_NANOS);
                }
                refused = false;
                confirmed.addAll(window);
                messages.addAndGet(window.size());
                if (messages.get() % REPEATED == 0 && !isConfirmed(window)) {
                    refused = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    private void disconnect() {
        if (publisher != null) {
            publisher.close();
            publisher = null;
        }
    }

    private boolean isConfirmed(List<byte[]> window) {
        try {
            if (publisher == null) {
                publisher = new ConfirmedPublisher(url, Clock.systemUTC());
            }
            for (byte[] body : window) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
            return true;
        } catch (PublishException e) {
            disconnect();
            return false;
        }
    }
}
