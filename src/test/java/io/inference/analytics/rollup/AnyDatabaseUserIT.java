package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.TestBackends;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The packaged service as a database user of any name: what a session searches depends on the name, and what the service finds must
 * not.
 */
class AnyDatabaseUserIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String app = "app_" + UUID.randomUUID().toString().replace("-", "");
    private final UUID org = UUID.randomUUID();
    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> settings;
    private Sql superuser;
    private Sql superuserInside;
    private Sql database;

    /** Where somebody created the extension before the first migration, which else does so itself. */
    static Stream<String> extensionSchemas() {
        return isTimescale() ? Stream.of("", "public", "Time Series") : Stream.of("");
    }

    @BeforeEach
    void createDatabase() {
        settings = new HashMap<>(backends.start());
        String url = settings.get("DATABASE_URL");
        superuser = new Sql(url);
        // Flavour citus connects to itself with the password of the server's own user.
        String password = URI.create(url).getUserInfo().split(":", 2)[1];
        superuser.execute("create role " + app + " login password '" + password + "'");
        superuser.execute("create database " + app + " owner " + app);
        String inside = url.replaceFirst("(//[^/]*/)[^?]*", "$1" + app);
        superuserInside = new Sql(inside);
        if (settings.get("STORAGE_FLAVOUR").equals("citus")) {
            superuserInside.execute("create extension citus");
        }
        settings.put("DATABASE_URL", inside.replaceFirst("//[^@]*@", "//" + app + ":" + password + "@"));
        settings.put("ROLLUP_INTERVAL", "500ms");
        settings.put("analytics.retention.raw", "P30D");
        settings.put("analytics.rollup.upkeep-interval", "1s");
        database = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterEach
    void dropDatabase() {
        superuser.execute("drop database " + app + " with (force)");
        superuser.execute("drop role " + app);
        backends.stop();
    }

    @ParameterizedTest(name = "extension in schema \"{0}\"")
    @MethodSource("extensionSchemas")
    void lateEventsAreRolledUpAndRetentionFollowsItsSetting(String schema) throws Exception {
        if (!schema.isEmpty()) {
            superuserInside.execute("create schema if not exists \"" + schema + "\"");
            superuserInside.execute("grant usage on schema \"" + schema + "\" to " + app);
            superuserInside.execute("create extension timescaledb schema \"" + schema + "\"");
        }
        CommandProcess.Result migrated = CommandProcess.run(settings, "migrate");
        assertThat(migrated.exitCode()).as(migrated.toString()).isZero();
        Instant now = Instant.now();
        new StoredUsage()
                .add(Event.of(
                        UUID.randomUUID(),
                        UUID.randomUUID(),
                        now.minus(40, ChronoUnit.DAYS).toString()))
                .store(database.dataSource());

        try (ServiceProcess running = ServiceProcess.start(settings).awaitReady()) {
            Instant late = now.minus(3, ChronoUnit.DAYS);
            publish(5, late);
            awaitRolledUp(5);
            if (isTimescale()) {
                // Before that, the rollups are computed at each query.
                await("the hour is materialised").atMost(PATIENCE).until(() -> database.text(
                                "select analytics.watermark('usage_daily') > '" + late + "'")
                        .equals("t"));
            }
            publish(7, late);
            awaitRolledUp(12);
            await("the old event is dropped")
                    .atMost(PATIENCE)
                    .until(() -> database.number("select count(*) from analytics.usage_events") == 12);
            running.stop();
            assertThat(running.log()).doesNotContain("rollup_failed", "upkeep_failed");
        }
    }

    private static boolean isTimescale() {
        return System.getProperty("analytics.test.flavour", "postgres").equals("timescale");
    }

    private void publish(int events, Instant at) throws Exception {
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (int i = 0; i < events; i++) {
                publisher.publish(EventJson.minimal()
                        .with("orgId", "\"" + org + "\"")
                        .with("eventId", "\"" + UUID.randomUUID() + "\"")
                        .with("occurredAt", "\"" + at.truncatedTo(ChronoUnit.MICROS) + "\"")
                        .bytes());
            }
            publisher.awaitConfirms();
        }
    }

    private void awaitRolledUp(long events) {
        for (String rollup : new String[] {"usage_hourly", "usage_daily"}) {
            await(rollup).atMost(PATIENCE).untilAsserted(() -> assertThat(
                            database.number("select coalesce(sum(invocations), 0) from analytics." + rollup
                                    + " where org_id = '" + org + "'"))
                    .isEqualTo(events));
        }
    }
}
