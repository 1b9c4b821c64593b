package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the packaged service ends, and that the next one goes on exactly where it stopped. */
class CleanStopIT {

    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration STOP_MAX = Duration.ofSeconds(30);
    private static final int EXIT_SIGTERM = 143;

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> settings;
    private Stored stored;

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        settings.put("ROLLUP_INTERVAL", "1s");
    }

    @AfterEach
    void end() throws SQLException {
        if (stored != null) {
            stored.close();
        }
        backends.stop();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stream", "queue"})
    void stoppedInMidFlowItGivesBackWhatItHolds(String transport) throws Exception {
        settings.put("INGESTION_TRANSPORT", transport);
        SampleOptions options = new SampleOptions(40_000, 5, 4, 10, 5, 4, 1, 0, 5, 21, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        ServiceProcess first = ServiceProcess.start(settings).awaitReady();
        stored = new Stored(settings.get("DATABASE_URL"));
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (byte[] body : bodies) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> stored.outcomes().received() > 500);

        int logged = first.log().length();
        long begun = System.nanoTime();
        first.stop();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(STOP_MAX);
        assertThat(first.awaitEnd()).as(first.log()).isEqualTo(EXIT_SIGTERM);
        assertThat(first.log().substring(logged).lines().filter(line -> line.contains("Exception")))
                .isEmpty();
        assertThat(
                        stored.count(
                                "select count(*) from analytics.ingestion_positions where transport = 'stream' and leased_until > now()"))
                .as("a lease is left to the next one")
                .isZero();

        try (ServiceProcess second = ServiceProcess.start(settings).awaitReady()) {
            await("outcomes of " + second)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .untilAsserted(() -> assertThat(stored.count("select count(*) from analytics.usage_events"))
                            .isEqualTo(expected.stored()));
            await().atMost(PATIENCE).untilAsserted(() -> assertOutcomes(transport, expected));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(stored.drift()).isZero());
        }
    }

    /**
     * The position of the stream is committed with the events, so nothing comes twice. The broker may forget acknowledgements that a
     * quorum queue had not taken yet when the connection was closed; these messages come again, and change nothing but the counts.
     */
    private void assertOutcomes(String transport, ExpectedTotals expected) throws SQLException {
        Stored.Outcomes wanted = Stored.Outcomes.of(expected);
        Stored.Outcomes found = stored.outcomes();
        if (transport.equals("stream")) {
            assertThat(found).isEqualTo(wanted);
        } else {
            assertThat(found.stored()).isEqualTo(wanted.stored());
            assertThat(found.conflicts()).isEqualTo(wanted.conflicts());
            assertThat(found.duplicates()).isGreaterThanOrEqualTo(wanted.duplicates());
            assertThat(found.deadLettered()).isGreaterThanOrEqualTo(wanted.deadLettered());
            assertThat(found.received())
                    .isEqualTo(found.stored() + found.duplicates() + found.conflicts() + found.deadLettered());
        }
    }

    /** A rolling deploy costs no caller an answer: readiness goes first, and until the port is closed every request is answered. */
    @Test
    void readinessGoesFirstAndRequestsAreAnsweredMeanwhile() throws Exception {
        settings.put("INGESTION_TRANSPORT", "stream");
        settings.put("SHUTDOWN_DELAY", "5s");
        ServiceProcess service = ServiceProcess.start(settings).awaitReady();
        long begun = System.nanoTime();
        service.signal("TERM");
        await("readiness, see the log")
                .atMost(Duration.ofSeconds(4))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> service.get("/analytics/v1/status/readyz", "").statusCode() == 503);
        for (int i = 0; i < 20; i++) {
            assertThat(service.get("/analytics/v1/orgs", "").statusCode()).isEqualTo(401);
        }
        assertThat(service.awaitEnd()).as(service.log()).isEqualTo(EXIT_SIGTERM);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(STOP_MAX);
    }

    /** The service makes none in place of one that it has read. */
    private void makeEmptyStream() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        try (Connection connection = factory.newConnection();
                Channel channel = connection.createChannel()) {
            channel.queueDeclare(
                    "analytics.usage.v1",
                    true,
                    false,
                    false,
                    Map.of(
                            "x-queue-type",
                            "stream",
                            "x-max-age",
                            Duration.ofDays(7).toSeconds() + "s"));
        }
    }

    @Test
    void anOffsetBeyondTheStreamsEndRefusesTheStart() throws Exception {
        settings.put("INGESTION_TRANSPORT", "stream");
        assertThat(ServiceProcess.start(settings, "migrate").awaitEnd()).isZero();
        stored = new Stored(settings.get("DATABASE_URL"));
        stored.execute("insert into analytics.ingestion_positions (transport, next_offset) values ('stream', 1000)");
        makeEmptyStream();
        ServiceProcess service = ServiceProcess.start(settings);
        assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
        assertThat(service.log().lines().filter(line -> line.contains("lies beyond its end")))
                .as(service.log())
                .singleElement()
                .asString()
                .contains("stored offset 1000 of stream analytics.usage.v1");
        assertThat(service.log()).doesNotContain("\tat ").doesNotContain("    at ");
        assertThat(stored.count("select next_offset from analytics.ingestion_positions where transport = 'stream'"))
                .isEqualTo(1_000);
    }
}
