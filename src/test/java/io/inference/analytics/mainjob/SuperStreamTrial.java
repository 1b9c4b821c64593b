package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.stream.Address;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.Message;
import com.rabbitmq.stream.Producer;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TcpProxy;
import io.inference.analytics.testing.TestBackends;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A super stream, read by several replicas. Its name keeps it out of the suite: it needs a broker that has super streams, which
 * {@code local-dev/super-streams} names.
 */
class SuperStreamTrial {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final String STREAM = "analytics.usage.v1";
    private static final int PARTITIONS_MAX = 16;
    private static final Pattern ORG = Pattern.compile("\"orgId\":\"([^\"]+)\"");

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);
    private final String broker = System.getProperty("analytics.super-streams.broker");
    private final String streamPort = System.getProperty("analytics.super-streams.port");
    private Map<String, String> settings;
    private Stored stored;

    @BeforeEach
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        settings.remove("analytics.ingestion.enabled");
        settings.remove("analytics.rollup.enabled");
        settings.put("RABBITMQ_URL", broker);
        settings.put("RABBITMQ_STREAM_PORT", streamPort);
        settings.put("ROLLUP_INTERVAL", "1s");
        // Four replicas of a test share two processors.
        settings.put("analytics.ingestion.stream.lease", "5s");
        stored = new Stored(settings.get("DATABASE_URL"));
        atBroker(channel -> {
            System.out.printf(
                    "Broker: RabbitMQ %s%n",
                    channel.getConnection().getServerProperties().get("version"));
            channel.exchangeDelete("analytics.usage");
            channel.exchangeDelete(STREAM);
            for (String name : List.of(STREAM, STREAM + ".queue", STREAM + ".dlq")) {
                channel.queueDelete(name);
            }
            for (int partition = 0; partition < PARTITIONS_MAX; partition++) {
                channel.queueDelete(STREAM + "-" + partition);
            }
        });
    }

    @AfterEach
    void end() throws SQLException {
        stored.close();
        backends.stop();
    }

    @Test
    void replicasShareThePartitionsAndTheOthersGoOnWhenOneIsKilled() throws Exception {
        List<byte[]> bodies = sample(60_000, 41);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        partitions(4);
        try (ServiceProcess one = ServiceProcess.start(settings).awaitReady();
                ServiceProcess other = ServiceProcess.start(settings).awaitReady()) {
            awaitReaders(2, 4);
            publishByOrganisation(bodies.subList(0, 30_000));
            await("commits of two replicas")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> stored.count("select count(distinct replica) from analytics.ingestion_batches") == 2);
            one.kill();
            publishByOrganisation(bodies.subList(30_000, bodies.size()));
            awaitStored(expected);
            awaitReaders(1, 4);
            try (ServiceProcess third = ServiceProcess.start(settings).awaitReady()) {
                awaitReaders(2, 4);
                third.stop();
            }
            awaitReaders(1, 4);
            assertThat(other.get("/analytics/v1/status/readyz", "").statusCode())
                    .isEqualTo(200);
            assertThat(stored.hourly()).isEqualTo(expected.groups());
            assertThat(
                            stored.count(
                                    "select count(distinct div(first_offset, 10000000000000)) from analytics.ingestion_batches"))
                    .as("each partition had messages")
                    .isEqualTo(4);
        }
        assertBooks(4);
        assertReplayFindsNothingNew();
    }

    /** It keeps its connections to the broker. */
    @Test
    void anotherReplicaReadsWhatOneWithoutItsDatabaseHad() throws Exception {
        List<byte[]> bodies = sample(10_000, 45);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        partitions(4);
        URI server = URI.create(settings.get("DATABASE_URL"));
        try (TcpProxy proxy = new TcpProxy(Ports.free(), server.getHost(), server.getPort())) {
            Map<String, String> cutOff = new HashMap<>(settings);
            cutOff.put(
                    "DATABASE_URL", settings.get("DATABASE_URL").replace(":" + server.getPort(), ":" + proxy.port()));
            try (ServiceProcess one = ServiceProcess.start(cutOff).awaitReady();
                    ServiceProcess other = ServiceProcess.start(settings).awaitReady()) {
                awaitReaders(2, 4);
                publishByOrganisation(bodies.subList(0, 5_000));
                // PostgreSQL notices, so that no lock of the replica's sessions keeps the rollups waiting.
                proxy.redirect(Ports.free());
                proxy.cut();
                publishByOrganisation(bodies.subList(5_000, bodies.size()));
                awaitStored(expected);
                awaitReaders(1, 4);
                awaitFreshness("fresh");
                proxy.redirect(server.getPort());
                awaitReaders(2, 4);
                one.kill();
                other.stop();
            }
        }
        assertBooks(4);
    }

    /** Three of four partitions are quiet, and then the reader of one hangs. */
    @Test
    void whatIsKnownFollowsThePartitionThatWaits() throws Exception {
        partitions(4);
        publishToExchange(sample(200, 46));
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            publishToExchange(sample(200, 47));
            awaitReaders(1, 4);
            awaitFreshness("fresh");
            service.stop();
        }
        // As a replica that is frozen, and whose last word is too old to count.
        stored.execute(
                "update analytics.ingestion_stream_observations set observed_at = observed_at - interval '2 minutes'");
        stored.execute("update analytics.ingestion_positions set holder = 'frozen', epoch = epoch + 1,"
                + " leased_until = now() + interval '90 seconds' where transport = 'stream-1'");
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            await("three readers")
                    .atMost(PATIENCE)
                    .until(() -> stored.count(
                                    "select count(*) from analytics.ingestion_stream_observations where reads and observed_at > now() - interval '5 seconds'")
                            == 3);
            awaitFreshness("unknown");
            awaitReaders(1, 4);
            awaitFreshness("fresh");
            service.stop();
        }
        assertBooks(4);
    }

    /** As a job writes it every five seconds. */
    private void awaitFreshness(String status) {
        await("freshness " + status).atMost(PATIENCE).untilAsserted(() -> {
            assertThat(stored.count("select count(*) from analytics.freshness_status"))
                    .isPositive();
            assertThat(stored.count("select count(*) from analytics.freshness_status where status <> '" + status + "'"))
                    .isZero();
        });
    }

    /** Every change while messages come in by both ways, and some wait unread. */
    @Test
    void aChangeOfTransportPartitionsOrLanesLosesAndDoublesNothing() throws Exception {
        List<byte[]> bodies = sample(35_000, 42);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        int part = 0;
        for (String[] step : new String[][] {
            {"stream", "1", "4"},
            {"stream", "3", "4"},
            {"stream", "16", "7"},
            {"stream", "2", "2"},
            {"queue", "2", "3"},
            {"stream", "2", "4"},
            {"stream", "1", "4"}
        }) {
            settings.put("INGESTION_TRANSPORT", step[0]);
            settings.put("INGESTION_LANES", step[2]);
            partitions(Integer.parseInt(step[1]));
            if (part > 0) {
                publishToExchange(bodies.subList(part, part + 2_000));
            }
            try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
                await("reading, see " + service.log()).atMost(PATIENCE).until(() -> service.get(
                                "/analytics/v1/status/readyz", "")
                        .body()
                        .replace(" ", "")
                        .contains("\"reads\":true"));
                int from = part == 0 ? part : part + 2_000;
                publishToExchange(bodies.subList(from, part + 4_000));
                if (step[0].equals("stream") && !step[1].equals("1")) {
                    publishByOrganisation(bodies.subList(part + 4_000, part + 5_000));
                } else {
                    publishToExchange(bodies.subList(part + 4_000, part + 5_000));
                }
                // Killed while messages are under way, so that the next one has leftovers.
                service.kill();
            }
            part += 5_000;
        }
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            awaitStored(expected);
            service.stop();
        }
        for (String org : expected.groups().keySet().stream()
                .map(ExpectedTotals.Group::orgId)
                .distinct()
                .toList()) {
            assertThat(stored.count("select sum(input_tokens)::bigint from analytics.usage_hourly where org_id = '"
                            + org + "'"))
                    .isEqualTo(expected.sumsOf(org).inputTokens().longValueExact());
        }
        assertThat(CommandProcess.run(settings, "conservation").exitCode()).isZero();
    }

    @Test
    void aPartitionThatWasMadeAgainIsRecognisedAndAccepted() throws Exception {
        partitions(2);
        List<byte[]> bodies = sample(2_000, 43);
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            publishByOrganisation(bodies);
            awaitStored(ExpectedTotals.of(bodies, Instant.now()));
            service.stop();
        }
        atBroker(channel -> {
            channel.queueDelete(STREAM + "-1");
            channel.queueDeclare(
                    STREAM + "-1", true, false, false, Map.of("x-queue-type", "stream", "x-max-age", "604800s"));
        });
        try (ServiceProcess service = ServiceProcess.start(settings)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.log()).contains("of stream " + STREAM + "-1 lies beyond its end 0", "stream status");
        }
        CommandProcess.Result status = CommandProcess.run(settings, "stream", "status");
        assertThat(status.exitCode()).isEqualTo(1);
        assertThat(status.out()).contains(STREAM + "-0", STREAM + "-1", "lies beyond its end");
        CommandProcess.Result reset = CommandProcess.run(settings, "stream", "reset");
        assertThat(reset.out()).contains("stream " + STREAM + "-1 is accepted").doesNotContain(STREAM + "-0");
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            List<byte[]> more = sample(2_000, 44);
            publishByOrganisation(more);
            await("the events of before and after").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            stored.count("select count(*) from analytics.usage_events"))
                    .isEqualTo(ExpectedTotals.of(bodies, Instant.now()).stored()
                            + ExpectedTotals.of(more, Instant.now()).stored()));
            service.stop();
        }
        assertBooks(2);
    }

    private static List<byte[]> sample(int count, long seed) {
        return SampleEvents.bodies(
                new SampleOptions(count, 12, 4, 10, 5, 4, 1, 0, 0, seed, Instant.now(), Duration.ZERO));
    }

    private void partitions(int count) {
        settings.put("INGESTION_STREAM_PARTITIONS", Integer.toString(count));
    }

    private void awaitReaders(int replicas, int partitions) {
        await("%d replicas that read %d partitions".formatted(replicas, partitions))
                .atMost(PATIENCE)
                .untilAsserted(() -> {
                    String held =
                            " from analytics.ingestion_positions where transport like 'stream-%' and leased_until > now()";
                    assertThat(stored.count("select count(*)" + held)).isEqualTo(partitions);
                    assertThat(stored.count("select count(distinct holder)" + held))
                            .isEqualTo(replicas);
                });
    }

    private void awaitStored(ExpectedTotals expected) {
        await("stored events").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        stored.count("select count(*) from analytics.usage_events"))
                .isEqualTo(expected.stored()));
        await("rollups equal to the raw events").atMost(PATIENCE).untilAsserted(() -> {
            assertThat(stored.count("select count(*) from analytics.rollup_outbox"))
                    .isZero();
            assertThat(stored.drift()).isZero();
        });
    }

    private void assertBooks(int partitions) {
        CommandProcess.Result conservation = CommandProcess.run(settings, "conservation");
        assertThat(conservation.exitCode()).as(conservation.toString()).isZero();
        CommandProcess.Result status = CommandProcess.run(settings, "stream", "status");
        assertThat(status.exitCode()).as(status.toString()).isZero();
        for (int partition = 0; partition < partitions; partition++) {
            assertThat(status.out()).contains(STREAM + "-" + partition);
        }
    }

    private void assertReplayFindsNothingNew() throws SQLException {
        long before = stored.count("select count(*) from analytics.usage_events");
        CommandProcess.Result replay = CommandProcess.run(
                settings,
                "replay",
                "--from-time",
                Instant.now().minusSeconds(3_600).toString());
        assertThat(replay.exitCode()).as(replay.toString()).isZero();
        assertThat(replay.out()).contains(" 0 stored");
        assertThat(stored.count("select count(*) from analytics.usage_events")).isEqualTo(before);
    }

    private void publishToExchange(List<byte[]> bodies) throws Exception {
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(broker, Clock.systemUTC())) {
            for (byte[] body : bodies) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
    }

    /** As docs/producers says: the partition follows from the organisation, by the client's own hash. */
    private void publishByOrganisation(List<byte[]> bodies) throws Exception {
        URI uri = URI.create(broker);
        String[] user = uri.getUserInfo().split(":", 2);
        Address address = new Address(uri.getHost(), Integer.parseInt(streamPort));
        CountDownLatch confirmed = new CountDownLatch(bodies.size());
        try (Environment environment = Environment.builder()
                        .host(address.host())
                        .port(address.port())
                        .username(user[0])
                        .password(user[1])
                        .addressResolver(advertised -> address)
                        .build();
                Producer producer = environment
                        .producerBuilder()
                        .superStream(STREAM)
                        .routing(SuperStreamTrial::org)
                        .producerBuilder()
                        .build()) {
            for (byte[] body : bodies) {
                producer.send(producer.messageBuilder().addData(body).build(), status -> {
                    if (status.isConfirmed()) {
                        confirmed.countDown();
                    }
                });
            }
            assertThat(confirmed.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static String org(Message message) {
        Matcher org = ORG.matcher(new String(message.getBodyAsBinary(), StandardCharsets.UTF_8));
        return org.find() ? org.group(1) : "";
    }

    @FunctionalInterface
    private interface Work {
        void on(Channel channel) throws Exception;
    }

    private void atBroker(Work work) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(broker);
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            work.on(channel);
        }
    }
}
