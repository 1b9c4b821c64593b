package io.inference.analytics.mainjob;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ConfirmedPublisher.PublishException;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Sql;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Sample events that go on at a rate until they are ended, and what they must come to. */
final class UpgradeLoad implements AutoCloseable {

    static final int ORGS = 5;

    private static final int CHUNK = 2_000;

    private final ConfirmedPublisher publisher;
    private final Sql database;
    private final List<byte[]> bodies = new ArrayList<>();
    private volatile long confirmed;
    private volatile boolean ended;
    private long seed;
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

    UpgradeLoad(String url, Sql database) throws PublishException {
        this.publisher = new ConfirmedPublisher(url, Clock.systemUTC());
        this.database = database;
    }

    /** Events of the last month, as fast as the broker takes them. */
    void fill(int events) throws PublishException {
        for (byte[] body : SampleEvents.bodies(options(events, 60, Duration.ZERO))) {
            publish(body);
        }
        confirm();
    }

    UpgradeLoad begin(int rate) {
        running = CompletableFuture.runAsync(() -> {
            Duration interval = Duration.ofNanos(TimeUnit.SECONDS.toNanos(1) / rate);
            try {
                long next = System.nanoTime();
                while (!ended) {
                    for (byte[] body : SampleEvents.bodies(options(CHUNK, 10, interval))) {
                        publish(body);
                        next += interval.toNanos();
                        TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
                        if (bodies.size() % 50 == 0) {
                            confirm();
                        }
                    }
                }
                confirm();
            } catch (PublishException e) {
                throw new IllegalStateException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        });
        return this;
    }

    void end() throws InterruptedException, ExecutionException {
        ended = true;
        running.get();
    }

    @Override
    public void close() {
        ended = true;
        running.handle((done, failure) -> done).join();
        publisher.close();
    }

    /** Messages that the broker has confirmed. */
    long published() {
        if (running.isCompletedExceptionally()) {
            running.join();
        }
        return confirmed;
    }

    /** Messages that a version of the service has taken; some are taken twice when another replica continues. */
    long taken() {
        return database.number("select coalesce(sum(received), 0) from analytics.ingestion_batches");
    }

    ExpectedTotals expected(Instant now) {
        return ExpectedTotals.of(bodies, now);
    }

    private void publish(byte[] body) throws PublishException {
        bodies.add(body);
        publisher.publish(body);
    }

    private void confirm() throws PublishException {
        publisher.awaitConfirms();
        confirmed = bodies.size();
    }

    private SampleOptions options(int count, int latePct, Duration interval) {
        return new SampleOptions(count, ORGS, 6, 5, latePct, 4, 0, 0, 0, ++seed, Instant.now(), interval);
    }
}
