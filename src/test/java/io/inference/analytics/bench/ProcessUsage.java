package io.inference.analytics.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/** What processes have used, from {@code /proc}. */
final class ProcessUsage {

    /** Linux counts processor time in hundredths of a second. */
    private static final double TICKS_PER_SECOND = 100;

    private ProcessUsage() {}

    /** The most memory that the process ever had resident, in MiB (VmHWM). */
    static double peakResidentMib(long pid) {
        return peakResidentMibIfAlive(pid).orElseThrow();
    }

    /** The same; empty when the process has ended. */
    static OptionalDouble peakResidentMibIfAlive(long pid) {
        return mib(pid, "VmHWM:");
    }

    /** The memory that the process has resident now, in MiB (VmRSS). */
    static double residentMib(long pid) {
        return mib(pid, "VmRSS:").orElseThrow();
    }

    private static OptionalDouble mib(long pid, String name) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith(name))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return OptionalDouble.empty();
        }
    }

    /** The first process of a native backend of {@code local-dev}; empty when Docker or somebody else runs it. */
    static Optional<Long> backend(String name) {
        String state = System.getenv("ANALYTICS_STATE_DIR");
        if (state == null) {
            return Optional.empty();
        }
        Path file = Path.of(state, "run", name + ".pid");
        try {
            return Files.exists(file)
                    ? Optional.of(Long.valueOf(Files.readString(file).split(" ", 2)[0]))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Processor time of a process and all its descendants so far, in seconds. */
    static double cpuSeconds(long root) {
        Map<Long, String[]> table = table();
        Set<Long> ours = new HashSet<>(List.of(root));
        boolean grew = true;
        while (grew) {
            grew = false;
            for (Map.Entry<Long, String[]> entry : table.entrySet()) {
                if (!ours.contains(entry.getKey()) && ours.contains(Long.valueOf(entry.getValue()[1]))) {
                    grew = ours.add(entry.getKey());
                }
            }
        }
        double ticks = 0;
        for (long pid : ours) {
            String[] fields = table.get(pid);
            if (fields != null) {
                ticks += Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
                // Children that have ended already.
                ticks += Double.parseDouble(fields[13]) + Double.parseDouble(fields[14]);
            }
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** Fields 3 and following of {@code /proc/PID/stat} by process; the name before them may hold spaces. */
    private static Map<Long, String[]> table() {
        Map<Long, String[]> table = new HashMap<>();
        List<Path> directories = new ArrayList<>();
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            entries.filter(entry -> entry.getFileName().toString().matches("[0-9]+"))
                    .forEach(directories::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Path directory : directories) {
            try {
                String stat = Files.readString(directory.resolve("stat"));
                table.put(
                        Long.valueOf(directory.getFileName().toString()),
                        stat.substring(stat.lastIndexOf(") ") + 2).split(" ", -1));
            } catch (IOException e) {
                // It has ended meanwhile.
                continue;
            }
        }
        return table;
    }
}
