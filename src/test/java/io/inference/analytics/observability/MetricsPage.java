package io.inference.analytics.observability;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Makes {@code docs/metrics.md} from what the service itself answers at {@code /metrics}. */
final class MetricsPage {

    static final Path PAGE = Path.of("docs/metrics.md");

    /** Built in; the others that Quarkus and the JVM add are theirs to explain. */
    private static final String REQUESTS = "http_server_requests_seconds";

    private static final Set<String> SUFFIXES = Set.of("_total", "_bucket", "_sum", "_count");

    /** What the type of a metric adds to its series; no dimension of its own. */
    private static final Map<String, String> OWN_LABEL = Map.of("histogram", "le", "summary", "quantile");

    private MetricsPage() {}

    static String text(Scrape scrape) {
        StringBuilder page = new StringBuilder(
                """
                # Metrics

                This page is generated from what the service answers at `/metrics`. To write it again:

                ```
                local-dev/test -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=StreamObservabilityIT \\
                    -Danalytics.write-docs
                ```

                [observability.md](observability.md#metrics) says how to read them.

                | Name | Type | Labels | Meaning |
                |---|---|---|---|
                """);
        metrics(scrape)
                .forEach((name, labels) -> page.append("| `%s` | %s | %s | %s |\n"
                        .formatted(
                                type(scrape, name).equals("counter") ? name + "_total" : name,
                                type(scrape, name),
                                labels.stream().map(label -> "`" + label + "`").collect(Collectors.joining(", ")),
                                scrape.help().get(name).replace("|", "\\|"))));
        return page.toString();
    }

    /** The metrics by name, with their labels. */
    static Map<String, Set<String>> metrics(Scrape scrape) {
        Map<String, Set<String>> metrics = new TreeMap<>();
        for (Scrape.Sample sample : scrape.samples()) {
            if (!sample.name().startsWith("analytics_") && !sample.name().startsWith(REQUESTS)) {
                continue;
            }
            String name = declared(scrape, sample.name());
            if (!isMaximum(scrape, name)) {
                Set<String> labels = metrics.computeIfAbsent(name, any -> new TreeSet<>());
                labels.addAll(sample.labels().keySet());
                labels.remove(OWN_LABEL.getOrDefault(type(scrape, name), ""));
            }
        }
        return metrics;
    }

    private static String type(Scrape scrape, String name) {
        return scrape.types().get(name);
    }

    /** The name of the metric that a sample belongs to. */
    private static String declared(Scrape scrape, String sample) {
        for (String suffix : SUFFIXES) {
            String name = sample.endsWith(suffix) ? sample.substring(0, sample.length() - suffix.length()) : sample;
            if (scrape.types().containsKey(name)) {
                return name;
            }
        }
        throw new AssertionError("a sample without a type: " + sample);
    }

    /** Micrometer adds a gauge of the greatest value to each timer. */
    private static boolean isMaximum(Scrape scrape, String name) {
        return name.endsWith("_max") && scrape.types().containsKey(name.substring(0, name.length() - "_max".length()));
    }
}
