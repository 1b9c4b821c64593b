package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.Drift;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The price book's commands; what other tests of the same database leave behind is in step. */
@QuarkusTest
@WithBackends(rabbitmq = true)
@TestProfile(CommandsInProcess.class)
class PriceCommandsIT {

    private static Sql database;

    @BeforeAll
    static void begin() {
        database = new Sql(CommandsInProcess.settings().get("DATABASE_URL"));
        assertDone(run("migrate"), "migrations applied");
    }

    private static Result run(String... arguments) {
        return CommandsInProcess.run(arguments);
    }

    private static void assertDone(Result result, String said) {
        assertThat(result.exitCode()).as(result.toString()).isZero();
        assertThat(result.out()).contains(said);
    }

    private static long drift() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            return Drift.of(connection);
        }
    }

    @Test
    void repricingChangesNothingWhereTheRollupsCouldNotFollow() throws Exception {
        UUID org = UUID.randomUUID();
        UUID model = UUID.randomUUID();
        Instant day = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(20, ChronoUnit.DAYS);
        String from = day.toString();
        String to = day.plus(2, ChronoUnit.DAYS).toString();
        new StoredUsage()
                .add(StoredUsage.Event.of(org, model, from).cost(null))
                .add(StoredUsage.Event.of(
                                org, model, day.plus(30, ChronoUnit.HOURS).toString())
                        .cost(null))
                .store(database.dataSource());
        assertDone(run("rollup", "refresh", "--from", from, "--to", to), "days recomputed: 2");
        assertDone(
                run(
                        "price",
                        "add",
                        "--model",
                        model.toString(),
                        "--from",
                        from,
                        "--input",
                        "3",
                        "--output",
                        "15",
                        "--cache-read",
                        "0.30",
                        "--cache-write",
                        "3.75"),
                "");

        String nextMonth = Instant.now().plus(10, ChronoUnit.DAYS).toString();
        for (String mode : List.of("--apply", "")) {
            List<String> words = new ArrayList<>(List.of("price", "reprice", "--from", from, "--to", nextMonth, mode));
            words.remove("");
            Result refused = run(words.toArray(String[]::new));
            assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(2);
            assertThat(refused.err()).contains("--to: " + nextMonth, "tomorrow's end");
        }
        String where = " where org_id = '" + org + "'";
        assertThat(database.number("select count(cost_estimate_cents) from analytics.usage_events" + where))
                .isZero();
        assertThat(drift()).isZero();

        assertDone(run("price", "reprice", "--from", from, "--to", to, "--apply"), "2 events repriced");
        String cents = "select coalesce(sum(cost_estimate_cents)::numeric(20, 8)::text, 'unpriced') from analytics.";
        for (String table : List.of("usage_events", "usage_hourly", "usage_daily")) {
            // 7 plain at 3, 5 out at 15, 2 read at 0.30, 1 written at 3.75, twice: USD per million.
            assertThat(database.text(cents + table + where)).as(table).isEqualTo("0.02007000");
        }
        assertThat(database.number("select count(*) from analytics.price_repricing" + where))
                .isEqualTo(2);
        assertThat(drift()).isZero();
    }
}
