package io.inference.analytics.bills;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.cli.CommandsInProcess;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.FakeOpenAi;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way of an operator from a key to bills, on the command line. */
@QuarkusTest
@WithBackends(rabbitmq = true)
@TestProfile(CommandsInProcess.class)
class ProviderCommandsIT {

    @TempDir
    Path directory;

    @Inject
    AgroalDataSource dataSource;

    @ConfigProperty(name = CommandsInProcess.ANTHROPIC_PORT)
    int port;

    private ProviderLab lab;

    @BeforeEach
    void begin() {
        assertEnds(CommandsInProcess.run("migrate"), 0, "schema version");
        lab = new ProviderLab(dataSource, port);
        lab.empty();
        lab.offerF1();
    }

    @AfterEach
    void end() {
        lab.close();
    }

    private static void assertEnds(Result result, int exitCode, String... said) {
        assertThat(result.exitCode()).as(result.toString()).isEqualTo(exitCode);
        assertThat(result.out() + result.err()).contains(said).doesNotContain(FakeAnthropic.KEY, "Exception", "\tat ");
    }

    @Test
    void fromAKeyToBills() throws Exception {
        Path key = directory.resolve("key");
        Files.writeString(key, FakeAnthropic.KEY + "\n");
        Map<String, String> settings = new HashMap<>();
        settings.put("DATABASE_URL", CommandsInProcess.settings().get("DATABASE_URL"));
        String[] importF1 = {"providers", "import", "--provider", "anthropic", "--date", "2025-10-15"};
        assertEnds(CommandProcess.run(settings, importF1), 1, "ANTHROPIC_ADMIN_API_KEY is not set");
        settings.put("ANTHROPIC_ADMIN_API_KEY_FILE", key.toString());
        settings.put("ANTHROPIC_API_URL", lab.anthropicApi.url());
        assertEnds(CommandProcess.run(settings, importF1), 0, "cost\tok\trevision 1\t13 rows\t22.72 USD");
        String[] validate = {
            "providers", "validate", "--provider", "anthropic", "--date", "2025-10-15", "--expected-total", "22.72"
        };
        assertEnds(CommandsInProcess.run(validate), 0, "validated", "6.39 USD", "13 rows");
        validate[7] = "45.44";
        assertEnds(CommandsInProcess.run(validate), 1, "FAILED 1 cost accuracy");
        importF1[5] = "2999-01-01";
        assertEnds(CommandsInProcess.run(importF1), 2, "analytics: --date: 2999-01-01 (expected: today or before)");
        String[] backfill = {
            "providers", "backfill", "--provider", "anthropic", "--from", "2025-10-14", "--to", "2025-10-16"
        };
        lab.anthropicApi.failDate("claude_code", ProviderLab.OCT_16, Fault.FORBIDDEN);
        assertEnds(CommandsInProcess.run(backfill), 1, "5 days imported, 1 failed", "permission_error");
        assertEnds(
                CommandsInProcess.run("providers", "gaps", "--from", "2025-10-14"),
                1,
                "anthropic\t2025-10-16\tclaude_code\tfailed_permanent");
        assertEnds(CommandsInProcess.run("providers", "retry-failed"), 0, "1 days imported, 0 failed");
        assertEnds(
                CommandsInProcess.run(
                        "providers",
                        "map-workspace",
                        "--workspace",
                        ProviderLab.WORKSPACE,
                        "--platform",
                        "claude_code",
                        "--from",
                        "2025-01-01"),
                0,
                "days derived again: 3");
        assertThat(lab.amount("select sum(cost_usd) from analytics.claude_expenses where platform = 'claude_code'"))
                .isEqualByComparingTo("9.38");
        String[] invoice = {
            "providers",
            "invoices",
            "add",
            "--month",
            "2025-10",
            "--amount",
            "41.92",
            "--overage",
            "41.92",
            "--usage-based",
            "801"
        };
        assertEnds(CommandsInProcess.run(invoice), 0, "invoice of 2025-10: 41.92 USD");
        assertEnds(
                CommandsInProcess.run(invoice),
                1,
                "analytics: the invoice of 2025-10 is entered already (expected: --replace to change it)");
        assertEnds(
                CommandsInProcess.run("providers", "invoices", "list"),
                1,
                "2025-10\tmissing_data\tinvoiced 41.92 USD\timported 0 USD\tvariance -41.92 USD\t0.052 USD");
        assertEnds(
                CommandsInProcess.run("providers", "report-workspace", "--workspace", "default", "--show", "no"),
                0,
                "workspace default is left out of reports");
        assertThat(lab.amount("select sum(amount_usd) from analytics.vw_reported_daily_costs"))
                .isEqualByComparingTo("9.38");
        UUID org = UUID.randomUUID();
        for (String[] subject :
                new String[][] {{"--workspace", "default"}, {"--key", "apikey_01TESTSERVICE0000000000A1"}}) {
            assertEnds(
                    CommandsInProcess.run(
                            "providers",
                            "map-org",
                            subject[0],
                            subject[1],
                            "--org",
                            subject[0].equals("--key") ? "none" : org.toString(),
                            "--from",
                            "2025-10-15"),
                    0,
                    "works for",
                    "from 2025-10-15");
        }
        assertEnds(
                CommandsInProcess.run("providers", "mappings", "quality"),
                0,
                "excellent: 0 of 0 keys used in 31 days are mapped (100.0 %), 0 invalid mappings");
        Path people = directory.resolve("people.csv");
        Files.writeString(people, "email,team\nalice@example.test,Platform\n");
        assertEnds(CommandsInProcess.run("providers", "users", "import", people.toString()), 0, "people taken: 1");
        assertThat(lab.amount("select sum(amount_usd) from analytics.vw_combined_daily_costs where team = 'Platform'"))
                .isEqualByComparingTo("9.38");
        assertThat(lab.database.number(
                        "select count(*) from analytics.audit_log where action like '%providers:users:import'"))
                .isEqualTo(1);
        assertEnds(
                CommandsInProcess.run("providers", "users", "import", directory.toString()),
                2,
                "analytics: FILE.csv: cannot be read");
        // 13.34 of the default workspace without the 5.78 of the key that works for many.
        assertThat(lab.amount("select sum(amount_usd) from analytics.provider_org_costs where org_id = '" + org + "'"))
                .isEqualByComparingTo("7.56");
    }

    @Test
    void aKeyOfOpenAiBringsItsBills() throws Exception {
        lab.openaiApi.results(
                "costs",
                ProviderLab.OCT_15,
                ProviderHttp.JSON.readTree(
                        "[{\"amount\": {\"value\": 0.06, \"currency\": \"usd\"}, \"line_item\": \"gpt-5, input\", \"api_key_id\": \"key_1\"}]"));
        Map<String, String> settings = new HashMap<>();
        settings.put("DATABASE_URL", CommandsInProcess.settings().get("DATABASE_URL"));
        settings.put("OPENAI_API_URL", lab.openaiApi.url());
        settings.put("OPENAI_ADMIN_API_KEY", FakeOpenAi.KEY);
        String[] imported = {"providers", "import", "--provider", "openai", "--date", "2025-10-15"};
        assertEnds(
                CommandProcess.run(settings, imported), 0, "cost\tok\trevision 1\t1 rows\t0.06 USD", "usage\tok_empty");
        assertEnds(
                CommandsInProcess.run("providers", "validate", "--provider", "openai", "--date", "2025-10-15"),
                0,
                "validated");
        assertEnds(CommandsInProcess.run("providers", "mappings", "todo"), 0, "key\tkey_1", "0.06 USD");
        String[] mapping = {
            "providers",
            "map-key",
            "--key",
            "key_1",
            "--platform",
            "openai_api",
            "--team",
            "Search",
            "--from",
            "2025-10-01"
        };
        assertEnds(CommandsInProcess.run(mapping), 0, "key key_1 is openai_api");
        assertThat(lab.amount("select sum(amount_usd) from analytics.vw_combined_daily_costs where team = 'Search'"))
                .isEqualByComparingTo("0.06");
        UUID org = UUID.randomUUID();
        for (String[] owned : new String[][] {{"--key", "key_1"}, {"--workspace", "proj_a"}}) {
            assertEnds(
                    CommandsInProcess.run(
                            "providers",
                            "map-org",
                            owned[0],
                            owned[1],
                            "--org",
                            org.toString(),
                            "--from",
                            "2025-10-01"),
                    0,
                    owned[1] + " works for " + org);
        }
        assertThat(lab.amount("select amount_usd from analytics.provider_org_costs where org_id = '" + org + "'"))
                .isEqualByComparingTo("0.06");
        assertEnds(
                CommandsInProcess.run(
                        "catalog", "model", "--id", org.toString(), "--name", "Ours", "--provider", "openai"),
                0,
                "is named Ours");
        String[] alias = {
            "catalog", "model", "--id", org.toString(), "--name", "Theirs", "--provider", "openai", "", "Ours-2025"
        };
        alias[8] = "--also-billed-as";
        assertEnds(CommandsInProcess.run(alias), 0, "is named Theirs");
        assertThat(lab.database.text(
                        "select provider_model from analytics.provider_model_alias where alias = 'Ours-2025'"))
                .as("the provider's name stays")
                .isEqualTo("Ours");
        alias[8] = "--no-longer-billed-as";
        assertEnds(CommandsInProcess.run(alias), 0, "is named Theirs");
        assertEnds(
                CommandsInProcess.run(alias), 2, "--no-longer-billed-as: Ours-2025 (expected: a further name of Ours)");
        mapping[3] = "apikey_1";
        assertEnds(CommandsInProcess.run(mapping), 2, "--platform: openai_api (expected: claude_code");
        assertEnds(
                CommandsInProcess.run(
                        "providers", "seats", "add", "--month", "2025-10", "--platform", "openai_api", "--amount", "1"),
                2,
                "--platform: openai_api (expected: claude_ai");
    }

    @Test
    void aBackfillReleasesWhatAPersonFoundRight() throws Exception {
        lab.anthropic(ProviderLab.OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), ProviderLab.OCT_15, Optional.empty());
        JsonNode large = ProviderLab.file("f1-cost.json").at("/data/0/results");
        ((ObjectNode) large.get(0)).put("amount", "100001");
        lab.anthropicApi.cost(ProviderLab.OCT_16, large);
        List<String> backfill = new ArrayList<>(List.of(
                "providers", "backfill", "--provider", "anthropic", "--from", "2025-10-15", "--to", "2025-10-16"));
        assertEnds(
                CommandsInProcess.run(backfill.toArray(String[]::new)),
                1,
                "2025-10-16\tcost\tquarantined",
                "2 days imported, 1 failed");
        backfill.add("--release");
        assertEnds(CommandsInProcess.run(backfill.toArray(String[]::new)), 0, "1 days imported, 0 failed");
        assertEnds(
                CommandsInProcess.run("providers", "import", "--provider", "anthropic", "--date", "2025-10-16"),
                0,
                "cost\tok\trevision 1\t13 rows\t1021.51 USD");
        assertThat(lab.database.text("select string_agg(action || ' ' || actor, ', ') from analytics.audit_log"
                        + " where action ~ 'providers:(backfill|import)'"))
                .as("the release and who gave it, nothing else")
                .isEqualTo("analytics:providers:backfill "
                        + lab.database.text("select released_by from analytics.provider_released_day"))
                .contains(" cli:");
    }
}
