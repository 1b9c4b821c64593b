package io.inference.analytics.mainjob;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How long after each kind of fault everything was stored. */
final class FaultTable {

    private static final String BEGIN = "<!-- faults (local-dev/random-faults writes them) -->\n";
    private static final String END = "<!-- faults: end -->";

    private final Map<Trouble, Map<String, List<Double>>> seconds = new EnumMap<>(Trouble.class);

    void add(Trouble trouble, String transport, double caughtUpAfter) {
        seconds.computeIfAbsent(trouble, key -> new TreeMap<>())
                .computeIfAbsent(transport, key -> new ArrayList<>())
                .add(caughtUpAfter);
    }

    boolean isEmpty() {
        return seconds.isEmpty();
    }

    /** Puts the faults of this run into the table of the page; the others keep the row of their last run. */
    void writeTo(Path page) throws IOException {
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalStateException("%s: no lines %s and %s".formatted(page, BEGIN.strip(), END));
        }
        String table = over(text.substring(begin + BEGIN.length(), end).lines().toList());
        Files.writeString(page, text.substring(0, begin + BEGIN.length()) + "\n" + table + "\n" + text.substring(end));
    }

    @Override
    public String toString() {
        return over(List.of());
    }

    private String over(List<String> former) {
        List<String> rows = new ArrayList<>();
        for (Trouble trouble : Trouble.values()) {
            String begin = "| " + trouble + " | ";
            if (seconds.containsKey(trouble)) {
                rows.add(begin + cells(seconds.get(trouble)));
            } else {
                former.stream().filter(row -> row.startsWith(begin)).forEach(rows::add);
            }
        }
        return """
                Seconds until everything was stored; of several times, median and most. %d of %d faults were run,
                on %d processors.

                | Fault under load | Last run | Storage | Times | Stream | Queue |
                |---|---|---|---|---|---|
                %s
                """
                .formatted(
                        rows.size(),
                        Trouble.values().length,
                        Runtime.getRuntime().availableProcessors(),
                        String.join("\n", rows));
    }

    private static String cells(Map<String, List<Double>> found) {
        return "%s | %s | %d | %s | %s |"
                .formatted(
                        LocalDate.now(ZoneOffset.UTC),
                        System.getProperty("analytics.test.flavour", "postgres"),
                        found.values().stream().mapToInt(List::size).sum(),
                        figure(found.getOrDefault("stream", List.of())),
                        figure(found.getOrDefault("queue", List.of())));
    }

    private static String figure(List<Double> found) {
        if (found.isEmpty()) {
            return "";
        }
        if (found.size() == 1) {
            return String.format(Locale.ROOT, "%.1f", found.get(0));
        }
        List<Double> sorted = found.stream().sorted().toList();
        return String.format(Locale.ROOT, "%.1f, %.1f", sorted.get(sorted.size() / 2), Collections.max(sorted));
    }
}
