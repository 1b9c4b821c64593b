package io.inference.analytics.devtools;

import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The faults that a fake is told to have, each of them once. */
final class Faults {

    /** For requests to paths that end so and whose query has the text. */
    private record Rule(String pathEnd, String inQuery, Queue<Fault> next) {

        boolean concerns(String path, String query) {
            return path.endsWith(pathEnd) && query.contains(inQuery);
        }
    }

    private final Queue<Rule> rules = new ConcurrentLinkedQueue<>();

    void add(String pathEnd, List<Fault> next) {
        rules.add(new Rule(pathEnd, "", new ArrayDeque<>(next)));
    }

    void add(String pathEnd, LocalDate day, List<Fault> next) {
        rules.add(new Rule(pathEnd, "starting_at=" + day, new ArrayDeque<>(next)));
    }

    /** Takes the fault of a request; those that were told first come first. */
    synchronized Optional<Fault> take(String path, String query) {
        return rules.stream()
                .filter(rule -> !rule.next().isEmpty() && rule.concerns(path, query))
                .findFirst()
                .map(rule -> rule.next().remove());
    }
}
