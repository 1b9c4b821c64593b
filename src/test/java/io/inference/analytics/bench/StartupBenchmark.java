package io.inference.analytics.bench;

import io.inference.analytics.testing.ServiceProcess;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** From the start of the process to its first answer that it is ready, with a database that is migrated already. */
final class StartupBenchmark {

    private static final int RUNS = 3;

    private StartupBenchmark() {}

    static List<Figure> run() {
        List<Double> seconds = new ArrayList<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            for (int i = 0; i < RUNS; i++) {
                Instant started = Instant.now();
                ServiceProcess service = stack.startService();
                seconds.add(Duration.between(started, Instant.now()).toMillis() / 1000.0);
                service.stop();
            }
        }
        return List.of(Figure.atMost(
                "startup (median of " + RUNS + ")",
                seconds.stream().sorted().toList().get(RUNS / 2),
                4,
                "s"));
    }
}
