package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Databases as administrators set them up: the service works with them, or says in one line what it needs. */
class FoundDatabaseIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int EVENTS = 500;

    private final String name = "app_" + UUID.randomUUID().toString().replace("-", "");
    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private Map<String, String> settings;
    private Sql superuser;
    private Sql inside;

    @BeforeEach
    void createDatabase() {
        settings = new HashMap<>(backends.start());
        String url = settings.get("DATABASE_URL");
        superuser = new Sql(url);
        // Flavour citus connects to itself with the password of the server's own user.
        String password = URI.create(url).getUserInfo().split(":", 2)[1];
        superuser.execute("create role " + name + " login password '" + password + "'");
        superuser.execute("create database " + name);
        superuser.execute("revoke all on database " + name + " from public");
        superuser.execute("grant connect, create, temporary on database " + name + " to " + name);
        String own = url.replaceFirst("(//[^/]*/)[^?]*", "$1" + name);
        inside = new Sql(own);
        String flavour = settings.get("STORAGE_FLAVOUR");
        if (!flavour.equals("postgres")) {
            inside.execute("create extension " + (flavour.equals("timescale") ? "timescaledb" : flavour));
        }
        settings.put("DATABASE_URL", own.replaceFirst("//[^@]*@", "//" + name + ":" + password + "@"));
        settings.put("ROLLUP_INTERVAL", "500ms");
    }

    @AfterEach
    void dropDatabase() {
        superuser.execute("drop database " + name + " with (force)");
        superuser.execute("drop role " + name);
        backends.stop();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "serializable by default | alter database %s set default_transaction_isolation = 'serializable'",
                "a search path without schemas | alter role %s set search_path = ''",
                "limits that are too short | alter role %s set statement_timeout = '1s'",
                "the schema is there | create schema analytics authorization %s",
                "durability left to each session | alter database %s set synchronous_commit = off"
            })
    void itWorks(String how, String sql) throws Exception {
        inside.execute(sql.formatted(name));
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            try (ConfirmedPublisher publisher =
                    new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
                for (byte[] body : SampleEvents.bodies(SampleOptions.of(EVENTS, 51, Instant.now()))) {
                    publisher.publish(body);
                }
                publisher.awaitConfirms();
            }
            await(how + ", see " + service.log())
                    .atMost(PATIENCE)
                    .until(() -> inside.number("select count(*) from analytics.usage_events") == EVENTS
                            && inside.number("select coalesce(sum(invocations), 0) from analytics.usage_daily")
                                    == EVENTS
                            && inside.number("select count(*) from analytics.rollup_outbox") == 0);
            service.stop();
            assertThat(service.log()).doesNotContain("rollup_failed", "upkeep_failed", "batch_not_stored");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "alter database %s set default_transaction_read_only = on | the database is read-only",
                "revoke temporary on database %1$s from %1$s | the user may not make temporary tables",
                "revoke create on database %1$s from %1$s | the user lacks a right (SQLState 42501)",
                "create schema analytics | the user lacks a right (SQLState 42501)",
                "create schema analytics authorization %1$s; create table analytics.mine (a integer) | non-empty schema"
            })
    void itSaysWhatItNeeds(String sql, String said) {
        inside.execute(sql.formatted(name));
        try (ServiceProcess service = ServiceProcess.start(settings)) {
            assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
            assertThat(service.log().lines().filter(line -> line.startsWith("analytics: ")))
                    .singleElement()
                    .asString()
                    .contains(said);
            assertThat(service.log()).doesNotContain("\tat ");
        }
    }
}
