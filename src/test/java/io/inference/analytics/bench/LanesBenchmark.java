package io.inference.analytics.bench;

import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TcpProxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Draining one stream with one lane and with four, each into a new database, near (no delay) and some milliseconds away. All pass
 * through the same proxy, and take turns, so that the load of the machine meets all of them.
 */
final class LanesBenchmark {

    private static final int ROUNDS = 3;
    private static final int ONE = 1;
    private static final int FOUR = 4;
    private static final Duration NEAR = Duration.ZERO;
    private static final Duration AWAY = Duration.ofMillis(5);
    private static final double TARGET = 2.5;

    /** A batch of the default size takes what has piled up; small ones are those of a steady flow. */
    private static final int SMALL = 250;

    private final int events;
    private final List<String> notes;

    LanesBenchmark(int events, List<String> notes) {
        this.events = events;
        this.notes = notes;
    }

    private record Setting(int lanes, Duration delay, int batchSize) implements Comparable<Setting> {

        static final int AS_SHIPPED = 0;

        @Override
        public int compareTo(Setting other) {
            return toString().compareTo(other.toString());
        }

        String where() {
            return delay.isZero() ? "no delay" : "%d ms per round trip".formatted(delay.toMillis());
        }

        String batches() {
            return batchSize == AS_SHIPPED ? "batches as shipped" : "batches of %d".formatted(batchSize);
        }
    }

    private static List<Setting> settings() {
        List<Setting> all = new ArrayList<>();
        for (int batchSize : List.of(Setting.AS_SHIPPED, SMALL)) {
            for (Duration delay : List.of(NEAR, AWAY)) {
                all.add(new Setting(ONE, delay, batchSize));
                all.add(new Setting(FOUR, delay, batchSize));
            }
        }
        return all;
    }

    List<Figure> run() throws Exception {
        Map<Setting, List<Double>> rates = new TreeMap<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            DrainBenchmark.fill(stack, events);
            for (int round = 1; round <= ROUNDS; round++) {
                for (Setting setting : settings()) {
                    double rate = drain(stack, setting);
                    Bench.progress("round %d, %s: %s".formatted(round, setting, Figure.perSecond(rate)));
                    rates.computeIfAbsent(setting, key -> new ArrayList<>()).add(rate);
                }
            }
        }
        List<Figure> figures = new ArrayList<>();
        for (int batchSize : List.of(Setting.AS_SHIPPED, SMALL)) {
            for (Duration delay : List.of(NEAR, AWAY)) {
                Setting one = new Setting(ONE, delay, batchSize);
                Setting four = new Setting(FOUR, delay, batchSize);
                String name = "4 lanes, %s, %s".formatted(four.where(), four.batches());
                double ours = Bench.median(rates.get(four));
                double reference = Bench.median(rates.get(one));
                figures.add(
                        delay.isZero()
                                ? Figure.compared(name, ours, "1 lane", reference)
                                : Figure.rate(name, ours, "1 lane", reference, TARGET));
                notes.add("%s, %s: ratios of the rounds %s"
                        .formatted(one.where(), one.batches(), ratios(rates.get(four), rates.get(one))));
            }
        }
        return figures;
    }

    private static String ratios(List<Double> four, List<Double> one) {
        List<String> ratios = new ArrayList<>();
        for (int i = 0; i < four.size(); i++) {
            ratios.add(String.format(Locale.ROOT, "%.2f", four.get(i) / one.get(i)));
        }
        return String.join(", ", ratios);
    }

    private double drain(Stack stack, Setting setting) throws Exception {
        String original = stack.settings().get("DATABASE_URL");
        URI server = URI.create(original);
        String name = "bench_lanes";
        stack.execute("create database " + name);
        try (TcpProxy proxy = new TcpProxy(Ports.free(), server.getHost(), server.getPort())) {
            Map<String, String> own = new HashMap<>();
            own.put("INGESTION_LANES", Integer.toString(setting.lanes()));
            if (setting.batchSize() != Setting.AS_SHIPPED) {
                own.put("INGESTION_BATCH_SIZE", Integer.toString(setting.batchSize()));
            }
            own.put("DATABASE_URL", at(server, "127.0.0.1", proxy.port(), name));
            stack.settings().put("DATABASE_URL", at(server, server.getHost(), server.getPort(), name));
            proxy.delay(setting.delay());
            try (ServiceProcess service = stack.startService(own)) {
                Bench.progress("draining with " + setting + ", process " + service.pid());
                DrainBenchmark.awaitReceived(stack, events);
                DrainBenchmark.checkExact(stack, events);
                return stack.number(DrainBenchmark.RATE);
            }
        } finally {
            stack.settings().put("DATABASE_URL", original);
            stack.execute("drop database " + name + " with (force)");
        }
    }

    private static String at(URI server, String host, int port, String database) {
        return "%s://%s@%s:%d/%s".formatted(server.getScheme(), server.getRawUserInfo(), host, port, database);
    }
}
