package io.inference.analytics.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;

/** The table, and the page that keeps it. */
record Report(List<Figure> figures, List<String> notes) {

    private static final String BEGIN = "<!-- measured: begin (local-dev/bench --write) -->";
    private static final String END = "<!-- measured: end -->";

    String table() {
        StringBuilder text = new StringBuilder();
        text.append("| Figure | Ours | Reference | Ratio | Target | Reached |\n");
        text.append("|---|---|---|---|---|---|\n");
        for (Figure figure : figures) {
            text.append("| %s | %s | %s | %s | %s | %s |\n"
                    .formatted(
                            figure.name(),
                            figure.ours(),
                            figure.reference(),
                            figure.ratio(),
                            figure.target(),
                            figure.target().isEmpty() ? "" : figure.reached() ? "yes" : "**no**"));
        }
        if (!notes.isEmpty()) {
            text.append('\n');
            notes.forEach(note -> text.append("* ").append(note).append('\n'));
        }
        return text.toString();
    }

    /** Replaces the measured part of the page; what people wrote around it stays. */
    void write(Path page) {
        String measured = BEGIN + "\n" + machine() + "\n" + table() + END;
        try {
            String text = Files.exists(page) ? Files.readString(page) : "# Benchmarks\n\n" + BEGIN + END + "\n";
            int begin = text.indexOf(BEGIN);
            int end = text.indexOf(END);
            if (begin < 0 || end < begin) {
                throw new IllegalStateException(page + " has no lines " + BEGIN + " and " + END);
            }
            Files.createDirectories(page.getParent());
            Files.writeString(page, text.substring(0, begin) + measured + text.substring(end + END.length()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String machine() {
        return """
                Measured on %s by `local-dev/bench%s`: storage flavour %s, %d processors (%s), %s memory, Linux %s, \
                Java %s, %s, %s. Service, PostgreSQL, RabbitMQ, Redis and the measuring program share the machine. \
                JVM options of the service: `%s`.
                """
                .formatted(
                        LocalDate.now(ZoneOffset.UTC),
                        environment("BENCH_ARGUMENTS", ""),
                        System.getProperty("analytics.test.flavour", "postgres"),
                        Runtime.getRuntime().availableProcessors(),
                        first("/proc/cpuinfo", "model name"),
                        gib(first("/proc/meminfo", "MemTotal")),
                        System.getProperty("os.version"),
                        System.getProperty("java.version"),
                        environment("BENCH_POSTGRES_VERSION", "PostgreSQL"),
                        environment("BENCH_RABBITMQ_VERSION", "RabbitMQ"),
                        String.join(" ", Bench.serviceJvmOptions()));
    }

    private static String environment(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    private static String gib(String kib) {
        return Math.round(Double.parseDouble(kib.replaceAll("[^0-9]", "")) / 1024 / 1024) + " GiB";
    }

    private static String first(String file, String key) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
