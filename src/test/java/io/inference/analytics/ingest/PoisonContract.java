package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.ingest.IngestLab.Letter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a message holds, it does not stop those behind it, on any session of the database. The subclasses bind it to the
 * transports.
 */
abstract class PoisonContract {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    IngestPipeline pipeline;

    @Inject
    MeterRegistry meters;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    @ConfigProperty(name = "quarkus.datasource.jdbc.url")
    String databaseUrl;

    @ConfigProperty(name = "quarkus.datasource.username")
    String databaseUser;

    @ConfigProperty(name = "quarkus.datasource.password")
    String databasePassword;

    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
        lab.letters();
    }

    @AfterEach
    void end() throws Exception {
        assertThat(
                        lab.number(
                                "select count(*) from analytics.ingestion_batches where received <> stored + duplicates + conflicts + dead_lettered"))
                .isZero();
        lab.close();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** As a restart or a failover of the database does: no session that was open has anything left. */
    private void cutSessions() throws SQLException {
        try (Connection own = DriverManager.getConnection(databaseUrl, databaseUser, databasePassword);
                var statement = own.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity"
                    + " where datname = current_database() and pid <> pg_backend_pid()");
        }
    }

    private void awaitBatch(String messageId, String outcomes) {
        await().atMost(PATIENCE).ignoreExceptionsInstanceOf(SQLException.class).untilAsserted(() -> assertThat(
                        lab.value(
                                "select concat_ws(' ', stored, duplicates, conflicts, dead_lettered)"
                                        + " from analytics.ingestion_batches where correlation_id = ? order by batch_id desc",
                                messageId))
                .isEqualTo(outcomes));
    }

    private void awaitStored(EventJson... events) {
        await().atMost(PATIENCE).ignoreExceptionsInstanceOf(SQLException.class).untilAsserted(() -> {
            for (EventJson event : events) {
                assertThat(lab.isStored(event)).isTrue();
            }
        });
    }

    @Test
    void aFreshSessionTakesABatchWithoutAnEventToStore() throws Exception {
        String id = lab.org().toString();
        cutSessions();
        lab.publish(id + "-malformed", utf8("{"));
        awaitBatch(id + "-malformed", "0 0 0 1");
        assertThat(lab.letters()).extracting(Letter::payload).containsExactly(utf8("{"));

        cutSessions();
        lab.publish(id + "-empty", utf8("[]"));
        awaitBatch(id + "-empty", "0 0 0 0");

        EventJson first = lab.event();
        lab.publish(id + "-good", first.bytes());
        awaitBatch(id + "-good", "1 0 0 0");

        cutSessions();
        lab.publish(id + "-duplicate", first.bytes());
        awaitBatch(id + "-duplicate", "0 1 0 0");

        cutSessions();
        lab.publish(id + "-malformed-again", utf8("17"));
        awaitBatch(id + "-malformed-again", "0 0 0 1");
        assertThat(lab.letters()).extracting(Letter::payload).containsExactly(utf8("17"));

        EventJson last = lab.event();
        lab.publish(last);
        awaitStored(first, last);
    }

    @Test
    void aDeadLetterQueueThatIsMissingOrTakesNothingHoldsUpNoEvent() throws Exception {
        String id = lab.org().toString();
        lab.blockDeadLetterQueue();
        try {
            lab.publish(id + "-bad", utf8("{"));
            awaitBatch(id + "-bad", "0 0 0 1");
            EventJson good = lab.event();
            lab.publish(good);
            awaitStored(good);
            assertThat(lab.pendingLetters()).isEqualTo(1);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                            meters.get("analytics.dead.letters.pending").gauge().value())
                    .isEqualTo(1));
        } finally {
            lab.deleteDeadLetterQueue();
        }
        // The queue is made again, and what waited comes first.
        lab.publish(id + "-also-bad", utf8("17"));
        awaitBatch(id + "-also-bad", "0 0 0 1");
        assertThat(lab.letters()).extracting(Letter::payload).containsExactly(utf8("{"), utf8("17"));
    }

    static List<Arguments> hostileIds() {
        return List.of(
                Arguments.of("a\0b", "a?b"),
                Arguments.of("\0", "?"),
                Arguments.of("a\r\nevent=forged \u001b[31m\u0085", "a??event=forged ?[31m?"),
                Arguments.of("\u202eright to left\u2028", "?right to left?"),
                Arguments.of("' \"\\; drop table %s {} 😀", "' \"\\; drop table %s {} 😀"),
                Arguments.of("x".repeat(255), "x".repeat(255)));
    }

    @ParameterizedTest
    @MethodSource("hostileIds")
    void aMessageIsStoredWhateverItsIdHolds(String hostile, String shown) throws Exception {
        EventJson event = lab.event();
        lab.publish(hostile, event.bytes());
        EventJson next = lab.event();
        lab.publish(next);
        awaitStored(event, next);
        assertThat(lab.value(
                        "select correlation_id from analytics.ingestion_batches where batch_id = (select batch_id"
                                + " from analytics.usage_events where org_id = ? and event_id = ?::uuid)",
                        lab.org(),
                        IngestLab.id(event)))
                .isEqualTo(shown);
    }

    /** Nineteen good events around one whose outcome cannot be stored. */
    private void isolates(byte[] poison, String detail) throws Exception {
        List<byte[]> bodies = new ArrayList<>();
        List<EventJson> good = new ArrayList<>();
        for (int i = 0; i < 19; i++) {
            good.add(lab.event());
            bodies.add(good.get(i).bytes());
        }
        bodies.add(13, poison);
        lab.publish(bodies);
        awaitStored(good.toArray(EventJson[]::new));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        lab.number("select count(*) from analytics.usage_events where org_id = ?", lab.org()))
                .isEqualTo(20));
        List<Letter> letters = new ArrayList<>();
        await().atMost(PATIENCE).until(() -> letters.addAll(lab.letters()) && !letters.isEmpty());
        assertThat(letters).hasSize(1);
        assertThat(letters.get(0).payload()).isEqualTo(poison);
        assertThat(letters.get(0).header("x-reason")).isEqualTo("storage_rejected");
        assertThat(letters.get(0).header("x-detail")).isEqualTo(detail);
    }

    @Test
    void aConflictThatTheDatabaseRefusesIsDeadLettered() throws Exception {
        EventJson stored = lab.event();
        lab.publish(stored);
        awaitStored(stored);
        lab.execute(
                """
                create function analytics.refuse() returns trigger language plpgsql as $$
                begin raise exception 'refused' using errcode = '22023'; end $$
                """);
        try {
            lab.execute("create trigger refuse before insert on analytics.ingestion_conflicts"
                    + " for each row execute function analytics.refuse()");
            isolates(stored.with("outputTokens", "51").bytes(), "SQLState 22023");
        } finally {
            lab.execute("drop function analytics.refuse cascade");
        }
    }

    /** As after going back to an older version: it does not know the status of an event that is there. */
    @Test
    void aMessageThatMakesTheWriterFailIsDeadLettered() throws Exception {
        EventJson stored = lab.event();
        lab.publish(stored);
        awaitStored(stored);
        setStatus("of a later version");
        try {
            isolates(stored.bytes(), "NullPointerException");
        } finally {
            setStatus("success");
        }
    }

    /** Without its writers, a process that looks healthy would store nothing more. */
    @Test
    void aWriterOutlivesAnErrorAfterTheCommit() throws Exception {
        IngestPipeline other = pipeline.forReplay();
        try {
            other.start();
            long generation = other.begin(0, 0, 0);
            for (int i = 0; i <= other.config().workers(); i++) {
                EventJson event = lab.event();
                other.offer(
                        generation, new RawMessage(event.bytes(), RawMessage.NO_OFFSET, Instant.now(), "", "", () -> {
                            throw new LinkageError("thrown by a test");
                        }));
                awaitStored(event);
            }
            assertThat(lab.number(
                            "select count(*) from analytics.ingestion_batches where replica = ?", other.replica()))
                    .as("each was committed once")
                    .isEqualTo(other.config().workers() + 1);
        } finally {
            other.stop();
        }
    }

    @Test
    void attemptsThatFailAreCountedUntilOneSucceeds() throws Exception {
        double before = failedAttempts();
        lab.execute(
                """
                create function analytics.refuse() returns trigger language plpgsql as $$
                begin raise exception 'no disk' using errcode = '53100'; end $$
                """);
        EventJson event = lab.event();
        Instant publishedAt = Instant.now();
        try {
            lab.execute("create trigger refuse before insert on analytics.ingestion_batches"
                    + " for each row execute function analytics.refuse()");
            lab.publish(event);
            await().atMost(PATIENCE).until(() -> failedAttempts() > before + 3);
            assertThat(pipeline.stuckSince(Instant.now()))
                    .as("a failover takes no replica out of service")
                    .isEmpty();
            assertThat(pipeline.stuckSince(Instant.now().plus(FailingAttempts.LIMIT)))
                    .hasValueSatisfying(since -> assertThat(since).isAfterOrEqualTo(publishedAt));
        } finally {
            lab.execute("drop function analytics.refuse cascade");
        }
        awaitStored(event);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        pipeline.stuckSince(Instant.now().plus(FailingAttempts.LIMIT)))
                .isEmpty());
    }

    private double failedAttempts() {
        return meters.get("analytics.ingestion.failed.attempts").counter().count();
    }

    private void setStatus(String status) throws SQLException {
        lab.execute("update analytics.usage_events set status = ? where org_id = ?", status, lab.org());
    }
}
