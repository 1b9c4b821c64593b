package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.lang.module.ModuleDescriptor;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** INGESTION_TRANSPORT is changed between two starts, and queues are there that somebody declared otherwise. */
class TransportChangeIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> settings;
    private TestPublisher publisher;
    private Sql database;

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        publisher = new TestPublisher(settings.get("RABBITMQ_URL"));
        database = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    private ServiceProcess start(String transport) {
        settings.put("INGESTION_TRANSPORT", transport);
        return ServiceProcess.start(settings);
    }

    @Test
    void nothingIsLostOrLeftOrStoredTwiceWhenTheTransportChanges() throws Exception {
        try (ServiceProcess stream = start("stream").awaitReady()) {
            await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.STREAM) == 0);
            assertThat(publisher.ready(BrokerTopology.QUEUE))
                    .as("only the named transport is declared")
                    .isEqualTo(-1);
            publisher.publish(300);
            awaitStored();
            await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.STREAM) >= 300);
            stream.stop();
        }
        publisher.publish(300);
        try (ServiceProcess queue = start("queue").awaitReady()) {
            publisher.publish(300);
            awaitDrained(queue, BrokerTopology.STREAM);
            awaitStored();
            assertStreamUnbound();
            queue.stop();
        }
        await("every acknowledgement has arrived").atMost(PATIENCE).until(() -> publisher.isDone(BrokerTopology.QUEUE));
        publisher.publish(300);
        assertThat(publisher.ready(BrokerTopology.QUEUE)).isEqualTo(300);
        try (ServiceProcess stream = start("stream").awaitReady()) {
            publisher.publish(300);
            awaitDrained(stream, BrokerTopology.QUEUE);
            awaitStored();
            await("nothing reads the queue").atMost(PATIENCE).until(() -> publisher.isDone(BrokerTopology.QUEUE));
            assertQueueUnbound();
        }
        assertThat(database.number("select count(distinct (org_id, event_id)) from analytics.usage_events"))
                .isEqualTo(database.number("select count(*) from analytics.usage_events"));
        assertThat(database.number("select sum(stored) from analytics.ingestion_batches"))
                .isEqualTo(publisher.published().size());
        assertThat(database.number("select sum(dead_lettered) + sum(conflicts) from analytics.ingestion_batches"))
                .isZero();
        assertThat(publisher.ready(BrokerTopology.DEAD_LETTER_QUEUE)).isZero();
    }

    @Test
    void whatExistsOtherwiseStopsTheStartWithALineThatNamesTheDifference() throws Exception {
        declare(BrokerTopology.STREAM, Map.of("x-queue-type", "stream", "x-max-age", "1h"));
        declare(
                BrokerTopology.QUEUE,
                Map.of(
                        "x-queue-type", "quorum",
                        "x-delivery-limit", 7,
                        "x-dead-letter-exchange", "",
                        "x-dead-letter-routing-key", BrokerTopology.DEAD_LETTER_QUEUE,
                        "x-dead-letter-strategy", "at-least-once",
                        "x-overflow", "reject-publish"));
        try (ServiceProcess stream = start("stream");
                ServiceProcess queue = start("queue")) {
            assertRefused(stream, BrokerTopology.STREAM, "x-max-age");
            assertRefused(queue, BrokerTopology.QUEUE, "x-delivery-limit");
        }
    }

    /** The suite's broker may have none; local-dev/super-streams tries them where they are. */
    @Test
    void superStreamsAreReadWhereTheBrokerHasThemAndRefusedWithOneLineElsewhere() throws Exception {
        settings.put("INGESTION_STREAM_PARTITIONS", "3");
        boolean has = ModuleDescriptor.Version.parse(publisher.brokerVersion())
                        .compareTo(ModuleDescriptor.Version.parse("3.11"))
                >= 0;
        try (ServiceProcess service = start("stream")) {
            if (has) {
                service.awaitReady();
                publisher.publish(300);
                awaitStored();
            } else {
                assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
                assertThat(service.log().lines().filter(line -> line.contains("INGESTION_STREAM_PARTITIONS")))
                        .singleElement()
                        .asString()
                        .contains("RabbitMQ " + publisher.brokerVersion(), "(expected: 3.11 or newer, or 1)");
            }
        }
    }

    private static void assertRefused(ServiceProcess service, String name, String argument) {
        assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
        assertThat(service.log().lines().filter(line -> line.contains("inequivalent arg")))
                .singleElement()
                .asString()
                .contains(name, argument, "exists at the broker with other properties");
        assertThat(service.log()).doesNotContain("\tat ", "\"stackTrace\"");
    }

    private void declare(String name, Map<String, Object> arguments) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare(name, true, false, false, arguments);
        }
    }

    private static void awaitDrained(ServiceProcess service, String name) {
        await("see the service's log").atMost(PATIENCE).until(() -> service.log()
                .contains("event=leftovers_drained name=" + name));
    }

    private void awaitStored() {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(database.number(
                        "select count(*) from analytics.usage_events where org_id = '" + publisher.org() + "'"))
                .isEqualTo(publisher.published().size()));
    }

    /** What is published now no longer comes to it. */
    private void assertQueueUnbound() throws Exception {
        publisher.publish(10);
        awaitStored();
        assertThat(publisher.isDone(BrokerTopology.QUEUE)).isTrue();
    }

    /** The same of the stream, whose messages are read instead of counted: the broker updates their count late. */
    private void assertStreamUnbound() throws Exception {
        publisher.repeatInto(BrokerTopology.STREAM, "before");
        publisher.publish(10);
        awaitStored();
        publisher.repeatInto(BrokerTopology.STREAM, "after");
        List<String> ids = publisher.messageIds(BrokerTopology.STREAM, "after");
        assertThat(ids).hasSizeGreaterThanOrEqualTo(602).endsWith("before", "after");
    }
}
