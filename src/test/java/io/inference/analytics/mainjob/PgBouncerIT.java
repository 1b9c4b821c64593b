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
import io.inference.analytics.testing.PgBouncer;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
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

/** The packaged service, and its commands, behind PgBouncer. */
class PgBouncerIT {

    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> direct;
    private Map<String, String> pooled;

    @BeforeEach
    void begin() {
        direct = backends.start();
        pooled = new HashMap<>(direct);
        pooled.put("ROLLUP_INTERVAL", "1s");
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    @Test
    void inSessionModeItDoesItsWholeWork() throws Exception {
        List<byte[]> bodies = SampleEvents.bodies(
                new SampleOptions(20_000, 5, 4, 10, 5, 4, 1, 0, 5, 31, Instant.now(), Duration.ZERO));
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        try (PgBouncer pooler =
                        new PgBouncer(direct.get("DATABASE_URL"), "pool_mode = session", "default_pool_size = 40");
                AutoCloseable server = () -> LocalDev.act(Backend.POSTGRES, "start")) {
            pooled.put("DATABASE_URL", pooler.databaseUrl());
            try (ServiceProcess one = ServiceProcess.start(pooled);
                    ServiceProcess other = ServiceProcess.start(pooled)) {
                one.awaitReady();
                other.awaitReady();
                publish(bodies.subList(0, 10_000));
                LocalDev.act(Backend.POSTGRES, "kill");
                await("readiness goes down with the server behind the pooler, not with " + server)
                        .atMost(PATIENCE)
                        .until(() -> one.get("/analytics/v1/status/readyz", "").statusCode() == 503);
                LocalDev.act(Backend.POSTGRES, "start");
                one.kill();
                publish(bodies.subList(10_000, bodies.size()));
                awaitAll(expected);
                other.awaitReady();
            }
            for (String[] command : new String[][] {{"conservation"}, {"stream", "status"}, {"migrate"}}) {
                CommandProcess.Result result = CommandProcess.run(pooled, command);
                assertThat(result.exitCode()).as(result.toString()).isZero();
            }
        }
    }

    private void publish(List<byte[]> bodies) throws Exception {
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(pooled.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (byte[] body : bodies) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
    }

    private void awaitAll(ExpectedTotals expected) throws SQLException {
        try (Stored stored = new Stored(direct.get("DATABASE_URL"))) {
            await("stored events").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            stored.count("select count(*) from analytics.usage_events"))
                    .isEqualTo(expected.stored()));
            await("rollups equal to the raw events").atMost(PATIENCE).untilAsserted(() -> {
                assertThat(stored.count("select count(*) from analytics.rollup_outbox"))
                        .isZero();
                assertThat(stored.drift()).isZero();
            });
            assertThat(stored.hourly()).isEqualTo(expected.groups());
        }
    }

    /** Also the smallest pool, whose connections have one server process in turn, and one that gives out the process that was free longest. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "pool_mode = transaction",
                "pool_mode = transaction\ndefault_pool_size = 1",
                "pool_mode = transaction\nserver_round_robin = 1",
                "pool_mode = statement"
            })
    void inOtherModesAStartAndEveryCommandEndWithOneLine(String mode) throws Exception {
        try (PgBouncer pooler = new PgBouncer(direct.get("DATABASE_URL"), mode)) {
            pooled.put("DATABASE_URL", pooler.databaseUrl());
            try (ServiceProcess service = ServiceProcess.start(pooled)) {
                assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
                assertRefused(service.log());
            }
            Map<String, String> migratedByAJob = new HashMap<>(pooled);
            migratedByAJob.put("QUARKUS_FLYWAY_MIGRATE_AT_START", "false");
            try (ServiceProcess service = ServiceProcess.start(migratedByAJob)) {
                assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
                assertRefused(service.log());
            }
            assertThat(new Sql(direct.get("DATABASE_URL"))
                            .number("select count(*) from pg_namespace where nspname = 'analytics'"))
                    .as("nothing was made")
                    .isZero();
            for (String[] command : new String[][] {{"migrate"}, {"conservation"}, {"apikey", "list"}}) {
                CommandProcess.Result result = CommandProcess.run(pooled, command);
                assertThat(result.exitCode()).as(result.toString()).isEqualTo(1);
                assertRefused(result.err());
            }
        }
    }

    private static void assertRefused(String said) {
        assertThat(said.lines().filter(line -> line.contains("in session mode")))
                .singleElement()
                .asString()
                .contains("DATABASE_URL: ", "(expected: PostgreSQL itself, or ");
        assertThat(said).doesNotContain("\tat ");
    }
}
