package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.Drift;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Forgetting a user changes no sum. */
@QuarkusTest
@WithBackends(rabbitmq = true)
@TestProfile(CommandsInProcess.class)
class UserCommandsIT {

    private static final List<String> TABLES = List.of("usage_user_hourly", "usage_user_daily");

    private Sql database;
    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final UUID user = UUID.randomUUID();
    private final UUID other = UUID.randomUUID();
    private final Instant now = Instant.now();

    @BeforeEach
    void begin() throws SQLException {
        database = new Sql(CommandsInProcess.settings().get("DATABASE_URL"));
        assertDone(run("migrate"), "migrations applied");
        StoredUsage usage = new StoredUsage();
        for (int days : new int[] {20, 3, 0}) {
            String at = now.minus(days, ChronoUnit.DAYS).toString();
            usage.add(Event.of(org, model, at).user(user))
                    .add(Event.of(org, model, at).user(user).cost(null))
                    .add(Event.of(org, model, at).user(other))
                    .add(Event.of(org, model, at));
        }
        usage.store(database.dataSource());
        database.execute("insert into analytics.users values ('" + user + "', 'Ann', now())");
        database.execute("insert into analytics.users values ('" + other + "', 'Bob', now())");
    }

    private static Result run(String... arguments) {
        return CommandsInProcess.run(arguments);
    }

    private static void assertDone(Result result, String said) {
        assertThat(result.exitCode()).as(result.toString()).isZero();
        assertThat(result.out()).contains(said);
    }

    private long drift() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            return Drift.of(connection);
        }
    }

    private long invocations(String table, UUID of) {
        return database.number("select coalesce(sum(invocations), 0) from analytics." + table + " where org_id = '"
                + org + "' and user_id" + (of == null ? " is null" : " = '" + of + "'"));
    }

    private long named() {
        return database.number(
                "select count(*) from analytics.users where user_id in ('" + user + "', '" + other + "')");
    }

    @Test
    void anErasedUserIsNobodyAndNoSumChanges() throws SQLException {
        for (Instant day : List.of(now.minus(20, ChronoUnit.DAYS), now.minus(3, ChronoUnit.DAYS))) {
            assertDone(
                    run(
                            "rollup",
                            "refresh",
                            "--from",
                            day.toString(),
                            "--to",
                            day.plusSeconds(1).toString()),
                    "1");
        }
        assertDone(run("users", "erase", "--user", user.toString()), "name removed");
        assertThat(named()).isEqualTo(1);
        for (String table : TABLES) {
            assertThat(invocations(table, user)).as(table).isEqualTo(6);
        }

        assertDone(run("users", "erase", "--user", user.toString(), "--id"), "days with the id removed: 3");
        assertNobody(0);
        assertThat(drift()).isZero();
        assertThat(database.number("select count(*) from analytics.usage_events where actor_id = '" + user + "'"))
                .isZero();
        assertDone(run("users", "erase", "--user", user.toString(), "--id"), "days with the id removed: 0");
        assertThat(database.number("select count(*) from analytics.audit_log where action like '%users:erase'"))
                .isGreaterThanOrEqualTo(3);

        new StoredUsage().add(Event.of(org, model, now.toString()).user(user)).store(database.dataSource());
        assertNobody(1);
        assertThat(named()).isEqualTo(1);
        assertThat(drift()).isZero();
    }

    /** The erasure waits for the lane between its two looks at the budgets, and a budget of the user is set meanwhile. */
    @Test
    void aBudgetThatIsSetDuringTheErasureLosesItsUser() throws Exception {
        CompletableFuture<Result> erased;
        try (Connection lane = database.dataSource().getConnection()) {
            lane.setAutoCommit(false);
            try (Statement lock = lane.createStatement()) {
                lock.execute("select pg_advisory_xact_lock(analytics.ingest_lane())");
            }
            erased = CompletableFuture.supplyAsync(() -> run("users", "erase", "--user", user.toString(), "--id"));
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            database.number("select count(*) from pg_locks where locktype = 'advisory' and not granted")
                                    > 0);
            database.execute(
                    """
                    insert into analytics.budgets (budget_id, org_id, name, amount_usd, period, time_zone, user_id, thresholds,
                        webhooks, webhook_secret, created_at, updated_at, updated_by, judged_from, evaluated_at)
                    values ('%1$s', '%2$s', 'late', 10, 'month', 'UTC', '%3$s', '{100}', '{}', '', now(), now(), 'test', now(),
                        'infinity')
                    """
                            .formatted(UUID.randomUUID(), org, user));
            lane.rollback();
        }
        assertDone(erased.get(60, TimeUnit.SECONDS), "later budgets without their user: 1");
        assertThat(database.number("select count(*) from analytics.budgets where org_id = '" + org
                        + "' and user_id is null and user_erased_at is not null"))
                .isEqualTo(1);
    }

    /** The user's events are those of nobody, except for what came afterwards. */
    private void assertNobody(long afterwards) {
        for (String table : TABLES) {
            assertThat(invocations(table, user)).as(table).isEqualTo(afterwards);
            assertThat(invocations(table, other)).as(table).isEqualTo(3);
            assertThat(invocations(table, null)).as(table).isEqualTo(9);
        }
    }
}
