package io.inference.analytics.bench;

import io.inference.analytics.testing.ServiceProcess;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Clients without any right, which send every kind of request that is refused, each one with names that were never seen before. The
 * memory, the number of metrics and the log of the service must not follow them.
 */
final class RefusedBenchmark {

    private static final int CLIENTS = 8;
    private static final int LONG_BYTES = 8_000;
    /** A route may be refused with a status for the first time late; each has three series. */
    private static final long NEW_ROUTES_MAX = 30;

    private static final Pattern STATUS = Pattern.compile("^HTTP/1\\.[01] ([0-9]{3})");

    private final Duration duration;
    private final List<String> notes;
    private final AtomicLong sent = new AtomicLong();
    private final Map<String, Long> answers = new HashMap<>();

    RefusedBenchmark(Duration duration, List<String> notes) {
        this.duration = duration;
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        try (Stack stack = new Stack("stream");
                ServiceProcess service = stack.startService()) {
            flood(service, duration.dividedBy(3));
            double memory = ProcessUsage.peakResidentMib(service.pid());
            long series = series(service);
            long logged = service.logBytes();
            long before = sent.get();
            flood(service, duration.multipliedBy(2).dividedBy(3));
            notes.add(String.format(
                    Locale.ROOT, "refused: %,d requests by %d clients; answers %s", sent.get(), CLIENTS, answers));
            return List.of(
                    Figure.atMost("memory after the first third (VmHWM)", memory, 512, "MiB"),
                    Figure.atMost(
                            "more memory at the end", ProcessUsage.peakResidentMib(service.pid()) - memory, 32, "MiB"),
                    Figure.atMost("more metrics at the end", series(service) - series, NEW_ROUTES_MAX, "series"),
                    Figure.atMost(
                            "log per refused request",
                            (service.logBytes() - logged) / (double) (sent.get() - before),
                            1_000,
                            "bytes"));
        }
    }

    private static long series(ServiceProcess service) {
        return service.metrics().lines().filter(line -> !line.startsWith("#")).count();
    }

    private void flood(ServiceProcess service, Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                Random random = new Random(client + sent.get());
                running.add(clients.submit(() -> {
                    for (int kind = 0; System.nanoTime() < end; kind++) {
                        ask(service, kind, random);
                    }
                    return null;
                }));
            }
            for (Future<?> client : running) {
                client.get();
            }
        } finally {
            clients.shutdownNow();
        }
    }

    /** One connection for each: most of these requests end it. */
    private void ask(ServiceProcess service, int kind, Random random) {
        String answer;
        try (Socket socket = service.connect()) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request(kind, random).getBytes(StandardCharsets.ISO_8859_1));
            answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            answer = "";
        }
        Matcher status = STATUS.matcher(answer);
        String outcome = status.find() ? status.group(1) : "cut";
        sent.incrementAndGet();
        synchronized (answers) {
            answers.merge(outcome, 1L, Long::sum);
        }
    }

    private static String request(int kind, Random random) {
        String name = name(random, 16);
        String orgs = "GET /analytics/v1/orgs/" + name;
        return switch (kind % 10) {
            case 0 -> head(name(random, LONG_BYTES).toUpperCase(Locale.ROOT) + " /analytics/v1/orgs");
            case 1 -> head("GET /" + name(random, LONG_BYTES));
            case 2 -> head(orgs, name + ": " + name(random, LONG_BYTES));
            case 3 -> head(orgs, "Authorization: Bearer " + name + ".e30." + name);
            case 4 -> head(orgs, "X-API-Key: iak_" + name);
            case 5 -> head("GET /analytics/v1/usage?" + name + "=" + name);
            case 6 ->
                head("POST /analytics/v1/events/validate", "Content-Type: " + name + "/" + name, "Content-Length: 9")
                        + "{malforme";
            case 7 -> head(orgs, "X-Request-Id: " + name, "Traceparent: " + name, "User-Agent: " + name(random, 200));
            case 8 -> head("PUT /console/" + name, "Origin: https://" + name + ".example.com");
            default -> name(random, 200) + "\r\n\r\n";
        };
    }

    private static String head(String line, String... headers) {
        return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + String.join("\r\n", headers)
                + (headers.length == 0 ? "\r\n" : "\r\n\r\n");
    }

    private static String name(Random random, int length) {
        byte[] bytes = new byte[length / 2];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
