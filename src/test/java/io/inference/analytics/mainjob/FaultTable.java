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

    /** Puts the table in the place of the former one. */
    void writeTo(Path page) throws IOException {
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalStateException("%s: no lines %s and %s".formatted(page, BEGIN.strip(), END));
        }
        Files.writeString(page, text.substring(0, begin + BEGIN.length()) + "\n" + this + "\n" + text.substring(end));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(
                ("Run on %s, storage flavour %s, %d processors.\nSeconds until everything was stored; of several times,"
                                + " median and most. %d of %d faults were run.\n\n")
                        .formatted(
                                LocalDate.now(ZoneOffset.UTC),
                                System.getProperty("analytics.test.flavour", "postgres"),
                                Runtime.getRuntime().availableProcessors(),
                                seconds.size(),
                                Trouble.values().length));
        text.append("| Fault under load | Times | Stream | Queue |\n|---|---|---|---|\n");
        seconds.forEach((trouble, found) -> text.append("| %s | %d | %s | %s |\n"
                .formatted(
                        trouble,
                        found.values().stream().mapToInt(List::size).sum(),
                        figure(found.getOrDefault("stream", List.of())),
                        figure(found.getOrDefault("queue", List.of())))));
        return text.toString();
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
