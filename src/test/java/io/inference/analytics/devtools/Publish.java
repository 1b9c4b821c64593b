package io.inference.analytics.devtools;

import io.inference.analytics.devtools.ConfirmedPublisher.PublishException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code local-dev/publish}: events from a file, or made for the purpose, into RabbitMQ. */
@Command(name = "local-dev/publish")
final class Publish implements Callable<Integer> {
    /** A sample at a rate is confirmed at least this often, so that a failure shows soon. */
    private static final Duration CONFIRM_INTERVAL = Duration.ofSeconds(1);

    private final Clock clock;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE")
    private String file;

    @Option(names = "--sample", paramLabel = "N")
    private Integer sample;

    /** Stories that events can tell. */
    enum Scenario {
        /** One model times out for one client for ten minutes. */
        incident,
        /** A month with everything that the console has a card for. */
        month
    }

    @Option(names = "--scenario", paramLabel = "NAME")
    private Scenario scenario;

    @Option(names = "--rate", paramLabel = "R")
    private Double rate;

    @Option(names = "--orgs", paramLabel = "O", defaultValue = "2")
    private int orgs;

    @Option(names = "--models", paramLabel = "M", defaultValue = "3")
    private int models;

    @Option(names = "--duplicates", paramLabel = "PCT", defaultValue = "0")
    private double duplicates;

    @Option(names = "--late", paramLabel = "PCT", defaultValue = "0")
    private double late;

    @Option(names = "--errors", paramLabel = "PCT", defaultValue = "0")
    private double errors;

    @Option(names = "--seed", paramLabel = "S")
    private Long seed;

    @Option(names = "--malformed", paramLabel = "PCT", defaultValue = "0")
    private double malformed;

    @Option(names = "--conflicts", paramLabel = "PCT", defaultValue = "0")
    private double conflicts;

    @Option(names = "--arrays", paramLabel = "PCT", defaultValue = "0")
    private double arrays;

    @Option(names = "--now", paramLabel = "TIME")
    private Instant now;

    @Option(names = "--out", paramLabel = "FILE")
    private Path out;

    Publish(Clock clock, Map<String, String> environment) {
        this.clock = clock;
        this.environment = environment;
    }

    public static void main(String[] args) {
        System.exit(commandLine(Clock.systemUTC(), System.getenv()).execute(args));
    }

    static CommandLine commandLine(Clock clock, Map<String, String> environment) {
        return DevTool.commandLine(new Publish(clock, environment));
    }

    @Override
    public Integer call() {
        PrintWriter stdout = spec.commandLine().getOut();
        if (scenario != null) {
            return tell(stdout);
        }
        SampleOptions options = checkedOptions();
        try {
            if (options != null) {
                options.orgIds().forEach(id -> stdout.println("org " + id));
                stdout.flush();
            }
            if (out != null) {
                stdout.println("wrote " + write(new SampleEvents(options)) + " messages to " + out);
            } else if (options != null) {
                publish(new SampleEvents(options), stdout);
            } else {
                try (InputStream in = new BufferedInputStream(
                        file.equals("-") ? System.in : Files.newInputStream(Path.of(file)), 1 << 16)) {
                    publish(new MessageLines(in), stdout);
                }
            }
            return CommandLine.ExitCode.OK;
        } catch (NoSuchFileException e) {
            return fail(e.getFile() + ": no such file or directory");
        } catch (IOException | UncheckedIOException e) {
            return fail((out == null ? file : out) + ": " + e.getMessage());
        } catch (PublishException e) {
            return fail(e.getMessage());
        }
    }

    private Integer tell(PrintWriter stdout) {
        if (file != null || sample != null) {
            throw usage("--scenario needs neither FILE nor --sample");
        }
        Iterator<byte[]> story = story(stdout);
        stdout.flush();
        try {
            if (out != null) {
                stdout.println("wrote " + write(story) + " messages to " + out);
            } else {
                publish(story, stdout);
            }
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            return fail(out + ": " + e.getMessage());
        } catch (PublishException e) {
            return fail(e.getMessage());
        }
    }

    /** The events of the scenario; prints what a viewer is meant to find. */
    private Iterator<byte[]> story(PrintWriter stdout) {
        long decides = seed == null ? ThreadLocalRandom.current().nextLong() : seed;
        Instant present = now == null ? clock.instant() : now;
        return switch (scenario) {
            case incident -> {
                IncidentScenario incident = new IncidentScenario(decides, present);
                stdout.println("incident org " + IncidentScenario.ORG + " model " + IncidentScenario.MODEL + " client "
                        + IncidentScenario.CLIENT + " from " + incident.start() + " to " + incident.end());
                yield incident;
            }
            case month -> {
                MonthScenario month = new MonthScenario(decides, present);
                stdout.println("incident org " + MonthScenario.INCIDENT_ORG + " model " + MonthScenario.INCIDENT_MODEL
                        + " client " + MonthScenario.INCIDENT_CLIENT + " from " + month.incidentStart() + " to "
                        + month.incidentEnd());
                yield month;
            }
        };
    }

    /** The options of a sample, or null for a file. */
    private SampleOptions checkedOptions() {
        if ((file == null) == (sample == null)) {
            throw usage("either FILE or --sample N is needed");
        }
        if (rate != null && !(rate > 0 && rate <= 1_000_000)) {
            throw usage("--rate: " + rate + " (expected: over 0, at most 1000000)");
        }
        if (sample == null) {
            if (out != null) {
                throw usage("--out needs --sample N");
            }
            return null;
        }
        try {
            return new SampleOptions(
                    sample,
                    orgs,
                    models,
                    duplicates,
                    late,
                    errors,
                    malformed,
                    conflicts,
                    arrays,
                    seed == null ? ThreadLocalRandom.current().nextLong() : seed,
                    now == null ? clock.instant() : now,
                    rate == null ? Duration.ZERO : Duration.ofNanos(nanosBetween()));
        } catch (IllegalArgumentException e) {
            throw usage("--" + e.getMessage().replaceFirst("^count", "sample"));
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private long nanosBetween() {
        return (long) (TimeUnit.SECONDS.toNanos(1) / rate);
    }

    private long write(Iterator<byte[]> bodies) throws IOException {
        long count = 0;
        try (OutputStream lines = new BufferedOutputStream(Files.newOutputStream(out))) {
            while (bodies.hasNext()) {
                lines.write(bodies.next());
                lines.write('\n');
                count++;
            }
        }
        return count;
    }

    private void publish(Iterator<byte[]> bodies, PrintWriter stdout) throws PublishException {
        String url = environment.getOrDefault("RABBITMQ_URL", "");
        if (url.isEmpty()) {
            throw new PublishException("RABBITMQ_URL is not set (is the local stack running? local-dev/run)", null);
        }
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(url, clock)) {
            long start = System.nanoTime();
            long lastConfirm = start;
            while (bodies.hasNext()) {
                byte[] body = bodies.next();
                if (rate != null) {
                    if (System.nanoTime() - lastConfirm > CONFIRM_INTERVAL.toNanos()) {
                        publisher.awaitConfirms();
                        lastConfirm = System.nanoTime();
                    }
                    sleepUntil(start + (long) (publisher.published() * (TimeUnit.SECONDS.toNanos(1) / rate)));
                }
                publisher.publish(body);
            }
            publisher.awaitConfirms();
            stdout.println("published " + publisher.published() + " messages, " + publisher.confirmed() + " confirmed");
        }
    }

    private static void sleepUntil(long nanoTime) throws PublishException {
        try {
            TimeUnit.NANOSECONDS.sleep(nanoTime - System.nanoTime());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PublishException("interrupted", e);
        }
    }

    private int fail(String message) {
        return DevTool.fail(spec.commandLine(), message);
    }
}
