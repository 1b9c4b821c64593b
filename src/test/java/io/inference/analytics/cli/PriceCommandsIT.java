package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.Drift;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void listIsImportedByTheProvidersNamesAndOnlyOnce() throws Exception {
        UUID mapped = UUID.randomUUID();
        UUID named = UUID.randomUUID();
        UUID other = UUID.randomUUID();
        String name = "model-" + named;
        assertDone(
                run(
                        "catalog",
                        "model",
                        "--id",
                        mapped.toString(),
                        "--name",
                        "our name",
                        "--provider",
                        "anthropic",
                        "--provider-model",
                        "claude-" + mapped),
                "");
        assertDone(run("catalog", "model", "--id", named.toString(), "--name", name), "");
        assertDone(run("catalog", "model", "--id", other.toString(), "--name", "other-" + other), "");
        assertDone(
                run(
                        "price",
                        "add",
                        "--model",
                        named.toString(),
                        "--from",
                        "2026-01-01",
                        "--input",
                        "2",
                        "--output",
                        "8",
                        "--cache-read",
                        "0.5"),
                "version 1");
        Path list = Files.createTempFile("prices", ".json");
        Files.writeString(
                list,
                """
                {"anthropic/claude-%s": {"litellm_provider": "anthropic", "input_cost_per_token": 3e-06,
                   "output_cost_per_token": 1.5e-05, "input_cost_per_token_above_200k_tokens": 6e-06},
                 "%2$s": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "output_cost_per_token": 8e-06},
                 "azure/%2$s": {"litellm_provider": "azure", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06}}
                """
                        .formatted(mapped, name));
        Result preview = run("price", "import", list.toString(), "--from", "2026-02-01");
        assertDone(preview, "1 prices would be added");
        assertThat(preview.out())
                .contains(
                        mapped + "\tclaude-" + mapped
                                + "\tanthropic\tnew\t3\t15\t-\t-\t-\tinput_cost_per_token_above_200k_tokens",
                        named + "\t" + name + "\tazure,openai\tambiguous",
                        other + "\tother-" + other + "\t-\tnot_listed");
        assertThat(run("price", "list", "--model", mapped.toString()).out()).doesNotContain(mapped.toString());
        assertDone(
                run("price", "import", list.toString(), "--from", "2026-02-01", "--provider", "openai", "--apply"),
                "1 prices added");
        assertThat(run("price", "list", "--model", named.toString()).out())
                .contains(named + "\t2\t2026-02-01T00:00:00Z\t1\t8\t0.5\t-\t-\tcommand line\timported from");
        assertDone(run("price", "import", list.toString(), "--from", "2026-02-01", "--apply"), "1 prices added");
        assertDone(
                run("price", "import", list.toString(), "--from", "2026-03-01", "--provider", "openai", "--apply"),
                "0 prices added");
        assertDone(
                run("price", "import", list.toString(), "--from", "2026-03-01", "--provider", "anthropic", "--apply"),
                "0 prices added");
        Result broken = run("price", "import", "/no/such/file", "--from", "2026-03-01");
        assertThat(broken.exitCode()).isEqualTo(2);
        Files.delete(list);
    }

    @Test
    void tiersAreAddedImportedAndListed() throws Exception {
        UUID model = UUID.randomUUID();
        assertDone(run("catalog", "model", "--id", model.toString(), "--name", "tiered-" + model), "");
        Path list = Files.createTempFile("prices", ".json");
        Files.writeString(
                list,
                """
                {"anthropic": {"models": {"tiered-%s": {"cost": {"input": 3, "output": 15, "cache_read": 0.3,
                   "context_over_200k": {"input": 6, "output": 22.5, "cache_read": 0.6}}}}}}
                """
                        .formatted(model));
        assertThat(run("price", "import", list.toString(), "--from", "2026-02-01")
                        .out())
                .contains(
                        model + "\ttiered-" + model + "\tanthropic\tnew\t3\t15\t0.3\t-\t-\t-\t-\t-\n",
                        model + "\ttiered-" + model + "\tanthropic\tnew\t6\t22.5\t0.6\t-\t-\t-\t-\tabove-200k\n");
        assertDone(run("price", "import", list.toString(), "--from", "2026-02-01", "--apply"), "2 prices added");
        assertDone(run("price", "import", list.toString(), "--from", "2026-03-01", "--apply"), "0 prices added");
        Files.delete(list);
        String[] add = {
            "price",
            "add",
            "--model",
            model.toString(),
            "--from",
            "2026-02-01",
            "--input",
            "1",
            "--output",
            "7",
            "--context-window",
            "above-200k",
            "--service-tier",
            "batch"
        };
        assertDone(run(add), "version 3");
        assertThat(run("price", "list", "--model", model.toString()).out())
                .contains("\t1\t7\t-\t-\t-\tcommand line\t\tbatch\tabove-200k");
        add[add.length - 1] = "x".repeat(51);
        Result tooLong = run(add);
        assertThat(tooLong.exitCode()).isEqualTo(2);
        assertThat(tooLong.err()).contains("--service-tier").contains("1 to 50 characters");
    }
}
