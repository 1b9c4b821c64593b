package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.rollup.RollupJob;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.rollup.UpkeepJob;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rollups equal the raw events, for late events of any age and whatever becomes of a round of the job. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class RollupsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The contract's bound for events behind the watermark, and the machine's slowness. */
    private static final Duration REFRESH_MAX = Duration.ofSeconds(30);

    private static final int DAYS = 7;
    private static final int EVENTS = 1_000;
    private static final int REPEATS = 3;

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    RollupJob job;

    @Inject
    RollupRepair repair;

    @Inject
    UpkeepJob upkeep;

    @Inject
    ConservationRecord books;

    @Inject
    StorageFlavour.Found flavour;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
    }

    @AfterEach
    void end() throws Exception {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.drift()).isZero());
        await().atMost(PATIENCE).until(() -> outbox() == 0);
        lab.close();
    }

    private long outbox() throws SQLException {
        return lab.number("select count(*) from analytics.rollup_outbox");
    }

    private long duplicates() throws SQLException {
        return lab.number("select coalesce(sum(duplicates), 0) from analytics.ingestion_batches");
    }

    private boolean isTimescale() throws SQLException {
        return flavour.flavour() == StorageFlavour.TIMESCALE;
    }

    private void awaitStored(long count) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.stored()).isEqualTo(count));
    }

    private void awaitShown(long count) {
        await().atMost(REFRESH_MAX).untilAsserted(() -> {
            for (String rollup : List.of("usage_hourly", "usage_daily")) {
                assertThat(lab.number(
                                "select coalesce(sum(invocations), 0) from analytics." + rollup + " where org_id = ?",
                                lab.org()))
                        .as(rollup)
                        .isEqualTo(count);
            }
        });
    }

    @Test
    void booksThatNobodyCheckedShowNoGapOfZero() throws Exception {
        lab.execute("delete from analytics.conservation_checks");
        lab.publish(lab.event());
        awaitStored(1);
        assertThat(books.found().gap()).isEmpty();
        assertThat(books.begin(Duration.ofDays(1))).isTrue();
        assertThat(books.found().gap()).as("while the first check runs").isEmpty();
        books.checked(0);
        assertThat(books.found().gap()).contains(0L);
    }

    @Test
    void anEventOfAnyAgeShowsInAllRollups() throws Exception {
        Instant now = Instant.now();
        int[] ages = {0, 1, 2, 8, 40, 300, 390};
        for (int round = 1; round <= 2; round++) {
            List<byte[]> events = new ArrayList<>();
            for (int days : ages) {
                events.add(lab.event(now.minus(days, ChronoUnit.DAYS).minusSeconds(1))
                        .with("timeToFirstTokenMs", "100")
                        .bytes());
            }
            lab.publish(events);
            // The second time each of them is behind the watermark that the first left behind.
            awaitStored((long) round * ages.length);
            awaitShown((long) round * ages.length);
            await().atMost(REFRESH_MAX)
                    .untilAsserted(() -> assertThat(lab.drift()).isZero());
        }
    }

    /** Flavour timescale; in the other one the same without compression. */
    @Test
    void lateEventsReachCompressedChunks() throws Exception {
        Instant at = Instant.now().minus(20, ChronoUnit.DAYS).truncatedTo(ChronoUnit.HOURS);
        List<EventJson> events = IntStream.range(0, 300)
                .mapToObj(i -> lab.event(at.plusSeconds(i)))
                .toList();
        lab.publish(events.toArray(EventJson[]::new));
        awaitStored(300);
        awaitShown(300);
        if (isTimescale()) {
            assertThat(
                            lab.number(
                                    "select count(compress_chunk(chunk)) from show_chunks('analytics.usage_events', older_than => now() - interval '7 days') chunk"))
                    .isPositive();
            // New sessions may unpack one row only, unless the writers ask for more.
            forNewSessions("set timescaledb.max_tuples_decompressed_per_dml_transaction = 1");
        }
        try {
            lab.publish(
                    lab.event(at.plusSeconds(10)),
                    lab.event(at.plusSeconds(2_000)),
                    events.get(5),
                    events.get(6).with("occurredAt", "\"" + at.plus(3, ChronoUnit.HOURS) + "\""),
                    events.get(7).with("outputTokens", "51"));
            awaitStored(302);
            awaitShown(302);
            await().atMost(PATIENCE)
                    .until(() ->
                            lab.number("select count(*) from analytics.ingestion_conflicts where org_id = ?", lab.org())
                                    == 1);
        } finally {
            if (isTimescale()) {
                forNewSessions("reset timescaledb.max_tuples_decompressed_per_dml_transaction");
            }
        }
    }

    /** Flavour postgres adds up a day once, when it is over; what comes later goes to the day itself. */
    @Test
    void aDayThatIsClosedTakesLateEventsStill() throws Exception {
        if (!isTimescale()) {
            lab.execute(
                    """
                    do $$ declare low timestamptz := date_trunc('day', now(), 'UTC') - interval '5 days';
                    begin
                        perform pg_advisory_xact_lock(analytics.ingest_lane());
                        delete from analytics.usage_daily_rollup where bucket_start >= low;
                        update analytics.usage_open_days set open_from = low;
                    end $$
                    """);
        }
        publishOneADay();
        awaitShown(DAYS);
        upkeep.runOnce();
        if (!isTimescale()) {
            assertThat(lab.number(
                            "select count(*) from analytics.usage_daily_rollup where org_id = ? and bucket_start < now() - interval '2 days'",
                            lab.org()))
                    .isEqualTo(DAYS - 2);
        }
        assertThat(lab.drift()).isZero();
        publishOneADay();
        awaitShown(2L * DAYS);
    }

    /** Neither a late event of yesterday and one of today together, nor a repair, may materialise the day that still runs. */
    @Test
    void theRunningDayStaysOpen() throws Exception {
        Instant now = Instant.now();
        lab.publish(
                lab.event(now.minus(1, ChronoUnit.DAYS).minus(65, ChronoUnit.MINUTES)),
                lab.event(now.minus(65, ChronoUnit.MINUTES)));
        awaitRolledUp(2);
        lab.publish(lab.event(now));
        awaitRolledUp(3);
        repair.recompute(new TimeRange(now.minus(1, ChronoUnit.DAYS), now.plus(1, ChronoUnit.DAYS)), day -> {});
        lab.publish(lab.event(now));
        awaitRolledUp(4);
        assertThat(lab.drift()).isZero();
    }

    private void awaitRolledUp(long count) throws Exception {
        awaitStored(count);
        await().atMost(PATIENCE).until(() -> outbox() == 0);
        awaitShown(count);
    }

    private void publishOneADay() throws Exception {
        Instant now = Instant.now();
        lab.publish(IntStream.range(0, DAYS)
                .mapToObj(days -> lab.event(now.minus(days, ChronoUnit.DAYS).minusSeconds(1)))
                .toArray(EventJson[]::new));
    }

    private void forNewSessions(String setting) throws SQLException {
        String name = (String) lab.value("select current_database()");
        lab.execute("alter database " + name + " " + setting);
        database.flush(AgroalDataSource.FlushMode.GRACEFUL);
    }

    /** Under another isolation level a writer that waited for the lane would not see what was stored meanwhile. */
    @Test
    void anotherDefaultIsolationOfTheDatabaseChangesNothing() throws Exception {
        forNewSessions("set default_transaction_isolation = 'repeatable read'");
        try {
            assertThat(lab.value("show transaction_isolation")).isEqualTo("read committed");
            long duplicates = duplicates();
            Instant late = Instant.now().minus(3, ChronoUnit.DAYS);
            List<byte[]> events = IntStream.range(0, EVENTS)
                    .mapToObj(i -> lab.event(late.plusMillis(i)).bytes())
                    .toList();
            for (int i = 0; i < REPEATS; i++) {
                lab.publish(events);
            }
            awaitRolledUp(EVENTS);
            await().atMost(PATIENCE).until(() -> duplicates() == duplicates + EVENTS * (REPEATS - 1));
            assertThat(lab.stored()).isEqualTo(EVENTS);
            repair.recompute(new TimeRange(late, late.plusSeconds(60)), day -> {});
            upkeep.runOnce();
        } finally {
            forNewSessions("reset default_transaction_isolation");
        }
    }

    @Test
    void oneReplicaAtATimeRefreshes() throws Exception {
        try (Connection other = database.getConnection();
                Statement statement = other.createStatement()) {
            await().atMost(PATIENCE).until(() -> {
                try (var row =
                        statement.executeQuery("select pg_try_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")")) {
                    return row.next() && row.getBoolean(1);
                }
            });
            lab.publish(lab.event(), lab.event(Instant.now().minus(3, ChronoUnit.DAYS)));
            awaitStored(2);
            assertThat(job.runOnce())
                    .as("batches rolled up beside the one at work")
                    .isZero();
            await().during(Duration.ofSeconds(2)).atMost(PATIENCE).until(() -> outbox() > 0);
            statement.execute("select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")");
        }
        awaitShown(2);
    }

    /** The refresh is done, the note is not: as after a kill between the two. */
    @Test
    void aRoundThatFailsBeforeItsNoteIsDoneAgain() throws Exception {
        lab.execute(
                """
                create function analytics.fail_note() returns trigger language plpgsql as $$
                begin raise exception 'no note' using errcode = '57P01'; end $$
                """);
        lab.execute("create trigger fail_note before insert or update on analytics.freshness_status"
                + " for each row execute function analytics.fail_note()");
        try {
            lab.publish(lab.event(Instant.now().minus(3, ChronoUnit.DAYS)), lab.event());
            awaitStored(2);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThatThrownBy(job::runOnce).isInstanceOf(JdbiException.class));
            assertThat(outbox()).isPositive();
            awaitShown(2);
            assertThat(lab.number("select count(*) from analytics.freshness_status where org_id = ?", lab.org()))
                    .isZero();
        } finally {
            lab.execute("drop function analytics.fail_note cascade");
        }
        await().atMost(PATIENCE)
                .until(() ->
                        lab.number("select count(*) from analytics.freshness_status where org_id = ?", lab.org()) == 1);
        awaitShown(2);
    }
}
