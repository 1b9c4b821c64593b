package io.inference.analytics.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The part of {@code local-dev/bench} that measures; the script brings the servers and the builds. */
@Command(name = "local-dev/bench", sortOptions = false)
final class Bench implements Callable<Integer> {

    static final List<String> ALL = List.of(
            "startup",
            "drain-stream",
            "drain-queue",
            "lanes",
            "freshness",
            "spike",
            "query",
            "audit",
            "reliability",
            "incident-export",
            "export",
            "import",
            "zones",
            "clients",
            "refused");

    @Parameters(paramLabel = "NAME")
    private List<String> names = List.of();

    @Option(names = "--events", defaultValue = "300000")
    private int events;

    @Option(names = "--duration", defaultValue = "60")
    private long durationSeconds;

    @Option(names = "--rows", defaultValue = "1000000")
    private int rows;

    @Option(names = "--write")
    private boolean write;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Bench()).execute(arguments));
    }

    /** Options of the JVM with which {@code local-dev/run} or else the image starts the service. */
    static List<String> serviceJvmOptions() {
        String given = System.getenv().getOrDefault("ANALYTICS_JAVA_OPTS", "").strip();
        try {
            String options = given.isEmpty()
                    ? Files.readString(Path.of("src/main/docker/jvm.options")).strip()
                    : given;
            return List.of(options.split("\\s+"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    static void progress(String what) {
        System.err.println("    " + what);
    }

    @Override
    public Integer call() throws Exception {
        Set<String> wanted = new TreeSet<>(names.isEmpty() ? ALL : names);
        boolean failed = false;
        for (String name : ALL) {
            if (wanted.contains(name)) {
                System.err.println("==> Measuring " + name);
                try {
                    List<String> notes = new ArrayList<>();
                    Report report = new Report(name, measure(name, notes), notes);
                    System.out.println(report.table());
                    if (write) {
                        report.write(Path.of("docs/benchmarks.md"));
                    }
                } catch (Exception e) {
                    // What the others measure is not lost by this.
                    failed = true;
                    System.err.println(name + " failed: " + e);
                }
            }
        }
        return failed ? 1 : 0;
    }

    private List<Figure> measure(String name, List<String> notes) throws Exception {
        return switch (name) {
            case "startup" -> StartupBenchmark.run();
            case "drain-stream" -> new DrainBenchmark("stream", events, notes).run();
            case "drain-queue" -> new DrainBenchmark("queue", events, notes).run();
            case "lanes" -> new LanesBenchmark(events, notes).run();
            case "freshness" -> new FreshnessBenchmark(Duration.ofSeconds(durationSeconds), notes).run();
            case "spike" -> new SpikeBenchmark(Duration.ofSeconds(durationSeconds), write, notes).run();
            case "query" -> new QueryBenchmark(notes).run();
            case "audit" -> new AuditBenchmark(notes).run();
            case "reliability" -> new ReliabilityBenchmark(notes).run();
            case "incident-export" -> new IncidentExportBenchmark(rows, notes).run();
            case "export" -> new ExportBenchmark(rows, notes).run();
            case "import" -> new ImportBenchmark(rows, notes).run();
            case "zones" -> new ZonesBenchmark(notes).run();
            case "clients" -> new ClientsBenchmark(notes).run();
            case "refused" -> new RefusedBenchmark(Duration.ofSeconds(durationSeconds), notes).run();
            default -> throw new IllegalArgumentException("benchmark: " + name + " (expected: " + ALL + ")");
        };
    }
}
