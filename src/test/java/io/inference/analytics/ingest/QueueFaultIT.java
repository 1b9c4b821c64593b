package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.BrokerBehindProxy;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TcpProxy;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Transport queue when connections, broker or database fail with a batch in flight. The lane's lock, held by the test, keeps the
 * writers in front of their commit for as long as a case needs.
 */
@QuarkusTest
@WithBackends(rabbitmq = true)
@WithTestResource(BrokerBehindProxy.class)
@TestProfile(QueueFaultIT.OnQueue.class)
class QueueFaultIT {

    /** Small batches on transport queue. */
    public static final class OnQueue implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "analytics.ingestion.transport",
                    "queue",
                    "analytics.ingestion.batch-size",
                    Integer.toString(BATCH),
                    "analytics.ingestion.backlog-batch-size",
                    Integer.toString(BATCH),
                    "analytics.ingestion.batch-timeout",
                    "100ms");
        }
    }

    private static final int BATCH = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String LOCK = "select pg_advisory_lock(analytics.ingest_lane())";

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    IngestPipeline pipeline;

    @ConfigProperty(name = BrokerBehindProxy.BROKER_URL)
    String brokerUrl;

    @ConfigProperty(name = "RABBITMQ_URL")
    URI proxyUrl;

    /** Listens until the last test is over: another program could take the port in between. */
    private static TcpProxy proxy;

    private TestPublisher publisher;

    @BeforeEach
    void reachBroker() {
        URI broker = URI.create(brokerUrl);
        if (proxy == null) {
            proxy = new TcpProxy(proxyUrl.getPort(), broker.getHost(), broker.getPort());
        }
        publisher = new TestPublisher(brokerUrl);
        awaitReading();
    }

    @AfterEach
    void leaveBroker() {
        proxy.cut();
    }

    @AfterAll
    static void close() {
        proxy.close();
    }

    @Test
    void everyEventIsStoredOnce() throws Exception {
        publisher.publish(1_000);
        assertStoredOnce();
    }

    /**
     * The first batch is committed and acknowledged, the second is in flight when the connection breaks. On the new channel its
     * tags stand for the third batch, which is lost at the next break if the late acknowledgements reach it.
     */
    @Test
    void lateAcknowledgementsNeverReachTheNextConnection() throws Exception {
        publisher.publish(BATCH);
        awaitStored(BATCH);
        await().atMost(PATIENCE).until(() -> unacknowledged() == 0);
        try (Connection first = database.getConnection();
                Connection second = database.getConnection()) {
            run(first, LOCK);
            publisher.publish(3 * BATCH);
            awaitWaitingForLane(1);
            Thread behind = new Thread(() -> run(second, LOCK));
            behind.start();
            awaitWaitingForLane(2);

            cut();
            awaitWaitingForLane(3);

            run(first, "select pg_advisory_unlock(analytics.ingest_lane())");
            behind.join(PATIENCE.toMillis());
            awaitStored(2 * BATCH);
            // Acknowledgements are not awaited by anybody; if any were on their way, they arrive in this time.
            await().during(Duration.ofSeconds(2)).atMost(PATIENCE).until(() -> stored() == 2 * BATCH);
            cut();
            run(second, "select pg_advisory_unlock(analytics.ingest_lane())");
        }
        assertStoredOnce();
    }

    @Test
    void brokerStopsPolitely() throws Exception {
        withBatchInFlight(() -> LocalDev.act(Backend.RABBITMQ, "stop"));
        LocalDev.act(Backend.RABBITMQ, "start");
        assertStoredOnce();
    }

    @Test
    void brokerIsKilled() throws Exception {
        withBatchInFlight(() -> LocalDev.act(Backend.RABBITMQ, "kill"));
        LocalDev.act(Backend.RABBITMQ, "start");
        assertStoredOnce();
    }

    @Test
    void databaseHangs() throws Exception {
        publisher.publish(500);
        LocalDev.act(Backend.POSTGRES, "pause");
        try {
            publisher.publish(1_000);
            await().atMost(PATIENCE).until(() -> unacknowledged() >= 1_000);
            await().during(Duration.ofSeconds(3)).atMost(PATIENCE).until(() -> unacknowledged() >= 1_000);
        } finally {
            LocalDev.act(Backend.POSTGRES, "resume");
        }
        assertStoredOnce();
    }

    private interface Fault {
        void happen() throws Exception;
    }

    private void withBatchInFlight(Fault fault) throws Exception {
        try (Connection holder = database.getConnection()) {
            run(holder, LOCK);
            publisher.publish(1_000);
            awaitWaitingForLane(1);
            fault.happen();
            await().atMost(PATIENCE).until(() -> !ingestion.reader().view().reads());
            run(holder, "select pg_advisory_unlock(analytics.ingest_lane())");
        }
    }

    private void assertStoredOnce() throws Exception {
        awaitStored(publisher.published().size());
        awaitReading();
        await().atMost(PATIENCE).until(() -> publisher.ready(BrokerTopology.QUEUE) == 0 && unacknowledged() == 0);
        // What the broker still held as unacknowledged would come again.
        long received = number("select coalesce(sum(received), 0) from analytics.ingestion_batches");
        cut();
        publisher.publish(1);
        awaitStored(publisher.published().size());
        assertThat(number("select coalesce(sum(received), 0) from analytics.ingestion_batches"))
                .isEqualTo(received + 1);
        assertThat(number("select count(distinct event_id) from analytics.usage_events where org_id = '"
                        + publisher.org() + "'"))
                .isEqualTo(publisher.published().size());
        assertThat(publisher.ready(BrokerTopology.DEAD_LETTER_QUEUE)).isZero();
        assertThat(
                        number(
                                "select count(*) from analytics.ingestion_batches where received <> stored + duplicates + conflicts + dead_lettered"))
                .isZero();
        assertThat(number("select sum(stored) from analytics.ingestion_batches"))
                .isEqualTo(number("select count(*) from analytics.usage_events"));
    }

    private long unacknowledged() {
        return ingestion.reader().view().backlogMessages();
    }

    /** Breaks the connection and waits for the next one. */
    private void cut() {
        long before = pipeline.buffer().generation();
        proxy.cut();
        await().atMost(PATIENCE).until(() -> pipeline.buffer().generation() > before);
        awaitReading();
    }

    private void awaitReading() {
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
    }

    private void awaitStored(long count) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored()).isEqualTo(count));
    }

    private long stored() throws SQLException {
        return number("select count(*) from analytics.usage_events where org_id = '" + publisher.org() + "'");
    }

    private void awaitWaitingForLane(long sessions) {
        await().atMost(PATIENCE)
                .until(() -> number("select count(*) from pg_locks where locktype = 'advisory' and not granted")
                        >= sessions);
    }

    private long number(String sql) {
        return new Sql(database).number(sql);
    }

    private static void run(Connection connection, String sql) {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
