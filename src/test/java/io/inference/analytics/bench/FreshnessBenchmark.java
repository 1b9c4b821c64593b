package io.inference.analytics.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/**
 * From the moment an event is published until an answer of the usage API counts it, while a steady load goes in; then a burst.
 *
 * <p>Events of an organisation of their own are published on a fixed schedule, whatever becomes of those before them, so that a
 * stall counts for every event that it delays.
 */
final class FreshnessBenchmark {

    private static final int STEADY_RATE = 3_000;
    private static final int WARM_UP_SECONDS = 10;
    private static final int BURST_RATE = 15_000;
    private static final int BURST_SECONDS = 10;
    private static final Duration PROBE_INTERVAL = Duration.ofMillis(250);
    // Asking more often would take a fifth of a processor from what is measured.
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final double TARGET_MS = 2_000;
    private static final String PROBE_ORG = "00000000-0000-4000-8000-0000000ffffe";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Duration duration;
    private final List<String> notes;

    FreshnessBenchmark(Duration duration, List<String> notes) {
        this.duration = duration;
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        try (Stack stack = new Stack("stream");
                ServiceProcess service = stack.startService()) {
            List<Figure> figures = new ArrayList<>();
            Latencies visible = steady(stack, service);
            figures.add(Figure.atMost(
                    "freshness p95 at " + STEADY_RATE + "/s for " + duration.toSeconds() + " s",
                    visible.percentile(0.95),
                    TARGET_MS,
                    "ms"));
            notes.add(
                    "freshness, publish → visible: " + visible.text() + " of " + visible.sortedMs().length + " probes");
            figures.add(burst(stack));
            figures.add(Figure.atMost(
                    "memory (freshness, VmHWM)", ProcessUsage.peakResidentMib(service.pid()), 512, "MiB"));
            return figures;
        }
    }

    private Latencies steady(Stack stack, ServiceProcess service) throws Exception {
        Bench.progress(STEADY_RATE + " events/s for " + duration.toSeconds() + " s");
        int warmUp = STEADY_RATE * WARM_UP_SECONDS;
        publish(stack, new SampleEvents(options(warmUp, STEADY_RATE, 20)), STEADY_RATE);
        int count = Math.toIntExact(STEADY_RATE * duration.toSeconds());
        CompletableFuture<Double> load =
                inBackground(() -> publish(stack, new SampleEvents(options(count, STEADY_RATE, 21)), STEADY_RATE));
        Latencies visible = probe(stack, service);
        notes.add(String.format(Locale.ROOT, "freshness, steady load really published: %.0f/s", load.get()));
        awaitStored(stack, warmUp + count + visible.sortedMs().length);
        return visible;
    }

    private Figure burst(Stack stack) throws Exception {
        Bench.progress("a burst of " + BURST_RATE + " events/s for " + BURST_SECONDS + " s");
        // Made before, so that making them takes no processor time from the service.
        List<byte[]> bodies = SampleEvents.bodies(options(BURST_RATE * BURST_SECONDS, BURST_RATE, 22));
        double storedBefore = stack.number("select count(*) from analytics.usage_events");
        double rate = publish(stack, bodies.iterator(), BURST_RATE);
        Instant published = Instant.now();
        awaitStored(stack, storedBefore + bodies.size());
        double seconds = Duration.between(published, Instant.now()).toMillis() / 1000.0;
        double shown = stack.number("select sum(invocations) from analytics.usage_hourly");
        boolean complete = shown == storedBefore + bodies.size();
        return new Figure(
                "burst of " + bodies.size() + " events",
                String.format(Locale.ROOT, "caught up %.1f s after its end", seconds),
                String.format(Locale.ROOT, "published at %,.0f/s", rate),
                "",
                "none lost",
                complete);
    }

    private static SampleOptions options(int count, int rate, long seed) {
        return new SampleOptions(
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
                Duration.ofSeconds(1).dividedBy(rate));
    }

    /** @return messages a second that were confirmed */
    private static double publish(Stack stack, Iterator<byte[]> bodies, int rate) throws Exception {
        try (ConfirmedPublisher publisher =
                new ConfirmedPublisher(stack.settings().get("RABBITMQ_URL"), Clock.systemUTC())) {
            long started = System.nanoTime();
            long sent = 0;
            while (bodies.hasNext()) {
                publisher.publish(bodies.next());
                sent++;
                long aheadNanos = started + sent * TimeUnit.SECONDS.toNanos(1) / rate - System.nanoTime();
                if (aheadNanos > TimeUnit.MILLISECONDS.toNanos(2)) {
                    TimeUnit.NANOSECONDS.sleep(aheadNanos);
                }
            }
            publisher.awaitConfirms();
            return sent * 1e9 / (System.nanoTime() - started);
        }
    }

    private Latencies probe(Stack stack, ServiceProcess service) throws Exception {
        List<Long> publishedNanos = new CopyOnWriteArrayList<>();
        List<Double> visibleMs = new ArrayList<>();
        int probes = Math.toIntExact(duration.toMillis() / PROBE_INTERVAL.toMillis());
        ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();
        try (ConfirmedPublisher publisher =
                new ConfirmedPublisher(stack.settings().get("RABBITMQ_URL"), Clock.systemUTC())) {
            CompletableFuture<Void> failed = new CompletableFuture<>();
            var unused = schedule.scheduleAtFixedRate(
                    () -> {
                        if (publishedNanos.size() == probes) {
                            return;
                        }
                        try {
                            byte[] body = probeEvent();
                            publishedNanos.add(System.nanoTime());
                            publisher.publish(body);
                        } catch (ConfirmedPublisher.PublishException e) {
                            failed.completeExceptionally(e);
                        }
                    },
                    0,
                    PROBE_INTERVAL.toMillis(),
                    TimeUnit.MILLISECONDS);
            String token = Tokens.sign(
                    Tokens.claims(List.of("system-admin"))
                            .expiresAt(Instant.now().plus(1, ChronoUnit.DAYS)),
                    stack.settings());
            Instant giveUp = Instant.now().plus(duration).plusSeconds(120);
            while (visibleMs.size() < probes) {
                if (Instant.now().isAfter(giveUp) || failed.isCompletedExceptionally()) {
                    throw new TimeoutException("only " + visibleMs.size() + " of " + probes + " probes became visible");
                }
                int shown = invocations(service, token);
                long now = System.nanoTime();
                while (visibleMs.size() < shown) {
                    visibleMs.add((now - publishedNanos.get(visibleMs.size())) / 1e6);
                }
                TimeUnit.MILLISECONDS.sleep(POLL_INTERVAL.toMillis());
            }
        } finally {
            schedule.shutdownNow();
        }
        return new Latencies(visibleMs.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static byte[] probeEvent() {
        return """
                {"eventId":"%s","orgId":"%s","modelId":"%s","occurredAt":"%s","latencyMs":1,"status":"success",
                "inputTokens":1,"outputTokens":1}"""
                .formatted(UUID.randomUUID(), PROBE_ORG, SampleOptions.modelId(1), Instant.now())
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    private static int invocations(ServiceProcess service, String token) throws Exception {
        Instant now = Instant.now();
        String path = "/analytics/v1/orgs/%s/usage?granularity=hour&start=%s&end=%s"
                .formatted(PROBE_ORG, now.minus(3, ChronoUnit.HOURS), now.plus(1, ChronoUnit.HOURS));
        var answer = service.get(path, token);
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("usage answered " + answer.statusCode() + ": " + answer.body());
        }
        return JSON.readTree(answer.body()).at("/totals/invocations").asInt();
    }

    private static void awaitStored(Stack stack, double count) {
        Awaitility.await("all events stored")
                .atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> stack.number("select coalesce(sum(stored), 0) from analytics.ingestion_batches") >= count);
    }

    @FunctionalInterface
    private interface Work {
        double run() throws Exception;
    }

    private static CompletableFuture<Double> inBackground(Work work) {
        CompletableFuture<Double> result = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        result.complete(work.run());
                    } catch (Exception e) {
                        result.completeExceptionally(e);
                    }
                },
                "bench-load");
        thread.setDaemon(true);
        thread.start();
        return result;
    }
}
