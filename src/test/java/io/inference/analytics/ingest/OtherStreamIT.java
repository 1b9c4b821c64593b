package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stream is deleted, and made again by somebody else: nothing of the new one is read past the position, or lost. */
class OtherStreamIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NEXT_OFFSET =
            "select next_offset from analytics.ingestion_positions where transport = 'stream'";

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> settings;
    private TestPublisher publisher;
    private Sql database;

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        settings.put("INGESTION_TRANSPORT", "stream");
        publisher = new TestPublisher(settings.get("RABBITMQ_URL"));
        database = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    @FunctionalInterface
    private interface Work {
        void on(Channel channel) throws Exception;
    }

    private void atBroker(Work work) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            work.on(channel);
        }
    }

    private void deleteStream() throws Exception {
        atBroker(channel -> channel.queueDelete(BrokerTopology.STREAM));
    }

    /** As the service would; by whatever restores a broker's definitions. */
    private void makeStream() throws Exception {
        atBroker(channel -> {
            channel.queueDeclare(
                    BrokerTopology.STREAM,
                    true,
                    false,
                    false,
                    Map.of(
                            "x-queue-type",
                            "stream",
                            "x-max-age",
                            Duration.ofDays(7).toSeconds() + "s"));
            channel.queueBind(BrokerTopology.STREAM, BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY);
        });
    }

    private ServiceProcess serve() {
        return ServiceProcess.start(settings).awaitReady();
    }

    private void awaitStored(long count) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored()).isEqualTo(count));
    }

    private long stored() {
        return database.number("select count(*) from analytics.usage_events");
    }

    private void publishAndStore(int count) throws Exception {
        try (ServiceProcess service = serve()) {
            await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.STREAM) >= 0);
            publisher.publish(count);
            awaitStored(count);
            service.stop();
        }
    }

    private Result run(String... arguments) {
        return CommandProcess.run(settings, arguments);
    }

    private void assertRefused(String difference) {
        try (ServiceProcess service = ServiceProcess.start(settings)) {
            assertEnds(service, difference);
        }
        Result status = run("stream", "status");
        assertThat(status.exitCode()).as(status.toString()).isEqualTo(1);
        assertThat(status.out()).contains(difference);
    }

    private static void assertEnds(ServiceProcess service, String difference) {
        assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
        assertThat(service.log().lines().filter(line -> line.contains("start_refused")))
                .as(service.log())
                .singleElement()
                .asString()
                .contains(difference, "analytics stream status");
        assertThat(service.log()).doesNotContain("\tat ");
    }

    private void assertAccepted() {
        Result reset = run("stream", "reset");
        assertThat(reset.exitCode()).as(reset.toString()).isZero();
    }

    private void assertDone(String said, String... arguments) {
        Result result = run(arguments);
        assertThat(result.exitCode()).as(result.toString()).isZero();
        assertThat(result.out()).contains(said);
    }

    @Test
    void aStreamThatWasMadeAgainIsNotReadUntilItIsAccepted() throws Exception {
        publishAndStore(20);
        assertDone("difference         none", "stream", "status");
        assertThat(run("stream", "reset").err()).contains("is the one that was read before");
        deleteStream();
        makeStream();
        assertRefused("lies beyond its end 0");
        // It has outgrown the position, so its end shows nothing.
        publisher.publish(50);
        assertRefused("has another message at offset 19");
        assertThat(stored()).isEqualTo(20);
        assertThat(database.number(NEXT_OFFSET)).isEqualTo(20);

        assertAccepted();
        try (ServiceProcess service = serve()) {
            awaitStored(70);
            publisher.publish(5);
            awaitStored(75);
            service.stop();
        }
        assertThat(database.number(NEXT_OFFSET)).isEqualTo(75);
        assertDone("base of the books  20", "stream", "status");
        assertDone("75 received, 75 stored", "conservation");
        assertDone("55 received, 0 stored", "replay", "--from-offset", "20");
        assertThat(run("replay", "--from-offset", "19").err()).contains("from-offset: 19 (expected: 20 or more");
    }

    @Test
    void aStreamThatIsMissingIsNotMadeAgainUntilThatIsAccepted() throws Exception {
        publishAndStore(5);
        deleteStream();
        assertRefused("is missing, and was read up to offset 5");
        assertThat(publisher.ready(BrokerTopology.STREAM)).as("not made again").isEqualTo(-1);
        assertAccepted();
        try (ServiceProcess service = serve()) {
            await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.STREAM) >= 0);
            publisher.publish(5);
            awaitStored(10);
            service.stop();
        }
    }

    @Test
    void aStreamThatIsReplacedWhileItIsReadEndsTheProcess() throws Exception {
        try (ServiceProcess service = serve()) {
            await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.STREAM) >= 0);
            publisher.publish(10);
            awaitStored(10);
            deleteStream();
            makeStream();
            publisher.publish(30);
            assertEnds(service, "stream analytics.usage.v1");
        }
        assertThat(stored()).isEqualTo(10);
        assertAccepted();
        try (ServiceProcess service = serve()) {
            awaitStored(40);
            service.stop();
        }
    }

    /** As the reader records it when the stream begins behind the position. */
    @Test
    void whatTheStreamDroppedUnreadIsCountedAndFailsTheChecks() throws Exception {
        publishAndStore(5);
        database.execute(
                """
                with moved as (update analytics.ingestion_positions set next_offset = 12, offset_base = 7,
                                   last_message_offset = 11 where transport = 'stream')
                insert into analytics.ingestion_skipped_offsets (first_offset, last_offset, cause, recorded_at)
                values (5, 11, 'retention', now())
                """);
        Result conservation = run("conservation");
        assertThat(conservation.exitCode()).as(conservation.toString()).isEqualTo(1);
        assertThat(conservation.out()).containsPattern("messages lost by the stream +0 +7 +7 +offset 5");
        Result status = run("stream", "status");
        assertThat(status.exitCode()).as(status.toString()).isEqualTo(1);
        assertThat(status.out()).contains("lost messages      7", "difference         none");
        try (ServiceProcess service = serve()) {
            await().atMost(PATIENCE).until(() -> service.metrics()
                    .lines()
                    .anyMatch(line -> line.startsWith("analytics_ingestion_lost_messages_total{cause=\"retention\"")
                            && line.endsWith(" 7.0")));
        }
    }
}
