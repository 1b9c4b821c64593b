package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How much one step of the background work holds up, and that a step that waits holds up no other.
 * The tests run the rounds.
 */
@QuarkusTest
@WithBackends
@TestProfile(RetentionIT.ShortRetention.class)
class RollupUpkeepIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    RollupJob job;

    @Inject
    RollupRepair repair;

    @Inject
    UpkeepJob upkeep;

    @Inject
    StorageFlavour.Found flavour;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);

    @BeforeEach
    void stopTheDatabasesOwnRetention() {
        RetentionIT.stopPolicies(jdbi, flavour);
    }

    private boolean isTimescale() {
        return flavour.flavour() == StorageFlavour.TIMESCALE;
    }

    private void store(Instant... times) throws Exception {
        StoredUsage usage = new StoredUsage();
        for (Instant time : times) {
            usage.add(Event.of(org, model, time.toString()));
        }
        usage.store(database);
    }

    private void execute(String sql) {
        jdbi.useHandle(handle -> handle.execute(sql));
    }

    private Instant instant(String sql) {
        return jdbi.withHandle(
                handle -> handle.createQuery(sql).mapTo(Instant.class).one());
    }

    private long invocations(Instant hour) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select coalesce(sum(invocations), 0) as sum from analytics.usage_hourly where org_id = :org and bucket_start = :hour")
                .bind("org", org)
                .bind("hour", hour)
                .mapTo(Long.class)
                .one());
    }

    private void pending(Instant hour) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        """
                        insert into analytics.rollup_outbox (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
                        values (nextval('analytics.ingestion_batch_id'), 'pending', now(), array[:hour::timestamptz], array[:org], array[:model],
                                array[:hour::timestamptz])
                        """)
                .bind("org", org)
                .bind("model", model)
                .bind("hour", hour)
                .execute());
    }

    /** Makes the days from this one on open again, as when no round has closed them. */
    private void reopen(Instant day) {
        jdbi.useTransaction(handle -> {
            handle.execute("select pg_advisory_xact_lock(analytics.ingest_lane())");
            handle.createUpdate("delete from analytics.usage_daily_rollup where bucket_start >= :day")
                    .bind("day", day)
                    .execute();
            handle.createUpdate("update analytics.usage_open_days set open_from = :day")
                    .bind("day", day)
                    .execute();
        });
    }

    @Test
    void aRepairLeavesTheRollupJobItsTurn() throws Exception {
        Instant first = today.minus(4, ChronoUnit.DAYS);
        store(first, first.plus(1, ChronoUnit.DAYS));
        List<Integer> rolledUp = new ArrayList<>();
        repair.recompute(new TimeRange(first, first.plus(2, ChronoUnit.DAYS)), day -> {
            pending(first);
            rolledUp.add(job.runOnce());
        });
        assertThat(rolledUp).as("batches rolled up after each day").containsExactly(1, 1);
    }

    /**
     * Writers wait for one hour's raw events at most. In flavour timescale a repair holds up no
     * writer.
     */
    @Test
    void aRepairCommitsHourByHour() throws Exception {
        if (isTimescale()) {
            return;
        }
        Instant day = today.minus(6, ChronoUnit.DAYS);
        Instant early = day.plus(1, ChronoUnit.HOURS);
        Instant late = day.plus(5, ChronoUnit.HOURS);
        store(early, late);
        execute("update analytics.usage_hourly_rollup set invocations = 8 where org_id = '" + org + "'");
        CompletableFuture<Void> repaired;
        try (Handle other = jdbi.open()) {
            other.begin();
            other.execute("select from analytics.usage_hourly_rollup where org_id = '" + org + "' and bucket_start = '"
                    + late + "' for update");
            repaired = CompletableFuture.runAsync(() -> recompute(day));
            await("the hour before the one in use").atMost(PATIENCE).until(() -> invocations(early) == 1);
            assertThat(invocations(late)).isEqualTo(8);
            other.rollback();
        }
        repaired.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(invocations(late)).isEqualTo(1);
        assertThat(jdbi.<Long, RuntimeException>withHandle(handle -> handle.createQuery(
                                "select sum(invocations) as sum from analytics.usage_daily where org_id = :org")
                        .bind("org", org)
                        .mapTo(Long.class)
                        .one()))
                .isEqualTo(2);
    }

    private void recompute(Instant day) {
        try {
            repair.recompute(new TimeRange(day, day.plus(1, ChronoUnit.DAYS)), done -> {});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** In flavour timescale days close with their hours. */
    @Test
    void aDayThatCannotBeClosedHoldsUpNoneBeforeIt() throws Exception {
        if (isTimescale()) {
            return;
        }
        Instant first = today.minus(9, ChronoUnit.DAYS);
        Instant blocked = first.plus(2, ChronoUnit.DAYS);
        store(first, first.plus(1, ChronoUnit.DAYS), blocked);
        reopen(first);
        try (Handle other = jdbi.open()) {
            other.begin();
            other.execute(
                    "insert into analytics.usage_daily_rollup select org_id, date_trunc('day', bucket_start, 'UTC'), model_id,"
                            + " client_id, status, 1, 0, 0, 0, 0, 0, 0, 0 from analytics.usage_hourly_rollup where org_id = '"
                            + org
                            + "' and bucket_start = '" + blocked + "'");
            assertThatThrownBy(upkeep::runOnce).isInstanceOf(JdbiException.class);
            other.rollback();
        }
        assertThat(instant("select open_from from analytics.usage_open_days")).isEqualTo(blocked);
        upkeep.runOnce();
        assertThat(instant("select open_from from analytics.usage_open_days"))
                .isEqualTo(today.minus(1, ChronoUnit.DAYS));
    }

    /** A long export reads what retention wants to drop. */
    @Test
    void aPurgeThatWaitsHoldsUpNothingElse() throws Exception {
        store(today.minus(33, ChronoUnit.DAYS), today.minus(3, ChronoUnit.DAYS));
        execute("insert into analytics.ingestion_skipped_offsets (first_offset, last_offset, cause, recorded_at)"
                + " values (7, 7, 'broker_housekeeping', now() - interval '40 days')");
        if (!isTimescale()) {
            reopen(today.minus(3, ChronoUnit.DAYS));
        }
        try (Handle reader = jdbi.open()) {
            reader.begin();
            reader.execute("select count(*) from analytics.usage_events");
            assertThatThrownBy(upkeep::runOnce).isInstanceOf(JdbiException.class);
            reader.rollback();
        }
        assertThat(
                        instant(
                                "select min(recorded_at) as oldest from analytics.ingestion_skipped_offsets where first_offset = 7"))
                .as("records of events past their retention")
                .isNull();
        if (!isTimescale()) {
            assertThat(instant("select open_from from analytics.usage_open_days"))
                    .isEqualTo(today.minus(1, ChronoUnit.DAYS));
        }
        assertThat(upkeep.runOnce()).as("dropped once the reader has ended").isPositive();
    }

    /**
     * Else the client gives up on a long refresh, and the server goes on with it and keeps the
     * lock.
     */
    @Test
    void theConnectionWaitsLongerThanTheServerLetsAStatementRun() throws Exception {
        try (Handle handle = jdbi.open()) {
            int before = handle.getConnection().getNetworkTimeout();
            int[] during = {0};
            boolean ran = RollupLock.ROLLUPS.tryRun(handle, Duration.ofMinutes(15), Duration.ofSeconds(30), () -> {
                during[0] = networkTimeout(handle);
            });
            assertThat(ran).isTrue();
            assertThat(during[0]).isGreaterThan((int) Duration.ofMinutes(15).toMillis());
            assertThat(handle.getConnection().getNetworkTimeout()).isEqualTo(before);
        }
    }

    private static int networkTimeout(Handle handle) {
        try {
            return handle.getConnection().getNetworkTimeout();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The other flavours keep no pending groups. */
    @Test
    void aFoldLeavesTheMonthsThatComeWhileItIsAtWork() throws Exception {
        if (flavour.flavour() != StorageFlavour.POSTGRES) {
            return;
        }
        Instant first = Instant.parse("2024-02-10T01:00:00Z");
        Instant second = Instant.parse("2024-03-10T01:00:00Z");
        try (Handle months = jdbi.open()) {
            months.begin();
            months.execute("select pg_advisory_xact_lock(hashtext('analytics.ensure_day'))");
            pendingUsage(first);
            CompletableFuture<Integer> fold = CompletableFuture.supplyAsync(this::fold);
            await().atMost(PATIENCE)
                    .until(() -> count(
                                    "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query like '%fold_user_usage%'")
                            == 1);
            pendingUsage(second);
            months.rollback();
            fold.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        assertThat(pendingHours()).containsExactly(second);
        fold();
        assertThat(pendingHours()).isEmpty();
        assertThat(count("select sum(invocations) from analytics.usage_user_hourly where org_id = '" + org + "'"))
                .isEqualTo(2);
    }

    private int fold() {
        return jdbi.withHandle(handle -> handle.createQuery("select analytics.fold_user_usage(1000) as folded")
                .mapTo(Integer.class)
                .one());
    }

    private void pendingUsage(Instant hour) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        """
                        insert into analytics.usage_user_pending (org_id, user_id, model_id, client_id, status, bucket_start, invocations,
                            unpriced_invocations, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens,
                            cache_write_1h_input_tokens)
                        values (:org, null, :model, 'app', 'success', :hour, 1, 1, 1, 1, 0, 0, 0)
                        """)
                .bind("org", org)
                .bind("model", model)
                .bind("hour", hour)
                .execute());
    }

    private List<Instant> pendingHours() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select bucket_start from analytics.usage_user_pending where org_id = :org")
                .bind("org", org)
                .mapTo(Instant.class)
                .list());
    }

    private long count(String sql) {
        return jdbi.withHandle(
                handle -> handle.createQuery(sql).mapTo(Long.class).one());
    }
}
