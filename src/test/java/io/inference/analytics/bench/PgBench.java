package io.inference.analytics.bench;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A statement, again and again, by PostgreSQL's own program and without the service. */
final class PgBench {

    /** The id of the organisation with the number {@code :org}, see {@link io.inference.analytics.devtools.SampleOptions}. */
    static final String ORG_OF_RANDOM_NUMBER = "('00000000-0000-4000-8000-' || lpad(:org::text, 12, '0'))::uuid";

    private PgBench() {}

    /**
     * Times of the statement.
     *
     * @param sql may use {@code :org}, a random number from 1 to orgs
     */
    static Latencies run(Stack stack, String sql, int orgs, int requests) throws Exception {
        Path directory = Files.createTempDirectory(Path.of("target"), "pgbench");
        Path script = directory.resolve("statement.sql");
        Files.writeString(
                script,
                "\\set org random(1, " + orgs + ")\n"
                        + sql.replaceAll("\\s+", " ").strip() + ";\n");
        URI uri = URI.create(stack.settings().get("DATABASE_URL"));
        String[] user = uri.getUserInfo().split(":", 2);
        References.run(
                List.of(
                        "pgbench",
                        "-h",
                        uri.getHost(),
                        "-p",
                        String.valueOf(uri.getPort()),
                        "-U",
                        user[0],
                        "-n",
                        "-M",
                        "prepared",
                        "-f",
                        script.toString(),
                        "-t",
                        String.valueOf(requests),
                        "--log",
                        "--log-prefix=" + directory.resolve("log"),
                        uri.getPath().substring(1)),
                user[1]);
        List<Double> ms = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith("log")) {
                    // client, transaction, time in microseconds, …
                    Files.readAllLines(file).forEach(line -> ms.add(Double.parseDouble(line.split(" ", -1)[2]) / 1000));
                }
                Files.delete(file);
            }
        }
        Files.delete(directory);
        return new Latencies(ms.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
