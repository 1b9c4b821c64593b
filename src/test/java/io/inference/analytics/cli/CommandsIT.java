package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The commands on a database and a broker that a server has worked with before. */
@QuarkusTest
@WithBackends(rabbitmq = true)
@TestProfile(CommandsInProcess.class)
class CommandsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String EXCHANGE = "analytics.usage";
    private static final String ROUTING_KEY = "usage.v1";
    private static final String STREAM = "analytics.usage.v1";
    private static final String STORED = "select count(*) from analytics.usage_events where batch_id > 0";

    private static Map<String, String> settings;
    private static Sql database;
    private static BrokerAtWork broker;
    private static StoredRollups rollups;

    @BeforeAll
    static void serve() throws Exception {
        settings = CommandsInProcess.settings();
        database = new Sql(settings.get("DATABASE_URL"));
        rollups = new StoredRollups(database);
        broker = new BrokerAtWork(settings.get("RABBITMQ_URL"));
        List<byte[]> bodies =
                SampleEvents.bodies(new SampleOptions(600, 2, 2, 10, 5, 4, 0, 0, 0, 21, Instant.now(), Duration.ZERO));
        // Both clients of the service find virtual host / behind a bare slash, too.
        Map<String, String> bareSlash = new HashMap<>(settings);
        bareSlash.merge("RABBITMQ_URL", "", (url, none) -> url.replaceFirst("/%2F$", "/"));
        try (ServiceProcess service = ServiceProcess.start(bareSlash).awaitReady()) {
            await().atMost(PATIENCE).until(() -> broker.messages(STREAM) == 0);
            try (ConfirmedPublisher publisher =
                    new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
                for (byte[] body : bodies) {
                    publisher.publish(body);
                }
                publisher.awaitConfirms();
            }
            await().atMost(PATIENCE)
                    .until(() -> database.number("select coalesce(sum(received), 0) from analytics.ingestion_batches")
                                    >= bodies.size()
                            && database.number("select count(*) from analytics.rollup_outbox") == 0);
            service.stop();
        }
    }

    private static Result run(String... arguments) {
        return CommandsInProcess.run(arguments);
    }

    private static Result runWith(String name, String value, String... arguments) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.put(name, value);
        return CommandProcess.run(changed, arguments);
    }

    private static void assertDone(Result result, String... said) {
        assertThat(result.exitCode()).as(result.toString()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains(said);
    }

    /** One line that says what is wrong, and neither a stack trace nor a password. */
    private static void assertEnds(Result result, int exitCode, String... said) {
        assertThat(result.exitCode()).as(result.toString()).isEqualTo(exitCode);
        assertThat(result.err().lines()).singleElement().asString().startsWith("analytics: ");
        assertThat(result.err()).contains(said).doesNotContain("hush", "Exception");
    }

    /** {@link InvocationTest} holds every other text. */
    @Test
    void helpAndMistakesNeedNoServer() {
        Map<String, String> nothing = Map.of();
        assertDone(CommandProcess.run(nothing, "--help"), "migrate", "conservation", "Exit codes: 0 done, 1 failed, 2");
        assertEnds(CommandProcess.run(nothing, "nope"), 2, "nope", "--help");
        assertEnds(CommandProcess.run(nothing, "catalog", "org", "--id", "7", "--name", "x"), 2, "--id: 7");
    }

    /** One that changes the database, and one that has no database. */
    @Test
    void aProcessDoesTheSameAndUsesNoPort() {
        String id = UUID.randomUUID().toString();
        assertDone(CommandProcess.run(settings, "catalog", "org", "--id", id, "--name", "Äcme 東京"), "Äcme 東京");
        assertThat(database.text("select name from analytics.orgs where org_id = '" + id + "'"))
                .isEqualTo("Äcme 東京");
        Map<String, String> brokerOnly = new HashMap<>(settings);
        brokerOnly.keySet().retainAll(List.of("RABBITMQ_URL"));
        assertDone(CommandProcess.run(brokerOnly, "dlq", "list", "--limit", "1"), "REASON");
    }

    @Test
    void whatIsMissingOrAwayIsSaidInOneLine() {
        Map<String, String> bare = Map.of("LANG", "C");
        assertEnds(CommandProcess.run(bare, "conservation"), 1, "DATABASE_URL is not set");
        assertEnds(CommandProcess.run(bare, "dlq", "list"), 1, "RABBITMQ_URL is not set");
        assertEnds(
                runWith("DATABASE_URL", "postgres://u:hush@127.0.0.1:1/x", "conservation"),
                1,
                "DATABASE_URL: the database does not answer",
                "Connection to 127.0.0.1:1 refused");
        assertEnds(
                runWith("DATABASE_URL", settings.get("DATABASE_URL") + "?sslmode=require", "conservation"),
                1,
                "DATABASE_URL: the database",
                "The server does not support SSL");
        assertEnds(
                runWith("RABBITMQ_URL", settings.get("RABBITMQ_URL").replaceFirst("^amqp:", "amqps:"), "dlq", "list"),
                1,
                "RABBITMQ_URL: the broker does not answer at ",
                "TLS");
        assertEnds(runWith("DATABASE_URL", "hush", "migrate"), 1, "DATABASE_URL is malformed");
        assertEnds(
                runWith("RABBITMQ_URL", "amqp://u:hush@127.0.0.1:1", "dlq", "list"),
                1,
                "RABBITMQ_URL: the broker does not answer at 127.0.0.1:1: Connection refused");
        String broker = settings.get("RABBITMQ_URL");
        assertEnds(
                runWith("RABBITMQ_URL", broker.replaceFirst("/[^/]*$", "/nothere"), "dlq", "list"),
                1,
                "RABBITMQ_URL: the broker refuses us at ",
                "vhost nothere not found",
                "(expected: a virtual host that exists, here nothere");
        assertEnds(
                runWith("RABBITMQ_URL", broker.replaceFirst(":[^:@/]*@", ":hush@"), "dlq", "list"),
                1,
                "RABBITMQ_URL: the broker refuses user, password or virtual host at ",
                "ACCESS_REFUSED");
        assertEnds(runWith("RABBITMQ_URL", "hush", "dlq", "list"), 1, "RABBITMQ_URL is malformed");
        assertEnds(
                runWith("INGESTION_TRANSPORT", "queue", "replay", "--from-offset", "0"),
                2,
                "INGESTION_TRANSPORT: queue (expected: stream");
    }

    @Test
    void keysAndTheAuditLogAreLookedAfter() {
        String org = UUID.randomUUID().toString();
        Result made = run("apikey", "create", "--name", "report", "--org", org, "--permission", "analytics:usage:read");
        assertDone(made, "iak_", "it is shown this once");
        String prefix = made.out().substring(0, 16);
        assertDone(run("apikey", "revoke", prefix), "is revoked");
        assertThat(run("apikey", "list").out())
                .contains(prefix, org)
                .doesNotContain(made.out().substring(17, 60));
        assertEnds(
                run("apikey", "create", "--name", "x", "--org", org, "--permission", "analytics:*"),
                2,
                "--permission: no such permission");
        assertThat(database.text("select string_agg(action || ' ' || split_part(actor, ':', 1), ',' order by seq)"
                        + " from analytics.audit_log where action like 'analytics:apikey:%'"))
                .isEqualTo("analytics:apikey:create cli,analytics:apikey:revoke cli,analytics:apikey:create cli");
        assertDone(run("audit", "verify"), "verified: no fault");
        database.execute("delete from analytics.audit_log where action = 'analytics:apikey:revoke'");
        Result tampered = run("audit", "verify");
        assertThat(tampered.exitCode()).as(tampered.toString()).isEqualTo(1);
        assertThat(tampered.out()).contains("removed");
        aKeyIsRevokedByItsPrefixHoweverManyAreNewer(org);
    }

    private static void aKeyIsRevokedByItsPrefixHoweverManyAreNewer(String org) {
        String prefix = run("apikey", "create", "--name", "old", "--org", org, "--permission", "analytics:usage:read")
                .out()
                .substring(0, 16);
        int newer = database.execute(
                """
                insert into analytics.api_keys (key_id, prefix, name, org_ids, all_orgs, permissions, created_at, created_by, hash)
                select gen_random_uuid(), 'iak_' || lpad(n::text, 12, '0'), 'newer', '{}', true, '{analytics:usage:read}', now() + interval '1 hour', 'test', hash
                from analytics.api_keys, generate_series(1, 1000) n where prefix = '%s'
                """
                        .formatted(prefix));
        assertThat(newer).isEqualTo(1_000);
        try {
            assertDone(run("apikey", "revoke", prefix), "is revoked");
        } finally {
            database.execute("delete from analytics.api_keys where name = 'newer'");
        }
        assertEnds(run("apikey", "revoke", "iak_000000000000"), 1, "There is no such key.");
    }

    @Test
    void migrationsRunOnceHoweverManyAskForThem() {
        TestBackends empty = new TestBackends().needing(Backend.POSTGRES);
        try {
            Map<String, String> only = new HashMap<>(empty.start());
            only.keySet().retainAll(List.of("DATABASE_URL", "STORAGE_FLAVOUR"));
            Sql fresh = new Sql(only.get("DATABASE_URL"));
            assertEnds(CommandProcess.run(only, "conservation"), 1, "analytics migrate");
            assertThat(fresh.number("select count(*) from pg_namespace where nspname = 'analytics'"))
                    .as("no other command migrates")
                    .isZero();
            try (CommandProcess one = CommandProcess.start(only, "migrate");
                    CommandProcess other = CommandProcess.start(only, "migrate")) {
                assertDone(one.await(), "schema version");
                assertDone(other.await(), "schema version");
            }
            assertThat(fresh.number("select count(*) from analytics.flyway_schema_history where not success"))
                    .isZero();
            assertDone(CommandProcess.run(only, "migrate"), "migrations applied: 0");
        } finally {
            empty.stop();
        }
        assertDone(run("migrate"), "migrations applied: 0");
    }

    @Test
    void refreshRepairsDamagedRollups() throws Exception {
        UUID org = UUID.randomUUID();
        // Nothing else of this test class happened on that day.
        Instant day = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(40, ChronoUnit.DAYS);
        StoredUsage usage = new StoredUsage();
        for (int hour = 0; hour < 4; hour++) {
            Instant at = day.plus(hour, ChronoUnit.HOURS);
            usage.add(
                    StoredUsage.Event.of(org, UUID.randomUUID(), at.toString()).latency(100 + hour, 20L));
        }
        usage.store(database.dataSource());
        String from = day.toString();
        String to = day.plus(1, ChronoUnit.DAYS).toString();
        assertDone(run("rollup", "refresh", "--from", from, "--to", to), "days recomputed: 1");
        assertRolledUp(org, 4);
        rollups.damage(org);
        assertThat(rollups.invocations(org)).doesNotContain(4L);
        assertDone(run("rollup", "refresh", "--from", from, "--to", to), from.substring(0, 10), "days recomputed: 1");
        assertRolledUp(org, 4);
        assertEnds(run("rollup", "refresh", "--from", "2020-01-01", "--to", "2020-01-02"), 2, "raw events");
    }

    private static void assertRolledUp(UUID org, long events) {
        assertThat(rollups.invocations(org)).containsOnly(events);
    }

    @Test
    void conservationFindsEveryKindOfDamage() {
        assertDone(run("conservation"), "outcomes of what was received", "offsets of the stream");
        long batch = database.number("select min(batch_id) from analytics.ingestion_batches where stored > 1");
        String sums =
                "update analytics.ingestion_batches set stored = stored %s 1, duplicates = duplicates %s 1 where batch_id = "
                        + batch;
        database.execute(sums.formatted("-", "+"));
        try {
            Result damaged = run("conservation");
            assertThat(damaged.exitCode()).as(damaged.toString()).isEqualTo(1);
            assertThat(damaged.out().lines().filter(line -> line.startsWith("rows of the batches")))
                    .singleElement()
                    .asString()
                    .contains("batch " + batch);
        } finally {
            database.execute(sums.formatted("+", "-"));
        }
        String event =
                database.text("select event_id from analytics.usage_events where batch_id = " + batch + " limit 1");
        String row = "update analytics.usage_events set batch_id = %d where event_id = '%s'";
        database.execute(row.formatted(-batch, event));
        try {
            assertThat(run("conservation").exitCode()).isEqualTo(1);
        } finally {
            database.execute(row.formatted(batch, event));
        }
        // Flavour timescale computes the hours that are not closed from the raw events.
        if (!settings.get("STORAGE_FLAVOUR").equals("timescale")) {
            conservationFindsOtherTokens(event);
        }
        String gap =
                "update analytics.ingestion_positions set next_offset = next_offset %s 5 where transport = 'stream'";
        database.execute(gap.formatted("+"));
        try {
            Result damaged = run("conservation");
            assertThat(damaged.exitCode()).isEqualTo(1);
            assertThat(damaged.out()).contains("offset 600");
        } finally {
            database.execute(gap.formatted("-"));
        }
    }

    private void conservationFindsOtherTokens(String event) {
        String tokens =
                "update analytics.usage_events set output_tokens = output_tokens %s 1 where event_id = '" + event + "'";
        database.execute(tokens.formatted("+"));
        try {
            Result damaged = run("conservation");
            assertThat(damaged.exitCode()).as(damaged.toString()).isEqualTo(1);
            assertThat(damaged.out()).containsPattern("hours with tokens and cost +\\d+ +\\d+ +1 ");
        } finally {
            database.execute(tokens.formatted("-"));
        }
    }

    @Test
    void replayStoresNothingTwiceAndLeavesThePosition() {
        String position =
                "select next_offset || ' ' || epoch from analytics.ingestion_positions where transport = 'stream'";
        String before = database.text(position);
        long stored = database.number(STORED);
        long live = database.number("select sum(received) from analytics.ingestion_batches where kind = 'live'");
        assertDone(run("replay", "--from-offset", "0"), "offsets 0 to 599", "600 received, 0 stored");
        String start = Instant.now().minus(1, ChronoUnit.HOURS).toString();
        assertDone(run("replay", "--from-time", start), "600 received, 0 stored");
        assertDone(run("replay", "--from-time", Instant.now().toString()), "0 batches: 0 received");
        assertThat(database.text(position)).isEqualTo(before);
        assertThat(database.number(STORED)).isEqualTo(stored);
        assertThat(database.number("select sum(received) from analytics.ingestion_batches where kind = 'live'"))
                .isEqualTo(live);
        assertThat(database.number("select count(*) from analytics.ingestion_batches where kind = 'replay'"))
                .isPositive();
        assertEnds(run("replay", "--from-offset", "600"), 2, "--from-offset: 600 (expected: below 600");
    }

    @Test
    void deadLettersAreListedAndLeaveOnlyWhenTheyHaveArrivedElsewhere() throws Exception {
        broker.deadLetter("malformed_json", "{\"not\u0007a line\n");
        broker.deadLetter("negative_value", "{\"latencyMs\":-1}");
        broker.deadLetter("malformed_json", "{");
        assertDone(
                run("dlq", "list"), "malformed_json\t2026-01-01T00:00:00Z\t", "negative_value", "{\"latencyMs\":-1}");
        assertThat(run("dlq", "list", "--reason", "negative_value").out().lines())
                .hasSize(2);
        awaitLetters("looking takes nothing", 3);
        // Not the broker's count, which it updates late: the reader has committed all that the stream holds.
        long before =
                database.number("select next_offset from analytics.ingestion_positions where transport = 'stream'");
        broker.act(channel -> channel.queueUnbind(STREAM, EXCHANGE, ROUTING_KEY));
        try {
            assertEnds(run("dlq", "replay"), 1, "nothing is bound to exchange analytics.usage");
            awaitLetters("none is lost", 3);
        } finally {
            broker.act(channel -> channel.queueBind(STREAM, EXCHANGE, ROUTING_KEY));
        }
        assertDone(run("dlq", "replay", "--reason", "malformed_json", "--limit", "1"), "letters replayed: 1");
        awaitLetters("one is gone", 2);
        assertDone(run("dlq", "replay", "--reason", "malformed_json"), "letters replayed: 1");
        assertThat(run("dlq", "list").out()).contains("negative_value").doesNotContain("malformed_json");
        assertDone(run("dlq", "replay"), "letters replayed: 1");
        awaitLetters("all are gone", 0);
        await().atMost(PATIENCE).until(() -> broker.messages(STREAM) == before + 3);
        assertDone(run("dlq", "replay"), "letters replayed: 0");
    }

    @Test
    void catalogNamesOrganisationsAndModels() {
        UUID id = UUID.randomUUID();
        assertDone(run("catalog", "org", "--id", id.toString(), "--name", "Äcme 東京"), "Äcme 東京");
        assertDone(run("catalog", "org", "--id", id.toString(), "--name", "Other"), "Other");
        assertThat(database.text("select name from analytics.orgs where org_id = '" + id + "'"))
                .isEqualTo("Other");
        assertDone(run("catalog", "model", "--id", id.toString(), "--name", "Äcme 東京"), id.toString());
        assertThat(database.text("select name from analytics.models where model_id = '" + id + "'"))
                .isEqualTo("Äcme 東京");
    }

    /** Letters that a command has looked at come back a moment after its connection is closed. */
    private static void awaitLetters(String what, long count) {
        await(what).atMost(PATIENCE).untilAsserted(() -> assertThat(broker.messages(BrokerAtWork.DEAD_LETTERS))
                .isEqualTo(count));
    }
}
