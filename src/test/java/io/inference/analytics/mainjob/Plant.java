package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Two replicas of the service with all of its servers and a producer that never stops, for {@link Trouble} to happen to. */
final class Plant implements AutoCloseable {

    private static final Path FILES =
            Path.of("/var/tmp/analytics-faults-" + ProcessHandle.current().pid());

    private final TestBackends backends =
            new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS, Backend.S3);
    private final Map<String, String> settings;
    private final Random random;
    private final List<Replica> replicas;
    private final PatientProducer producer;
    private final String original;
    private Map<String, String> promoted = Map.of();

    Plant(String transport, long seed) throws Exception {
        settings = new HashMap<>(backends.start());
        // That of files from fixed dates; the sample's events from before the retention are to be refused.
        settings.remove("analytics.retention.raw");
        settings.remove("analytics.retention.rollups");
        settings.put("INGESTION_TRANSPORT", transport);
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("EXPORT_WORKER_INTERVAL", "200ms");
        settings.put("ANALYTICS_INGESTION_STREAM_LEASE", "3s");
        original = settings.get("DATABASE_URL");
        random = new Random(seed);
        replicas = List.of(new Replica(settings), new Replica(settings));
        replicas.forEach(Replica::start);
        replicas.forEach(Replica::awaitReady);
        producer = new PatientProducer(settings.get("RABBITMQ_URL"), seed);
    }

    boolean isStream() {
        return settings.get("INGESTION_TRANSPORT").equals("stream");
    }

    PatientProducer producer() {
        return producer;
    }

    /** Up to half a second of messages pass before the next step of a fault. */
    void letSomePass() {
        producer.awaitMore(20 + random.nextInt(200));
    }

    List<Replica> replicas() {
        return replicas;
    }

    /** One that reads; on a stream there is only one. */
    Replica reader() {
        return await("a replica that reads")
                .atMost(Trouble.PATIENCE)
                .until(() -> replicas.stream().filter(Replica::reads).findFirst(), found -> found.isPresent())
                .orElseThrow();
    }

    Sql sql() {
        return new Sql(settings.get("DATABASE_URL"));
    }

    interface BrokerAction {
        void happen(Channel channel) throws Exception;
    }

    void onBroker(BrokerAction action) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            action.happen(channel);
        }
    }

    /** Returns when the broker reports to a connection that it takes no messages. */
    void awaitAlarm() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        CountDownLatch blocked = new CountDownLatch(1);
        Connection connection = factory.newConnection();
        try {
            connection.addBlockedListener(reason -> blocked.countDown(), () -> {});
            Channel channel = connection.createChannel();
            await("the alarm").atMost(Trouble.PATIENCE).until(() -> {
                if (blocked.getCount() > 0) {
                    channel.basicPublish("", "nowhere", null, "x".getBytes(StandardCharsets.UTF_8));
                }
                return blocked.await(100, TimeUnit.MILLISECONDS);
            });
        } finally {
            connection.abort(1_000);
        }
    }

    /** Runs commands of a shell with the files and the port of a second database server. */
    void shell(Map<String, String> more, String commands) {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("FILES", FILES.toString());
        environment.put("DATABASE_URL", settings.get("DATABASE_URL"));
        LocalDev.Result result = LocalDev.script(environment, "set -euo pipefail\n" + commands);
        assertThat(result.exitCode()).as(commands + "\n" + result.output()).isZero();
    }

    /** A standby follows the server, takes over when that one is killed, and stays. */
    void promoteStandby() {
        Map<String, String> place = Map.of("PORT", Integer.toString(Ports.free()));
        promoted = place;
        shell(
                place,
                "pg_basebackup --dbname=\"$(sed -E 's|(//[^/]*/)[^?]*|\\1postgres|' <<< \"$DATABASE_URL\")\""
                        + " --checkpoint=fast --write-recovery-conf --pgdata=\"$FILES\"\n" + SecondServer.START);
        if (!isStream()) {
            // What is acknowledged does not come again, so its commit must not be lost with the server.
            sql().execute("alter system set synchronous_standby_names = '*'");
            sql().text("select pg_reload_conf()");
        }
        await("the standby follows")
                .atMost(Trouble.PATIENCE)
                .until(() -> sql().number(
                                        "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = '"
                                                + (isStream() ? "async" : "sync") + "'")
                        == 1);
        letSomePass();
        LocalDev.act(Backend.POSTGRES, "kill");
        shell(place, SecondServer.PROMOTE);
        int port = Integer.parseInt(place.get("PORT"));
        settings.put("DATABASE_URL", original.replaceFirst(":[0-9]+/", ":" + port + "/"));
        replicas.forEach(replica -> replica.database().redirect(port));
    }

    /** Orders a file of the last days, as finance does. */
    Runnable order() {
        UUID org = UUID.fromString(SampleOptions.orgId(1));
        String token = Tokens.sign(Tokens.claims(List.of("finance"), org), settings);
        String path = "/analytics/v1/orgs/" + org + "/exports";
        Replica replica = replicas.get(0);
        Instant end = Instant.now().truncatedTo(ChronoUnit.DAYS);
        String body = "{\"timeRange\":{\"start\":\"%s\",\"end\":\"%s\"},\"delivery\":{\"type\":\"s3\"}}"
                .formatted(end.minus(Duration.ofDays(20)), end);
        String answer = replica.post(path, body, token).body();
        String job = answer.replaceFirst("(?s).*\"jobId\"\\s*:\\s*\"([^\"]+)\".*", "$1");
        assertThat(job).as(answer).matches("[0-9a-f-]{36}");
        return () -> await("the file").atMost(Trouble.PATIENCE).until(() -> replica.get(path + "/" + job, token)
                .body()
                .replace(" ", "")
                .contains("\"status\":\"succeeded\""));
    }

    /** Returns when everything published is stored, and nothing twice. */
    void awaitStored(Trouble fault, ExpectedTotals expected) {
        await("stored after " + fault)
                .atMost(Trouble.PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(sql().number("select count(*) from analytics.usage_events"))
                        .isEqualTo(expected.stored()));
    }

    /** The rollups are equal to the raw events, every event has one outcome, and both replicas work. */
    void assertBooks(Trouble fault, ExpectedTotals expected) throws Exception {
        try (Stored stored = new Stored(settings.get("DATABASE_URL"))) {
            await("rollups equal to the raw events after " + fault)
                    .atMost(Trouble.PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .untilAsserted(() -> assertThat(stored.drift()).isZero());
            await("dead letters published after " + fault)
                    .atMost(Trouble.PATIENCE)
                    .untilAsserted(
                            () -> assertThat(stored.count("select count(*) from analytics.ingestion_dead_letters"))
                                    .isZero());
            Stored.Outcomes found = stored.outcomes();
            assertThat(found.stored()).as(fault.toString()).isEqualTo(expected.stored());
            assertThat(found.received())
                    .as(fault.toString())
                    .isEqualTo(found.stored() + found.duplicates() + found.conflicts() + found.deadLettered());
            assertThat(stored.hourly()).as(fault.toString()).isEqualTo(expected.groups());
        }
        CommandProcess.Result conservation = CommandProcess.run(settings, "conservation");
        assertThat(conservation.exitCode())
                .as(fault + "\n" + conservation.out() + conservation.err())
                .isZero();
        for (Replica replica : replicas) {
            await("both replicas are ready after " + fault)
                    .atMost(Trouble.PATIENCE)
                    .until(replica::isReady);
        }
    }

    @Override
    public void close() {
        producer.close();
        replicas.forEach(Replica::close);
        if (!promoted.isEmpty()) {
            shell(promoted, SecondServer.REMOVE);
            LocalDev.act(Backend.POSTGRES, "start");
            new Sql(original).execute("alter system reset synchronous_standby_names");
            new Sql(original).text("select pg_reload_conf()");
        }
        backends.stop();
    }
}
