package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The database is lost under load. Its backup, made while events were stored, goes to another database or another server, and the
 * service resumes from the stream: nothing is lost, nothing counted twice. Other figures of docs/runbooks/restore.md come from runs
 * with {@code -Danalytics.restore.events=N}.
 */
class RestoreIT {

    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final int EVENTS = Integer.getInteger("analytics.restore.events", 20_000);
    private static final Path PAGE = Path.of("docs/runbooks/restore.md");

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private final Map<String, String> place = new HashMap<>();
    private Map<String, String> settings;

    /** How the backup is made and restored; both are commands of a shell. */
    private enum Way {
        /** By the commands of the page. */
        DUMP {
            @Override
            String backup() throws Exception {
                return block("## Backup").replaceFirst("(?m)^set -a; .*$", "");
            }

            @Override
            String restore() throws Exception {
                return block("## Restore into an empty database");
            }

            @Override
            String remove() {
                return "rm -f analytics.dump analytics.list";
            }
        },
        /** All files of the server, which another one is started with. */
        BASEBACKUP {
            @Override
            String backup() throws Exception {
                return block("## All files of the server").replace("analytics-files", "\"$FILES\"");
            }

            @Override
            String restore() {
                return SecondServer.START;
            }

            @Override
            String remove() {
                return SecondServer.REMOVE;
            }
        };

        abstract String backup() throws Exception;

        abstract String restore() throws Exception;

        abstract String remove();

        private static String block(String heading) throws Exception {
            Matcher block = Pattern.compile(
                            "^" + heading + "$.*?^```sh\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL)
                    .matcher(Files.readString(PAGE));
            assertThat(block.find()).as(heading).isTrue();
            return block.group(1);
        }
    }

    /** A server in a container is not started again from its files by this machine. */
    static Stream<Way> ways() {
        String provider = System.getenv().getOrDefault("ANALYTICS_BACKENDS", "native");
        return provider.equals("native") ? Stream.of(Way.values()) : Stream.of(Way.DUMP);
    }

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("INGESTION_TRANSPORT", "stream");
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aRestoredDatabaseResumesFromTheStream(Way way) throws Exception {
        SampleOptions options = new SampleOptions(EVENTS, 5, 4, 5, 10, 4, 1, 0, 2, 31, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        String lost = settings.get("DATABASE_URL");
        place.put("DATABASE_URL", lost);
        place.put(
                "FILES", "/var/tmp/analytics-restore-" + ProcessHandle.current().pid());
        place.put("PORT", Integer.toString(Ports.free()));
        Figures figures = new Figures();
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
                publish(publisher, bodies.subList(0, bodies.size() / 2));
                awaitStored(lost, EVENTS / 10);
                figures.measure("backup", () -> run(way.backup()));
                publish(publisher, bodies.subList(bodies.size() / 2, bodies.size() * 3 / 4));
                awaitStored(lost, EVENTS / 2);
                service.kill();
            }
            figures.note("size", new Sql(lost).text("select pg_size_pretty(pg_database_size(current_database()))"));
            figures.note("lost", new Sql(lost).text("select count(*)::text || ' events' from analytics.usage_events"));
            publish(publisher, bodies.subList(bodies.size() * 3 / 4, bodies.size()));
        }
        if (way == Way.DUMP) {
            // The commands must not need what is lost.
            new Sql(server(lost)).execute("drop database " + name(lost) + " with (force)");
        }
        try {
            figures.measure("restore", () -> run(way.restore()));
            resume(restored(way, lost), expected, figures);
        } finally {
            run(way.remove());
            new Sql(server(lost)).execute("drop database if exists analytics_restored with (force)");
        }
        Files.writeString(
                Path.of("target/restore-" + way.name().toLowerCase(Locale.ROOT) + ".txt"), figures.toString());
    }

    private void resume(String restored, ExpectedTotals expected, Figures figures) throws Exception {
        settings.put("DATABASE_URL", restored);
        try (Stored stored = new Stored(restored)) {
            long held = stored.outcomes().received();
            assertThat(held).as("messages in the backup").isPositive().isLessThan(expected.received());
            figures.note("in the backup", held + " of " + expected.received());
            ServiceProcess[] service = new ServiceProcess[1];
            figures.measure(
                    "start", () -> service[0] = ServiceProcess.start(settings).awaitReady());
            try (ServiceProcess running = service[0]) {
                figures.measure("caught up", () -> await("outcomes of " + running)
                        .atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(100))
                        .untilAsserted(() -> assertThat(stored.outcomes()).isEqualTo(Stored.Outcomes.of(expected))));
                assertThat(stored.count("select count(*) from analytics.usage_events"))
                        .isEqualTo(expected.stored());
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(stored.drift()).isZero());
            }
            assertThat(stored.hourly()).isEqualTo(expected.groups());
        }
        CommandProcess.Result conservation = CommandProcess.run(settings, "conservation");
        assertThat(conservation.exitCode()).as(conservation.out()).isZero();
    }

    private static void publish(ConfirmedPublisher publisher, List<byte[]> bodies) throws Exception {
        for (byte[] body : bodies) {
            publisher.publish(body);
        }
        publisher.awaitConfirms();
    }

    private static void awaitStored(String database, int events) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> new Sql(database).number("select count(*) from analytics.usage_events") >= events);
    }

    private String restored(Way way, String lost) {
        return switch (way) {
            case DUMP -> lost.replaceFirst("(//[^/]*/)[^?]*", "$1analytics_restored");
            case BASEBACKUP -> lost.replaceFirst(":[0-9]+/", ":" + place.get("PORT") + "/");
        };
    }

    private static String server(String url) {
        return url.replaceFirst("(//[^/]*/)[^?]*", "$1postgres");
    }

    private static String name(String url) {
        return url.replaceFirst("^.*//[^/]*/([^?]*).*$", "$1");
    }

    private void run(String commands) {
        LocalDev.Result result = LocalDev.script(
                place, "set -uo pipefail; trap 'echo \"failed: $BASH_COMMAND\"; exit 1' ERR\n" + commands);
        assertThat(result.exitCode()).as(result.output()).isZero();
    }

    /** What was measured, in the order of time. */
    private static final class Figures {

        private interface Step {
            void run() throws Exception;
        }

        private final StringBuilder lines = new StringBuilder();

        void measure(String what, Step step) throws Exception {
            long begun = System.nanoTime();
            step.run();
            note(what, String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - begun) / 1e9));
        }

        void note(String what, String figure) {
            lines.append(what).append(": ").append(figure).append('\n');
        }

        @Override
        public String toString() {
            return lines.toString();
        }
    }
}
