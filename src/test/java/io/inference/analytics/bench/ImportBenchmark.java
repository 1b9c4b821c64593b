package io.inference.analytics.bench;

import io.inference.analytics.devtools.FakeCursor;
import io.inference.analytics.devtools.LargeCursor;
import io.inference.analytics.testing.CommandProcess;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Bills of many rows, imported by the command with the options of the JVM with which the service is shipped: days of as many rows
 * as a busy team has, and one day that has all of the rows between two small ones. That day must not be stored, and must keep
 * neither of the others out.
 */
final class ImportBenchmark {

    private static final int ROWS_OF_A_DAY = 33_000;
    private static final int ROWS_OF_A_SMALL_DAY = 100;
    private static final double RESIDENT_MIB_MAX = 512;
    private static final double CENTS_PER_DOLLAR = 100;

    private final int rows;
    private final List<String> notes;

    ImportBenchmark(int rows, List<String> notes) {
        this.rows = rows;
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        LocalDate first = LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).minusDays(100);
        Map<LocalDate, Integer> many = new TreeMap<>();
        for (int left = rows, day = 0; left > 0; left -= ROWS_OF_A_DAY, day++) {
            many.put(first.plusDays(day), Math.min(left, ROWS_OF_A_DAY));
        }
        Map<LocalDate, Integer> large = new TreeMap<>(
                Map.of(first, ROWS_OF_A_SMALL_DAY, first.plusDays(1), rows, first.plusDays(2), ROWS_OF_A_SMALL_DAY));
        List<Figure> figures = new ArrayList<>();
        figures.addAll(measured("%,d rows in %d days".formatted(rows, many.size()), many, 0, rows));
        figures.addAll(measured("a day of %,d rows".formatted(rows), large, 1, 2 * ROWS_OF_A_SMALL_DAY));
        return figures;
    }

    private List<Figure> measured(String name, Map<LocalDate, Integer> events, int exitCode, int stored)
            throws Exception {
        try (Stack stack = new Stack("stream");
                LargeCursor api = LargeCursor.started(events)) {
            stack.prepare();
            Bench.progress("importing " + name);
            Map<String, String> settings = new HashMap<>(stack.settings());
            settings.put("CURSOR_API_URL", api.url());
            settings.put("CURSOR_API_KEY", FakeCursor.KEY);
            settings.put("ANALYTICS_PROVIDERS_CURSOR_REQUESTS_PER_MINUTE", "0");
            settings.put("ANALYTICS_PROVIDERS_BACKFILL_PAUSE", "0s");
            List<String> arguments = new ArrayList<>(List.of("providers", "retry-failed", "--provider", "cursor"));
            events.keySet().forEach(day -> arguments.addAll(List.of("--date", day.toString())));
            Instant started = Instant.now();
            double mib = 0;
            try (CommandProcess command =
                    CommandProcess.start(Bench.serviceJvmOptions(), settings, arguments.toArray(String[]::new))) {
                while (!command.process().waitFor(100, TimeUnit.MILLISECONDS)) {
                    mib = ProcessUsage.peakResidentMibIfAlive(command.process().pid())
                            .orElse(mib);
                }
                CommandProcess.Result result = command.await();
                if (result.exitCode() != exitCode) {
                    throw new IllegalStateException("exit code " + result.exitCode() + ": " + result.err());
                }
            }
            double seconds = Duration.between(started, Instant.now()).toMillis() / 1000.0;
            assertStored(stack, stored);
            notes.add("%s: %.0f s, %,d requests, %,.0f rows stored"
                    .formatted(name, seconds, api.requests().size(), (double) stored));
            return List.of(Figure.atMost("memory (import of " + name + ", VmHWM)", mib, RESIDENT_MIB_MAX, "MiB"));
        }
    }

    /** Each event once, and each costs a cent. */
    private static void assertStored(Stack stack, int rows) throws Exception {
        double found = stack.number("select count(*) from analytics.cursor_usage_event");
        double dollars = stack.number("select coalesce(sum(amount_usd), 0) from analytics.vw_combined_daily_costs");
        double broken = stack.number(
                "select count(*) from analytics.provider_import_day where dataset = 'events' and status not in ('ok',"
                        + " 'failed_permanent')");
        if (found != rows || Math.abs(dollars - rows / CENTS_PER_DOLLAR) > 0 || broken > 0) {
            throw new IllegalStateException(
                    "%,.0f rows of %f USD stored, %.0f days in another state (expected: %,d rows, a cent each)"
                            .formatted(found, dollars, broken, rows));
        }
    }
}
