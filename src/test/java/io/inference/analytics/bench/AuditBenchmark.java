package io.inference.analytics.bench;

import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * What the audit log costs a usage query. Nothing can switch it off, so it is measured in two ways: the processor time of the thread
 * and of the database session that do nothing but write it, as a share of all that the service and PostgreSQL used; and the time
 * of an answer that waits for its entry beside that of one that does not (AUDIT_REQUIRED=false), asked in turns.
 */
final class AuditBenchmark {

    private static final int ORGS = 250;
    private static final int DAYS = 7;
    private static final int WARM_UP = 500;
    private static final int PAIRS = 1_000;
    private static final int CALLERS = 8;
    private static final int REQUESTS_OF_EACH = 1_000;
    private static final double TARGET_PERCENT = 5;
    private static final double TICKS_PER_SECOND = 100;

    private final List<String> notes;

    AuditBenchmark(List<String> notes) {
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            Bench.progress("making 30 days of rollups of 250 organisations with 40 models");
            QueryBenchmark.fill(stack);
            // As many as the benchmark asks for, so that no limit is in the way.
            stack.settings().put("RATE_LIMIT_SUBJECT", "100000");
            String token = Tokens.sign(
                    Tokens.claims(List.of("system-admin"))
                            .expiresAt(Instant.now().plus(1, ChronoUnit.DAYS)),
                    stack.settings());
            latency(stack, token, figures);
            processorTime(stack, token, figures);
        }
        return figures;
    }

    private void latency(Stack stack, String token, List<Figure> figures) throws Exception {
        stack.settings().put("AUDIT_REQUIRED", "true");
        try (ServiceProcess waiting = stack.startService()) {
            stack.settings().put("AUDIT_REQUIRED", "false");
            try (ServiceProcess other = stack.startService()) {
                Bench.progress("asking in turns, with and without waiting for the entry");
                Random random = new Random(5);
                double[] waitingMs = new double[PAIRS];
                double[] otherMs = new double[PAIRS];
                for (int i = -WARM_UP; i < PAIRS; i++) {
                    String path = path(random);
                    // Who comes second finds the pages in memory.
                    boolean first = i % 2 == 0;
                    double a = ms(first ? waiting : other, path, token);
                    double b = ms(first ? other : waiting, path, token);
                    if (i >= 0) {
                        waitingMs[i] = first ? a : b;
                        otherMs[i] = first ? b : a;
                    }
                }
                Latencies with = new Latencies(waitingMs);
                Latencies without = new Latencies(otherMs);
                figures.add(Figure.atMost(
                        "usage query of 7 days by day that waits for its entry, p50",
                        with.percentile(0.5),
                        "one that does not wait",
                        without.percentile(0.5),
                        without.percentile(0.5) * (1 + TARGET_PERCENT / 100),
                        "ms"));
                notes.add("waiting for the entry: " + with.text() + "; not waiting: " + without.text());
            }
        }
        stack.settings().put("AUDIT_REQUIRED", "true");
    }

    private void processorTime(Stack stack, String token, List<Figure> figures) throws Exception {
        try (ServiceProcess service = stack.startService()) {
            ask(service, token, WARM_UP / CALLERS);
            Bench.progress("processor time of %d callers at once".formatted(CALLERS));
            long session = (long)
                    stack.number("select max(pid) from pg_stat_activity where application_name = 'analytics-audit'");
            long postgres = ProcessUsage.backend("postgres")
                    .orElseThrow(
                            () -> new IllegalStateException("needs a native PostgreSQL, whose processes can be seen"));
            double entries = stack.number("select seq from analytics.audit_head");
            double recordedAts = stack.number("select count(distinct recorded_at) from analytics.audit_log");
            double writer = threadSeconds(service.pid(), "audit-writer") + processSeconds(session);
            double all = ProcessUsage.cpuSeconds(service.pid()) + ProcessUsage.cpuSeconds(postgres);
            long begun = System.nanoTime();
            ask(service, token, REQUESTS_OF_EACH);
            double seconds = (System.nanoTime() - begun) / 1e9;
            writer = threadSeconds(service.pid(), "audit-writer") + processSeconds(session) - writer;
            all = ProcessUsage.cpuSeconds(service.pid()) + ProcessUsage.cpuSeconds(postgres) - all;
            entries = stack.number("select seq from analytics.audit_head") - entries;
            recordedAts = stack.number("select count(distinct recorded_at) from analytics.audit_log") - recordedAts;
            int requests = CALLERS * REQUESTS_OF_EACH;
            if (entries < requests) {
                throw new IllegalStateException("%.0f entries for %d requests".formatted(entries, requests));
            }
            figures.add(Figure.atMost(
                    "processor time of writing the audit log, %d callers at once".formatted(CALLERS),
                    100 * writer / all,
                    TARGET_PERCENT,
                    "% of service and PostgreSQL"));
            notes.add(
                    "%,.0f requests/s; %.0f µs of processor time per request, %.0f µs of it for its entry; %.1f entries per commit"
                            .formatted(
                                    requests / seconds,
                                    all * 1e6 / requests,
                                    writer * 1e6 / requests,
                                    entries / recordedAts));
        }
    }

    private static void ask(ServiceProcess service, String token, int each) throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int caller = 0; caller < CALLERS; caller++) {
                Random random = new Random(caller);
                all.add(callers.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        ms(service, path(random), token);
                    }
                }));
            }
            for (Future<?> one : all) {
                one.get(10, TimeUnit.MINUTES);
            }
        } finally {
            callers.shutdownNow();
        }
    }

    private static String path(Random random) {
        Instant end = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(2, ChronoUnit.HOURS);
        return "/analytics/v1/orgs/%s/usage?granularity=day&start=%s&end=%s"
                .formatted(SampleOptions.orgId(1 + random.nextInt(ORGS)), end.minus(DAYS, ChronoUnit.DAYS), end);
    }

    private static double ms(ServiceProcess service, String path, String token) {
        long begun = System.nanoTime();
        int status = service.get(path, token).statusCode();
        if (status != 200) {
            throw new IllegalStateException("usage answered " + status);
        }
        return (System.nanoTime() - begun) / 1e6;
    }

    /** Processor time of a thread of a JVM by its name, of which Linux keeps 15 characters. */
    private static double threadSeconds(long pid, String name) throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads.toList()) {
                if (Files.readString(thread.resolve("comm")).strip().equals(name)) {
                    return seconds(thread.resolve("stat"));
                }
            }
        }
        throw new IllegalStateException("no thread " + name);
    }

    private static double processSeconds(long pid) throws IOException {
        return seconds(Path.of("/proc/" + pid + "/stat"));
    }

    private static double seconds(Path stat) throws IOException {
        String text = Files.readString(stat);
        String[] fields = text.substring(text.lastIndexOf(") ") + 2).split(" ", -1);
        return (Double.parseDouble(fields[11]) + Double.parseDouble(fields[12])) / TICKS_PER_SECOND;
    }
}
