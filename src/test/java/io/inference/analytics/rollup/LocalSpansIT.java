package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageStore;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A day of a time zone that is built never hides an event, however the build and the event's transaction overlap. */
@QuarkusTest
@WithBackends
class LocalSpansIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static final String WANT =
            """
            insert into analytics.wanted_zones (org_id, kind, zone, days_from, asked_at)
            values (:org, 'usage', 'Asia/Kolkata', '2026-03-09T18:30:00Z', now())
            """;

    /** As a batch stores an event. */
    private static final String LATE_EVENT =
            """
            insert into batch_stage (event_id, org_id, model_id, occurred_at, received_at, input_tokens, output_tokens, latency_ms,
                status, batch_id)
            values (gen_random_uuid(), :org, :model, '2026-03-10T11:00:00Z', now(), 1, 1, 1, 'success', 0)
            """;

    private static final String WAITING_BATCH =
            """
            insert into analytics.rollup_outbox (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
            values (nextval('analytics.ingestion_batch_id'), 'pending', now(), array['2026-03-09T18:00:00Z'::timestamptz], array[:org],
                    array[:model], array[now()])
            """;

    private static final String BUILD =
            """
            select analytics.build_local_span(:org, 'usage', '2026-03-09T18:30:00Z', '2026-03-10T18:30:00Z')
            """;

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    UsageStore usage;

    @Inject
    RollupRepair repair;

    @Inject
    StorageFlavour.Found storage;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private LocalSpans days;

    @BeforeEach
    void storeUsage() throws Exception {
        days = new LocalSpans(jdbi, org, Instant.parse("2026-03-13T00:00:00Z"));
        new StoredUsage()
                .add(Event.of(org, model, "2026-03-09T18:29:59Z"))
                .add(Event.of(org, model, "2026-03-09T18:30:00Z"))
                .add(Event.of(org, model, "2026-03-10T07:00:00Z"))
                .add(Event.of(org, model, "2026-03-10T18:29:59Z"))
                .add(Event.of(org, model, "2026-03-10T18:30:00Z"))
                .store(database);
    }

    private void want() {
        jdbi.useHandle(handle -> handle.createUpdate(WANT).bind("org", org).execute());
    }

    private void storeLateEvent(Handle transaction) {
        transaction.execute(
                "create temporary table batch_stage (like analytics.usage_events including defaults) on commit drop");
        transaction
                .createUpdate(LATE_EVENT)
                .bind("org", org)
                .bind("model", model)
                .execute();
        transaction.execute("insert into analytics.usage_events select * from batch_stage");
        transaction.execute("select analytics.roll_up_stage()");
    }

    private long invocations() {
        UsageQuery query = UsageQuery.parse(
                Map.of(
                        "start", List.of("2026-03-10"),
                        "end", List.of("2026-03-11"),
                        "timeZone", List.of("Asia/Kolkata")),
                NOW);
        return jdbi.withHandle(handle -> usage.read(handle, org, query)).stream()
                .mapToLong(row -> row.sums().invocations())
                .sum();
    }

    @Test
    void aDayThatIsBuiltAnswers() {
        want();
        days.build();
        assertThat(invocations()).isEqualTo(3);
        jdbi.useHandle(handle -> handle.createUpdate(
                        "update analytics.usage_local_days set invocations = invocations + 39 where org_id = :org and"
                                + " span_start = '2026-03-09T18:30:00Z'")
                .bind("org", org)
                .execute());
        assertThat(invocations()).isEqualTo(42);
    }

    @Test
    void anEventThatIsBeingStoredKeepsItsDayFromBeingBuilt() {
        want();
        days.build();
        try (Handle writer = jdbi.open()) {
            writer.begin();
            storeLateEvent(writer);
            assertThat(jdbi.inTransaction(this::built)).isFalse();
            assertThat(invocations()).isEqualTo(3);
            writer.commit();
        }
        assertThat(invocations()).isEqualTo(4);
        days.build();
        assertThat(invocations()).isEqualTo(4);
    }

    @Test
    void anEventThatIsStoredDuringABuildUndoesIt() throws Exception {
        want();
        days.build();
        jdbi.useHandle(
                handle -> handle.createUpdate("update analytics.local_spans set built = false where org_id = :org")
                        .bind("org", org)
                        .execute());
        CompletableFuture<Void> stored;
        try (Handle builder = jdbi.open()) {
            builder.begin();
            assertThat(built(builder)).isTrue();
            stored = CompletableFuture.runAsync(() -> jdbi.useTransaction(this::storeLateEvent));
            await().atMost(PATIENCE).until(() -> waiting(builder) > 0);
            assertThat(stored).isNotDone();
            builder.commit();
        }
        stored.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(days.count(false)).isPositive();
        assertThat(invocations()).isEqualTo(4);
    }

    @Test
    void aDayIsNotBuiltWhileTheRollupsMayLackAnEventOfIt() {
        want();
        days.build();
        jdbi.useHandle(handle -> {
            handle.createUpdate(WAITING_BATCH)
                    .bind("org", org)
                    .bind("model", model)
                    .execute();
            handle.createUpdate("update analytics.local_spans set built = false where org_id = :org")
                    .bind("org", org)
                    .execute();
        });
        assertThat(jdbi.inTransaction(this::built)).isFalse();
        jdbi.useHandle(handle -> handle.createUpdate("delete from analytics.rollup_outbox where :org = any (org_ids)")
                .bind("org", org)
                .execute());
        assertThat(jdbi.inTransaction(this::built)).isTrue();
    }

    /** The writer looked for days before the day was there, so only its end makes the day safe to build. */
    @Test
    void aWriterThatIsOlderThanTheDayHoldsUpItsBuild() {
        try (Handle writer = jdbi.open()) {
            writer.begin();
            storeLateEvent(writer);
            want();
            assertThat(days.round()).isZero();
            assertThat(days.round()).isZero();
            assertThat(days.count(false)).isPositive();
            writer.commit();
        }
        days.build();
        assertThat(invocations()).isEqualTo(4);
    }

    @Test
    void aDayThatCannotBeBuiltHoldsUpNoOther() {
        want();
        execute("alter table analytics.usage_local_days add constraint refused"
                + " check (org_id <> :org or span_start <> '2026-03-10T18:30:00Z') not valid");
        try {
            await().atMost(PATIENCE).until(() -> {
                days.round();
                return days.count(true) == 2;
            });
            assertThat(days.count(false)).isOne();
            assertThat(invocations()).isEqualTo(3);
        } finally {
            execute("alter table analytics.usage_local_days drop constraint refused");
        }
        days.build();
        assertThat(days.count(true)).isEqualTo(3);
    }

    /** Each slow build holds up the outbox for as long as it may take. */
    @Test
    void aDayThatTakesTooLongPutsOffTheOthersOfItsOrganisation() {
        want();
        execute(
                """
                create sequence analytics.slow_builds;
                create function analytics.slow_build() returns trigger language plpgsql as $$ begin
                    perform nextval('analytics.slow_builds');
                    raise exception using errcode = 'query_canceled';
                end $$;
                create trigger slow_build before insert on analytics.usage_local_days for each row
                    when (new.org_id = :org and new.span_start = '2026-03-10T18:30:00Z') execute function analytics.slow_build()
                """);
        try {
            await().atMost(PATIENCE).until(() -> {
                days.round();
                return slowBuilds() > 0;
            });
            assertThat(days.nextRound()).isZero();
            assertThat(slowBuilds()).isOne();
            assertThat(days.count(true)).as("the day after").isOne();
            execute("update analytics.local_spans set built_at = built_at - interval '62 minutes' where org_id = :org"
                    + " and not built");
            days.nextRound();
            assertThat(slowBuilds()).isOne();
            assertThat(days.count(true)).isEqualTo(2);
            assertThat(invocations()).isEqualTo(3);
        } finally {
            execute("drop trigger slow_build on analytics.usage_local_days; drop function analytics.slow_build();"
                    + " drop sequence analytics.slow_builds");
        }
    }

    private long slowBuilds() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select case when is_called then last_value else 0 end from analytics.slow_builds")
                .mapTo(Long.class)
                .one());
    }

    @Test
    void daysOfAZoneThatNoQuestionNamesAreForgottenAndBuiltAgainWhenOneDoes() {
        want();
        days.build();
        execute("update analytics.wanted_zones set asked_at = now() - interval '15 days' where org_id = :org");
        days.forget(0);
        assertThat(localDays()).isZero();
        assertThat(invocations()).isEqualTo(3);
        want();
        days.build();
        assertThat(localDays()).isEqualTo(2);
        assertThat(invocations()).isEqualTo(3);
    }

    @Test
    void daysThatRetentionHasReachedAreForgotten() {
        want();
        days.build();
        new LocalSpans(jdbi, org, Instant.parse("2026-03-13T00:00:00Z"), Period.ofDays(2)).forget(1);
        assertThat(localDays()).isZero();
    }

    @Test
    void aRepairUnbuildsItsDays() throws Exception {
        want();
        days.build();
        repair.recompute(
                new TimeRange(Instant.parse("2026-03-10T00:00:00Z"), Instant.parse("2026-03-11T00:00:00Z")), day -> {});
        assertThat(days.count(false)).isEqualTo(2);
        assertThat(days.count(true)).isOne();
    }

    /** The version before calls these functions itself, and knows of no days. */
    @Test
    void whatTheVersionBeforeCallsUnbuildsDays() {
        want();
        days.build();
        execute("select analytics.erase_user(:org, '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z')");
        assertThat(days.count(false)).isEqualTo(2);
        if (storage.flavour() == StorageFlavour.POSTGRES) {
            days.build();
            execute("select analytics.recompute_rollups('2026-03-10T00:00:00Z', '2026-03-10T01:00:00Z')");
            assertThat(days.count(false)).isOne();
        }
    }

    @Test
    void aProcessUnbuildsAllDaysOnce() {
        want();
        days.build();
        days.begin();
        assertThat(days.count(true)).isZero();
        days.build();
        days.begin();
        assertThat(days.count(false)).isZero();
        assertThat(invocations()).isEqualTo(3);
    }

    private void execute(String sql) {
        jdbi.useHandle(handle -> handle.execute(sql.replace(":org", "'" + org + "'")));
    }

    private long localDays() {
        return jdbi.withHandle(
                handle -> handle.createQuery("select count(*) from analytics.usage_local_days where org_id = :org")
                        .bind("org", org)
                        .mapTo(Long.class)
                        .one());
    }

    private boolean built(Handle builder) {
        return builder.createQuery(BUILD).bind("org", org).mapTo(Boolean.class).one();
    }

    private long waiting(Handle builder) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select count(*) from pg_stat_activity where :builder = any (pg_blocking_pids(pid))")
                .bind(
                        "builder",
                        builder.createQuery("select pg_backend_pid()")
                                .mapTo(Integer.class)
                                .one())
                .mapTo(Long.class)
                .one());
    }
}
