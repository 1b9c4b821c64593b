package io.inference.analytics.bench;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * The service drains a transport that was filled while it was down. Counted are the events that are stored and rolled up, from
 * the first commit to the last; the JVM is cold, as it is after a deployment.
 */
final class DrainBenchmark {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final String RECEIVED = "select coalesce(sum(received), 0) from analytics.ingestion_batches";

    /** Events per second from the first commit to the last. */
    static final String RATE =
            """
            select sum(received) filter (where nth > 1) / extract(epoch from max(committed_at) - min(committed_at))
            from (select received, committed_at, row_number() over (order by batch_id) as nth
                  from analytics.ingestion_batches) batches
            """;

    private final String transport;
    private final int events;
    private final List<String> notes;

    DrainBenchmark(String transport, int events, List<String> notes) {
        this.transport = transport;
        this.events = events;
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        boolean stream = transport.equals("stream");
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack(transport)) {
            stack.prepare();
            stack.bindReferenceQueue();
            fill(stack, events);
            Bench.progress("reading the reference queue");
            double reference = stream ? References.perfTest(stack, events) : References.connector(stack, events);
            stack.deleteReferenceQueue();
            Drained drained = drain(stack);
            notes.add(Disk.perMillion(stack, events));
            String name = "drain-" + transport;
            if (stream) {
                figures.add(Figure.rate(name, drained.rate(), "PerfTest, quorum queue", reference, 0.5));
                figures.add(Figure.rate(name, drained.rate(), "INSERT … SELECT", insertSelect(stack), 0.4));
            } else {
                figures.add(Figure.rate(name, drained.rate(), "SmallRye connector alone", reference, 0.5));
            }
            figures.add(Figure.atMost("memory (" + name + ", VmHWM)", drained.peakMib(), 512, "MiB"));
            notes.add(name + ": " + drained.cpu());
        }
        return figures;
    }

    static void fill(Stack stack, int events) throws Exception {
        Bench.progress("publishing " + events + " events");
        SampleOptions options = new SampleOptions(events, 250, 40, 0, 0, 4, 0, 0, 0, 7, Instant.now(), Duration.ZERO);
        try (ConfirmedPublisher publisher =
                new ConfirmedPublisher(stack.settings().get("RABBITMQ_URL"), Clock.systemUTC())) {
            SampleEvents sample = new SampleEvents(options);
            while (sample.hasNext()) {
                publisher.publish(sample.next());
            }
            publisher.awaitConfirms();
        }
    }

    private record Drained(double rate, double peakMib, String cpu) {}

    private Drained drain(Stack stack) throws Exception {
        Bench.progress("draining transport " + transport);
        try (ServiceProcess service = stack.startService()) {
            Map<String, Long> processes = new LinkedHashMap<>();
            processes.put("service", service.pid());
            ProcessUsage.backend("postgres").ifPresent(pid -> processes.put("PostgreSQL", pid));
            ProcessUsage.backend("rabbitmq").ifPresent(pid -> processes.put("RabbitMQ", pid));
            Map<String, Double> before = cpu(processes);
            double receivedBefore = stack.number(RECEIVED);
            Instant started = Instant.now();
            awaitReceived(stack, events);
            Map<String, Double> after = cpu(processes);
            double seconds = Duration.between(started, Instant.now()).toMillis() / 1000.0;
            double drained = events - receivedBefore;
            StringBuilder used = new StringBuilder(
                    String.format(Locale.ROOT, "%,.0f events in %.1f s; processor time", drained, seconds));
            after.forEach((name, cpu) -> used.append(String.format(
                    Locale.ROOT,
                    " %s %.1f s (%.0f µs per event)",
                    name,
                    cpu - before.get(name),
                    (cpu - before.get(name)) / drained * 1e6)));
            used.append(" on ")
                    .append(Runtime.getRuntime().availableProcessors())
                    .append(" processors");
            checkExact(stack, events);
            return new Drained(stack.number(RATE), ProcessUsage.peakResidentMib(service.pid()), used.toString());
        }
    }

    static void awaitReceived(Stack stack, int events) {
        Awaitility.await("all events stored")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> stack.number(RECEIVED) >= events);
    }

    private static Map<String, Double> cpu(Map<String, Long> processes) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        processes.forEach((name, pid) -> seconds.put(name, ProcessUsage.cpuSeconds(pid)));
        return seconds;
    }

    /** A fast figure for wrong totals would be worth nothing. */
    static void checkExact(Stack stack, int events) throws SQLException {
        double stored = stack.number("select count(*) from analytics.usage_events");
        double shown = stack.number("select coalesce(sum(invocations), 0) from analytics.usage_hourly");
        double daily = stack.number("select coalesce(sum(invocations), 0) from analytics.usage_daily");
        double byUser = stack.number("select coalesce(sum(invocations), 0) from analytics.usage_user_daily");
        if (stored != events || shown != events || daily != events || byUser != events) {
            throw new IllegalStateException(
                    "published %d, stored %.0f, in the hourly rollup %.0f, in the daily one %.0f, in that by user %.0f"
                            .formatted(events, stored, shown, daily, byUser));
        }
    }

    /** Rows a second of one INSERT … SELECT of what was stored, in the order of its arrival, into a table with the same key. */
    private double insertSelect(Stack stack) throws SQLException {
        Bench.progress("INSERT … SELECT of the same rows");
        stack.execute(
                """
                create table bench_source as select * from analytics.usage_events order by batch_id;
                create table bench_target (like analytics.usage_events, primary key (org_id, event_id, occurred_at));
                checkpoint;
                """);
        Instant started = Instant.now();
        stack.execute("insert into bench_target select * from bench_source on conflict do nothing");
        return events / (Duration.between(started, Instant.now()).toMillis() / 1000.0);
    }
}
