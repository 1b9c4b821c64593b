package io.inference.analytics.bench;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;

/** A steady load with a burst in the middle of each period, and what the service shows of it once per second. */
final class Spike {

    private static final int STEADY_RATE = 3_000;
    private static final int BURST_RATE = 15_000;

    /** Longer than the slowest drain that was ever measured needs for the events of a burst. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** As the rollups, freshness and conservation see it: one row. */
    private static final String LOOK =
            """
            select (select coalesce(sum(stored), 0) from analytics.ingestion_batches) as stored,
                   (select coalesce(max(extract(epoch from observed_at - oldest_uncommitted_at)), 0)
                    from analytics.ingestion_observations where reads) as lag_seconds
            """;

    /**
     * What was seen at a moment.
     *
     * @param second since the begin
     * @param published events that were handed to the broker
     * @param stored events that are committed
     * @param lagSeconds the age of the oldest message that is not committed
     * @param residentMib memory of the service
     */
    record Sample(double second, long published, long stored, double lagSeconds, double residentMib) {}

    /** How long the steady load lasts before each burst, and the burst. */
    record Shape(Duration whole, Duration steady, Duration burst) {}

    private final Stack stack;
    private final Shape shape;
    private final AtomicLong published = new AtomicLong();
    private final List<Sample> samples = new ArrayList<>();
    private IllegalStateException failure;

    Spike(Stack stack, Shape shape) {
        this.stack = stack;
        this.shape = shape;
    }

    /** Publishes until the time is over, and returns when everything is stored. */
    List<Sample> run(ServiceProcess service) throws Exception {
        long begin = System.nanoTime();
        try (Connection database = stack.database();
                ConfirmedPublisher publisher =
                        new ConfirmedPublisher(stack.settings().get("RABBITMQ_URL"), Clock.systemUTC())) {
            Thread watching = new Thread(() -> watch(database, service, begin), "spike-watch");
            watching.setDaemon(true);
            watching.start();
            try {
                load(publisher, begin);
                publisher.awaitConfirms();
                Awaitility.await("all events stored").atMost(PATIENCE).until(() -> last().stored() >= published.get());
                Awaitility.await("no lag").atMost(PATIENCE).until(() -> last().lagSeconds() == 0);
            } finally {
                watching.interrupt();
                watching.join();
            }
        }
        return List.copyOf(samples);
    }

    long published() {
        return published.get();
    }

    private void load(ConfirmedPublisher publisher, long begin) throws Exception {
        int seed = 0;
        while (System.nanoTime() - begin < shape.whole().toNanos()) {
            last();
            publish(publisher, STEADY_RATE, shape.steady(), ++seed);
            publish(publisher, BURST_RATE, shape.burst(), ++seed);
        }
        publish(publisher, STEADY_RATE, shape.steady(), ++seed);
    }

    private void publish(ConfirmedPublisher publisher, int rate, Duration length, int seed) throws Exception {
        int count = Math.toIntExact(rate * length.toMillis() / 1_000);
        SampleEvents events = new SampleEvents(new SampleOptions(
                count,
                250,
                40,
                0,
                0,
                4,
                0,
                0,
                0,
                seed,
                Instant.now(),
                Duration.ofSeconds(1).dividedBy(rate)));
        long begin = System.nanoTime();
        long sent = 0;
        while (events.hasNext()) {
            publisher.publish(events.next());
            published.incrementAndGet();
            sent++;
            long aheadNanos = begin + sent * TimeUnit.SECONDS.toNanos(1) / rate - System.nanoTime();
            if (aheadNanos > TimeUnit.MILLISECONDS.toNanos(2)) {
                TimeUnit.NANOSECONDS.sleep(aheadNanos);
            }
        }
    }

    private synchronized Sample last() {
        if (failure != null) {
            throw failure;
        }
        return samples.isEmpty() ? new Sample(0, 0, 0, 1, 0) : samples.get(samples.size() - 1);
    }

    private void watch(Connection database, ServiceProcess service, long begin) {
        try {
            while (true) {
                look(database, service, begin);
                TimeUnit.SECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            synchronized (this) {
                failure = new IllegalStateException("nothing is seen of the service any more", e);
            }
        }
    }

    private void look(Connection database, ServiceProcess service, long begin) {
        try (Statement statement = database.createStatement();
                ResultSet row = statement.executeQuery(LOOK)) {
            row.next();
            Sample sample = new Sample(
                    (System.nanoTime() - begin) / 1e9,
                    published.get(),
                    row.getLong("stored"),
                    row.getDouble("lag_seconds"),
                    ProcessUsage.residentMib(service.pid()));
            synchronized (this) {
                samples.add(sample);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(LOOK, e);
        }
    }
}
