package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * From an older version to this one and back, while events come in and questions are asked. Its name keeps it out of the suite: it
 * needs a build of the older version, which {@code local-dev/upgrade} makes.
 */
class UpgradeTrial {

    private static final Duration PATIENCE = Duration.ofSeconds(240);
    /** A statement may wait while a migration asks for its locks, which is 2 s at most for each, and on a busy machine longer. */
    private static final double WAIT_SECONDS_MAX = 6;

    private static final int FILL = Integer.getInteger("analytics.upgrade.events", 200_000);
    private static final int RATE = 300;
    /** Messages of each step under load. */
    private static final int STEP = 3_000;

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS);
    private final Path former = Path.of(System.getProperty("analytics.upgrade.former"));
    private Map<String, String> settings;
    private UpgradeLoad load;
    private UpgradeWatch watch;

    @BeforeEach
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("INGESTION_TRANSPORT", "stream");
        // Versions of before 29 November 2026 refuse a newer schema without it.
        settings.put("QUARKUS_FLYWAY_IGNORE_FUTURE_MIGRATIONS", "true");
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    @Test
    void nothingIsLostOrDoubledOnTheWayThereAndBack() throws Exception {
        Sql database = new Sql(settings.get("DATABASE_URL"));
        ServiceProcess old = old().awaitReady();
        load = new UpgradeLoad(settings.get("RABBITMQ_URL"), database);
        load.fill(FILL);
        await("the fill").atMost(PATIENCE).until(() -> load.taken() >= load.published());
        String before = database.text(
                "select version from analytics.flyway_schema_history where success and version is not null"
                        + " order by installed_rank desc limit 1");
        watch = new UpgradeWatch(database, settings);
        watch.step("the older version alone", old);
        try (UpgradeLoad running = load.begin(RATE);
                UpgradeWatch watching = watch.begin()) {
            awaitMessages();

            watch.step("`migrate`, while a transaction of 20 s reads events; the older version stores", old);
            long begun = System.nanoTime();
            migrateBesideALongTransaction(database);
            watch.note("%.1f s in all".formatted((System.nanoTime() - begun) / 1e9));
            awaitMessages();

            watch.step("both versions", old);
            ServiceProcess newer = ServiceProcess.start(settings).awaitReady();
            awaitMessages();

            watch.step("the new version alone", newer);
            old.stop();
            awaitMessages();

            watch.step("back: the older version on the new schema", newer);
            old = old().awaitReady();
            watch.ask(old);
            newer.stop();
            awaitMessages();

            watch.step("forward again, the older version ends by `kill -9`", old);
            newer = ServiceProcess.start(settings).awaitReady();
            watch.ask(newer);
            old.kill();
            awaitMessages();
            running.end();
            watching.end();
            everythingIsThere(database, newer);
        }
        String after = database.text(
                "select version from analytics.flyway_schema_history where success and version is not null"
                        + " order by installed_rank desc limit 1");
        Files.createDirectories(Path.of("target/upgrade"));
        Files.writeString(
                Path.of("target/upgrade/figures-" + settings.get("STORAGE_FLAVOUR") + ".md"),
                watch.table(settings.get("STORAGE_FLAVOUR"), before, after, FILL, load.published()));
        assertThat(watch.failed()).as("answers other than 200").isEmpty();
        assertThat(watch.waitSecondsMax())
                .as("seconds that a statement waited for a lock")
                .isLessThan(WAIT_SECONDS_MAX);
    }

    /** As an export or a report does, it keeps a share of the lock on events that some migrations need alone. */
    private void migrateBesideALongTransaction(Sql database) throws Exception {
        try (Connection reader = database.dataSource().getConnection();
                Statement statement = reader.createStatement()) {
            reader.setAutoCommit(false);
            statement.execute("select count(*) from analytics.usage_events");
            try (CommandProcess migrate = CommandProcess.start(settings, "migrate")) {
                awaitMessages();
                awaitMessages();
                reader.rollback();
                CommandProcess.Result result = migrate.await();
                assertThat(result.exitCode()).as(result.toString()).isZero();
            }
        }
    }

    private void everythingIsThere(Sql database, ServiceProcess service) throws Exception {
        ExpectedTotals expected = load.expected(Instant.now());
        try (Stored stored = new Stored(settings.get("DATABASE_URL"))) {
            await("every event once, see " + service).atMost(PATIENCE).untilAsserted(() -> assertThat(
                            database.number("select count(*) from analytics.usage_events"))
                    .isEqualTo(expected.stored()));
            await("rollups").atMost(PATIENCE).untilAsserted(() -> assertThat(stored.drift())
                    .isZero());
            assertThat(stored.hourly()).isEqualTo(expected.groups());
        }
        assertThat(database.number(
                        "select count(*) from (select 1 from analytics.usage_events group by org_id, event_id"
                                + " having count(*) > 1) twice"))
                .isZero();
        CommandProcess.Result conservation = CommandProcess.run(settings, "conservation");
        assertThat(conservation.exitCode()).as(conservation.out()).isZero();
    }

    private void awaitMessages() {
        long until = load.published() + STEP;
        await("the load").atMost(PATIENCE).until(() -> load.published() >= until && load.taken() >= until);
    }

    private ServiceProcess old() {
        return ServiceProcess.startOf(former, settings);
    }
}
