package io.inference.analytics.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What one benchmark measured, and the page that keeps it.
 *
 * @param name of the benchmark
 */
record Report(String name, List<Figure> figures, List<String> notes) {

    private static final String FIRST = "<!-- measured (local-dev/bench --write) -->";
    private static final Pattern HEADING = Pattern.compile("^### ", Pattern.MULTILINE);
    private static final String LAST = "<!-- measured: end -->";

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

    /**
     * Puts the measured part of this benchmark into the page, in the place of the former one; what others measured and what people
     * wrote around stays.
     */
    void write(Path page) {
        try {
            Files.writeString(page, written(Files.readString(page)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String written(String page) {
        int first = page.indexOf(FIRST);
        int last = page.indexOf(LAST);
        if (first < 0 || last < first) {
            throw new IllegalStateException("the page has no lines " + FIRST + " and " + LAST);
        }
        int body = first + FIRST.length();
        Map<String, String> sections = new TreeMap<>(Comparator.comparingInt(Bench.ALL::indexOf));
        for (String section : HEADING.split(page.substring(body, last), -1)) {
            String heading = section.lines().findFirst().orElse("").strip();
            if (Bench.ALL.contains(heading)) {
                sections.put(heading, section.substring(section.indexOf('\n')).strip());
            }
        }
        sections.put(name, machine() + "\n" + table().strip());
        StringBuilder measured = new StringBuilder("\n\n");
        sections.forEach((heading, text) -> measured.append("### ")
                .append(heading)
                .append("\n\n")
                .append(text)
                .append("\n\n"));
        return page.substring(0, body) + measured + page.substring(last);
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
