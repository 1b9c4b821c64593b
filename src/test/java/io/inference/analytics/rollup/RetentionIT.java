package io.inference.analytics.rollup;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.testing.MovedClock;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What retention drops, and that nothing it leaves is harmed. Raw events are kept for less time than the rollups made of them. */
@QuarkusTest
@WithBackends
@TestProfile(RetentionIT.ShortRetention.class)
class RetentionIT {

    /** Other values than the defaults. The tests run the rounds. */
    public static final class ShortRetention implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "analytics.retention.raw", "P30D",
                    "analytics.retention.rollups", "P3M",
                    "analytics.rollup.enabled", "false");
        }
    }

    private record DefaultRetention(Period raw, Period rollups) implements Retention {
        DefaultRetention() {
            this(Period.ofDays(400), Period.ofMonths(13));
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Dropped with its rollups; only the raw event dropped, within the reach of a refresh policy; kept; running. */
    private static final int[] AGES_DAYS = {200, 33, 20, 0};

    private static final List<String> ROLLUPS = List.of(
            "usage_hourly",
            "usage_daily",
            "usage_user_hourly",
            "usage_user_daily",
            "latency_hourly",
            "time_to_first_token_hourly");

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    RollupJob rollups;

    @Inject
    UpkeepJob upkeep;

    @Inject
    RollupConfig config;

    @Inject
    Retention retention;

    @Inject
    UsageEventCodec codec;

    @Inject
    StorageFlavour.Found flavour;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    @BeforeEach
    void stopTheDatabasesOwnRetention() {
        stopPolicies(jdbi, flavour);
    }

    /** TimescaleDB's scheduler drops chunks whenever it comes to it; here the tests say when. */
    static void stopPolicies(Jdbi jdbi, StorageFlavour.Found flavour) {
        if (flavour.flavour() == StorageFlavour.TIMESCALE) {
            jdbi.useHandle(handle -> handle.createQuery(
                            "select alter_job(job_id, scheduled => false) is null as stopped from timescaledb_information.jobs where proc_name = 'policy_retention'")
                    .mapTo(Boolean.class)
                    .list());
        }
    }

    private List<Object> column(String sql, Object... values) throws SQLException {
        List<Object> found = new ArrayList<>();
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getObject(1));
                }
            }
        }
        return found;
    }

    /** Ages in days of what is there, the oldest first, as of the beginning of the test. */
    private List<Object> ages(String table, String time) throws SQLException {
        return column(
                "select ?::date - (" + time + " at time zone 'UTC')::date from analytics." + table
                        + " where org_id = ? order by 1 desc",
                LocalDate.ofInstant(now, ZoneOffset.UTC),
                org);
    }

    private void store(int... ages) throws SQLException {
        StoredUsage usage = new StoredUsage();
        for (int days : ages) {
            usage.add(Event.of(org, model, now.minus(days, ChronoUnit.DAYS).toString()));
        }
        usage.store(database);
    }

    @Test
    void whatIsDueIsDroppedAndRollupsOutliveTheirRawEvents() throws Exception {
        store(AGES_DAYS);
        rollups.runOnce();
        for (String rollup : ROLLUPS) {
            assertThat(ages(rollup, "bucket_start")).as(rollup).containsExactly(200, 33, 20, 0);
        }

        assertThat(upkeep.runOnce()).isPositive();
        assertKept(1);
        assertThat(upkeep.runOnce()).as("dropped a second time").isZero();

        // Whatever refreshes afterwards, and a late event in the days that stay.
        rollups.runOnce();
        store(20);
        if (flavour.flavour() == StorageFlavour.TIMESCALE) {
            runRefreshPolicies();
        }
        assertKept(2);
        assertThat(column("select invocations from analytics.usage_daily where org_id = ? order by bucket_start", org))
                .containsExactly(1L, 2L, 1L);

        given().auth()
                .oauth2(Tokens.of("org-admin", org))
                .queryParam("start", now.minus(40, ChronoUnit.DAYS).toString())
                .queryParam("end", now.toString())
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .body("totals.invocations", equalTo(4))
                .body(
                        "availableFrom",
                        equalTo(Retention.availableFrom(now, Period.ofMonths(3)).toString()));
    }

    /** As when it was read in time and the database was down until its day had been dropped. */
    @Test
    void anEventDelayedUntilItsDayIsDroppedHarmsNoRollup() throws Exception {
        store(33);
        rollups.runOnce();
        if (flavour.flavour() == StorageFlavour.TIMESCALE) {
            // As when the event was young; another test may have closed its hour before.
            Instant hour = now.minus(33, ChronoUnit.DAYS).truncatedTo(ChronoUnit.HOURS);
            jdbi.useHandle(handle -> new TimescaleRefresh(new DefaultRetention()).refresh(handle, List.of(hour)));
        }
        upkeep.runOnce();
        assertThat(ages("usage_events", "occurred_at")).as("raw events").isEmpty();

        UUID other = UUID.randomUUID();
        Instant late = now.minus(33, ChronoUnit.DAYS);
        new StoredUsage().add(Event.of(other, model, late.toString())).store(database);
        column(
                """
                insert into analytics.rollup_outbox (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
                values (nextval('analytics.ingestion_batch_id'), 'late', now(), array[date_trunc('hour', ?::timestamptz, 'UTC')], array[?::uuid],
                        array[?::uuid], array[?::timestamptz])
                returning batch_id
                """,
                late.toString(),
                other,
                model,
                late.toString());
        await().atMost(PATIENCE).untilAsserted(() -> {
            rollups.runOnce();
            assertThat(column("select batch_id from analytics.rollup_outbox")).isEmpty();
        });
        for (String rollup : ROLLUPS) {
            assertThat(ages(rollup, "bucket_start")).as(rollup).containsExactly(33);
        }
    }

    /** A day of Kolkata begins within a UTC hour, whose two sides only raw events tell apart. */
    @Test
    void aQuestionThatNeedsRawEventsThatAreGoneIsRefusedAndNoneIsAnsweredTooLow() throws Exception {
        store(AGES_DAYS);
        upkeep.runOnce();
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        String available = Retention.availableFrom(now, retention.raw()).toString();
        for (String path : List.of("usage?", "reliability?", "breakdown?by=model&compare=none&")) {
            usageOf(path, today.minusDays(34), "UTC").then().statusCode(200);
            usageOf(path, today.minusDays(28), "Asia/Kolkata").then().statusCode(200);
            usageOf(path, today.minusDays(34), "Asia/Kolkata")
                    .then()
                    .statusCode(400)
                    .body("errors[0].field", equalTo("timeZone"))
                    .body("errors[0].message", containsString(available));
        }
        for (String zone : List.of("UTC", "Asia/Kolkata")) {
            given().auth()
                    .oauth2(Tokens.of("finance", org))
                    .contentType("application/json")
                    .body("{\"amount\": 1, \"period\": \"week\", \"timeZone\": \"" + zone + "\"}")
                    .put("/analytics/v1/orgs/{org}/budgets/b", org)
                    .then()
                    .statusCode(zone.equals("UTC") ? 201 : 400);
        }
    }

    private Response usageOf(String path, LocalDate start, String zone) {
        return given().auth()
                .oauth2(Tokens.of("org-admin", org))
                .get("/analytics/v1/orgs/" + org + "/" + path + "start=" + start + "&timeZone=" + zone);
    }

    /** As on a machine that boots with a date of its own. */
    @Test
    void aClockThatRunsAheadDropsNothing() throws Exception {
        store(20, 1);
        Duration ahead = Duration.ofDays(730);
        MeterRegistry registry = new SimpleMeterRegistry();
        UpkeepJob skewed = new UpkeepJob(
                rollups,
                jdbi,
                retention,
                config,
                new MovedClock(() -> Instant.now().plus(ahead)),
                registry);
        assertThat(skewed.runOnce()).isZero();
        assertThat(registry.get("analytics.clock.skew").timeGauge().value(TimeUnit.SECONDS))
                .isCloseTo(ahead.toSeconds(), offset(5.0));
        new UpkeepJob(
                        rollups,
                        jdbi,
                        retention,
                        config,
                        new MovedClock(() -> Instant.now().minus(ahead)),
                        registry)
                .runOnce();
        assertThat(ages("usage_events", "occurred_at")).containsExactly(20, 1);

        // Neither does the database itself, where the service did not look.
        column("select analytics.purge_older(now() + interval '2 years', interval 'P30D', interval 'P3M')");
        assertThat(ages("usage_events", "occurred_at")).containsExactly(20, 1);
        column("select analytics.purge_older(now(), interval 'P10D', interval 'P3M')");
        assertThat(ages("usage_events", "occurred_at")).containsExactly(1);
    }

    private void assertKept(int eventsOf20DaysAgo) throws SQLException {
        List<Object> raw = new ArrayList<>();
        for (int i = 0; i < eventsOf20DaysAgo; i++) {
            raw.add(20);
        }
        raw.add(0);
        assertThat(ages("usage_events", "occurred_at")).as("raw events").isEqualTo(raw);
        for (String rollup : ROLLUPS) {
            assertThat(ages(rollup, "bucket_start")).as(rollup).containsExactly(33, 20, 0);
        }
    }

    /** What TimescaleDB's own scheduler would do, with the windows that its policies have now. */
    private void runRefreshPolicies() throws SQLException {
        List<Object> jobs = column(
                "select job_id from timescaledb_information.jobs where proc_name in ('policy_refresh_continuous_aggregate', 'policy_retention') order by proc_name, job_id");
        assertThat(jobs).hasSize(9);
        for (Object job : jobs) {
            // The database may be at the same job just now, and then refuses it.
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
                try (Connection connection = database.getConnection();
                        Statement statement = connection.createStatement()) {
                    statement.execute("call run_job(" + job + ")");
                }
            });
        }
        assertThat(
                        column(
                                "select config ->> 'drop_after' from timescaledb_information.jobs where proc_name = 'policy_retention' order by 1"))
                .containsExactlyInAnyOrder("30 days", "3 mons", "3 mons", "3 mons", "3 mons", "3 mons");
    }

    /** A batch can hold no event younger than itself, so it says nothing about any event once it is as old as raw retention. */
    @Test
    void recordsOfTheIngestGoWithTheEventsTheyTellOf() throws Exception {
        for (int days : new int[] {31, 29}) {
            column(
                    """
                    with batch as (
                        insert into analytics.ingestion_batches (transport, replica, correlation_id, first_offset, last_offset,
                            messages, received, stored, duplicates, conflicts, dead_lettered, late, started_at, committed_at)
                        select 'stream', 'replica', 'retention', 100 * ?, 100 * ? + 9, 1, 1, 0, 0, 1, 0, false, at, at
                        from (select now() - make_interval(days => ?)) as past (at)
                        returning batch_id, committed_at),
                    skipped as (
                        insert into analytics.ingestion_skipped_offsets (first_offset, last_offset, cause, recorded_at)
                        select 100 * ? + 10, 100 * ? + 10, 'broker_housekeeping', committed_at from batch)
                    insert into analytics.ingestion_conflicts (org_id, event_id, batch_id, received_at, payload)
                    select ?, gen_random_uuid(), batch_id, committed_at, '' from batch
                    returning batch_id
                    """,
                    days,
                    days,
                    days,
                    days,
                    days,
                    org);
        }
        column(
                """
                insert into analytics.ingestion_repeats (org_id, bucket_start, client_id, model_id, duplicates)
                select ?, now() - make_interval(days => age), '', gen_random_uuid(), age from unnest(array[31, 29]) as past (age)
                returning duplicates
                """,
                org);
        upkeep.runOnce();
        assertThat(column("select duplicates from analytics.ingestion_repeats where org_id = ?", org))
                .containsExactly(29L);
        assertThat(
                        column(
                                "select first_offset from analytics.ingestion_batches where correlation_id = 'retention' order by 1"))
                .containsExactly(2_900L);
        assertThat(column("select first_offset from analytics.ingestion_skipped_offsets order by 1"))
                .contains(2_910L)
                .doesNotContain(3_110L);
        assertThat(column("select count(*) from analytics.ingestion_conflicts where org_id = ?", org))
                .containsExactly(1L);
    }

    @Test
    void anEventOlderThanTheRawRetentionIsNotTakenIn() {
        assertThat(codec.decode(event(now.minus(29, ChronoUnit.DAYS)), now).get(0))
                .isInstanceOf(Decoded.Accepted.class);
        assertThat(codec.decode(event(now.minus(31, ChronoUnit.DAYS)), now).get(0))
                .isInstanceOfSatisfying(Decoded.Rejected.class, rejected -> assertThat(rejected.reason())
                        .isEqualTo(RejectReason.TIMESTAMP_OUT_OF_RANGE));
        assertThat(retention.raw()).isEqualTo(Period.ofDays(30));
    }

    private static byte[] event(Instant occurredAt) {
        return EventJson.minimal().with("occurredAt", "\"" + occurredAt + "\"").bytes();
    }
}
