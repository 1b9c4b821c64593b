package io.inference.analytics.bench;

import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Programs that do a part of the service's work and nothing else. */
final class References {

    /** Acknowledgements of PerfTest, and so the granularity of what it counts. */
    static final int ACK_EVERY = 500;

    private static final int PREFETCH = 4_000;
    private static final Pattern PERF_TEST_RATE = Pattern.compile("receiving rate avg: ([0-9]+) msg/s");
    private static final Pattern CONNECTOR_RATE = Pattern.compile("rate=([0-9.]+)");

    private References() {}

    /** Messages a second that RabbitMQ PerfTest reads from the reference queue, acknowledging every 500. */
    static double perfTest(Stack stack, int messages) throws Exception {
        String output = run(List.of(
                Bench.java(),
                "-cp",
                Files.readString(Path.of("target/perf-test-classpath.txt")).strip(),
                "com.rabbitmq.perf.PerfTest",
                "--uri",
                stack.settings().get("RABBITMQ_URL"),
                "--producers",
                "0",
                "--consumers",
                "1",
                "--predeclared",
                "--queue",
                Stack.REFERENCE_QUEUE,
                "--qos",
                String.valueOf(PREFETCH),
                "--multi-ack-every",
                String.valueOf(ACK_EVERY),
                "--cmessages",
                String.valueOf(messages)));
        return find(PERF_TEST_RATE, output);
    }

    /** Messages a second that the SmallRye connector reads from the reference queue and acknowledges one by one. */
    static double connector(Stack stack, int messages) throws Exception {
        ConnectionFactory broker = new ConnectionFactory();
        broker.setUri(stack.settings().get("RABBITMQ_URL"));
        String output = run(List.of(
                Bench.java(),
                "-Xmx320m",
                "-Drabbitmq-host=" + broker.getHost(),
                "-Drabbitmq-port=" + broker.getPort(),
                "-Drabbitmq-username=" + broker.getUsername(),
                "-Drabbitmq-password=" + broker.getPassword(),
                "-Drabbitmq-virtual-host=" + broker.getVirtualHost(),
                "-Dbench.queue=" + Stack.REFERENCE_QUEUE,
                "-Dbench.prefetch=" + PREFETCH,
                "-Dbench.messages=" + messages,
                "-jar",
                "target/bench-connector/quarkus-app/quarkus-run.jar"));
        return find(CONNECTOR_RATE, output);
    }

    private static double find(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new IllegalStateException("no rate (" + pattern + ") in: " + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        return run(command, "");
    }

    /** What the command printed; a password is for PostgreSQL's programs. */
    static String run(List<String> command, String password) throws IOException, InterruptedException {
        Path log = Files.createTempFile(Path.of("target"), "bench", ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        if (!password.isEmpty()) {
            builder.environment().put("PGPASSWORD", password);
        }
        Process process = builder.start();
        int code = process.waitFor();
        String output = Files.readString(log);
        Files.delete(log);
        if (code != 0) {
            throw new IllegalStateException(command.get(0) + " ended with " + code + ": " + output);
        }
        return output;
    }
}
