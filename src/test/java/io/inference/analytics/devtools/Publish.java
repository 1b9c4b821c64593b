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
@Command(
        name = "local-dev/publish",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {
            "local-dev/publish FILE.ndjson|-",
            "       local-dev/publish --sample N [--rate R] [--orgs O] [--models M] [--duplicates PCT] [--late PCT]",
            "                         [--errors PCT] [--seed S] [--malformed PCT] [--conflicts PCT] [--arrays PCT]",
            "                         [--now TIME] [--out FILE]",
            "       local-dev/publish --scenario incident [--rate R] [--seed S] [--now TIME] [--out FILE]"
        },
        description = {
            "",
            "Publishes each line of a file, unchanged, as one message to RABBITMQ_URL (default: the local stack's), or",
            "makes sample events. Waits until the broker has confirmed every one.",
            ""
        },
        exitCodeListHeading = "%nExit codes: ",
        exitCodeList = {"0:all are confirmed", "1:failed", "2:wrong command line"})
final class Publish implements Callable<Integer> {
    /** A sample at a rate is confirmed at least this often, so that a failure shows soon. */
    private static final Duration CONFIRM_INTERVAL = Duration.ofSeconds(1);

    private final Clock clock;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "one message a line; - is standard input")
    private String file;

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "makes N events instead, repeated and bad ones included")
    private Integer sample;

    /** Stories that events can tell. */
    enum Scenario {
        /** One model times out for one client for ten minutes. */
        incident
    }

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description = "incident: three hours in which one model times out for one client for ten minutes")
    private Scenario scenario;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description = "messages a second (default: as fast as the broker confirms)")
    private Double rate;

    @Option(
            names = "--orgs",
            paramLabel = "O",
            defaultValue = "2",
            description = "organisations (default: ${DEFAULT-VALUE})")
    private int orgs;

    @Option(
            names = "--models",
            paramLabel = "M",
            defaultValue = "3",
            description = "models (default: ${DEFAULT-VALUE})")
    private int models;

    @Option(
            names = "--duplicates",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "repeated events, some with another time")
    private double duplicates;

    @Option(
            names = "--late",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "new events of the last 30 days, not the last hour")
    private double late;

    @Option(
            names = "--errors",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "new events that are error, timeout or throttled")
    private double errors;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "the same events again, but for their times (default: other ones each time)")
    private Long seed;

    @Option(
            names = "--malformed",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "events that must be dead-lettered")
    private double malformed;

    @Option(
            names = "--conflicts",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "repeated events with other content")
    private double conflicts;

    @Option(
            names = "--arrays",
            paramLabel = "PCT",
            defaultValue = "0",
            description = "messages that are arrays of events")
    private double arrays;

    @Option(
            names = "--now",
            paramLabel = "TIME",
            description = "what the sample takes for now, as 2026-01-31T12:00:00Z")
    private Instant now;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "writes the sample there, a message a line, instead of publishing")
    private Path out;

    Publish(Clock clock, Map<String, String> environment) {
        this.clock = clock;
        this.environment = environment;
    }

    public static void main(String[] args) {
        System.exit(commandLine(Clock.systemUTC(), System.getenv()).execute(args));
    }

    static CommandLine commandLine(Clock clock, Map<String, String> environment) {
        CommandLine commandLine = new CommandLine(new Publish(clock, environment));
        commandLine.setParameterExceptionHandler((e, args) -> {
            e.getCommandLine()
                    .getErr()
                    .println("local-dev/publish: " + e.getMessage() + System.lineSeparator()
                            + "Try local-dev/publish --help.");
            return CommandLine.ExitCode.USAGE;
        });
        return commandLine;
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
        IncidentScenario incident = new IncidentScenario(
                seed == null ? ThreadLocalRandom.current().nextLong() : seed, now == null ? clock.instant() : now);
        stdout.println("incident org " + IncidentScenario.ORG + " model " + IncidentScenario.MODEL + " client "
                + IncidentScenario.CLIENT + " from " + incident.start() + " to " + incident.end());
        stdout.flush();
        try {
            if (out != null) {
                stdout.println("wrote " + write(incident) + " messages to " + out);
            } else {
                publish(incident, stdout);
            }
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            return fail(out + ": " + e.getMessage());
        } catch (PublishException e) {
            return fail(e.getMessage());
        }
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
        spec.commandLine().getErr().println("local-dev/publish: " + message);
        return CommandLine.ExitCode.SOFTWARE;
    }
}
