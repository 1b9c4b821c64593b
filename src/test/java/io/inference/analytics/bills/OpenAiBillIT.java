package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.ProviderMappings.KeyMapping;
import io.inference.analytics.attribution.ProviderMappings.KeyNotes;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.attribution.WorkspaceReports;
import io.inference.analytics.devtools.FakeOpenAi;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.WorkspaceRef;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenAI's reports from a fake server to the tables that all providers share. */
class OpenAiBillIT {

    private static final List<String> LINE_ITEMS = List.of(
            "gpt-5-2025-08-07, input",
            "gpt-5-2025-08-07, cached input",
            "gpt-5-2025-08-07, output",
            "gpt-4o-realtime, audio input",
            "web search tool calls",
            "assistants api | file search",
            "credit, gpt-5");

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private final ArrayNode costs = ProviderHttp.JSON.createArrayNode();

    private OpenAiBillIT cost(String value, String lineItem, String project, String key) {
        ObjectNode result = costs.addObject()
                .put("object", "organization.costs.result")
                .put("line_item", lineItem)
                .put("project_id", project)
                .put("api_key_id", key);
        result.putObject("amount").put("value", new BigDecimal(value)).put("currency", "usd");
        return this;
    }

    private void offer(LocalDate day) {
        lab.openaiApi.results("costs", day, costs.deepCopy());
        costs.removeAll();
    }

    /** 4.25 USD: four lines of two keys, a fee of none, and a credit. */
    private void offerDay(LocalDate day) throws Exception {
        cost("1.5", LINE_ITEMS.get(0), "proj_a", "key_1");
        cost("0.25", LINE_ITEMS.get(1), "proj_a", "key_1");
        cost("2.4999", LINE_ITEMS.get(2), "proj_a", "key_1");
        cost("1.0e-4", LINE_ITEMS.get(2), "proj_b", "key_2");
        cost("0.5", LINE_ITEMS.get(4), "proj_b", null);
        cost("-0.5", LINE_ITEMS.get(6), null, null);
        offer(day);
        lab.openaiApi.results(
                "usage/completions",
                day,
                ProviderHttp.JSON.readTree(
                        """
                        [{"input_tokens": 5000, "input_cached_tokens": 1800, "output_tokens": 1000, "num_model_requests": 5,
                          "project_id": "proj_a", "user_id": "user_a", "api_key_id": "key_1", "model": "gpt-5-2025-08-07",
                          "batch": false, "service_tier": "default"}]
                        """));
        lab.openaiApi.results(
                "usage/images",
                day,
                ProviderHttp.JSON.readTree("[{\"images\": 2, \"num_model_requests\": 1, \"model\": \"gpt-image-1\"}]"));
    }

    private static void mapKey(String key, Tool platform, String email) {
        lab.mappings()
                .mapKey(
                        new KeyMapping(
                                key,
                                Optional.of(platform),
                                Optional.of(email),
                                Optional.of("Search"),
                                KeyMapping.ENTERED_CONFIDENCE,
                                OCT_15,
                                new KeyNotes("manual_entry", Optional.empty(), Optional.empty(), Optional.empty())),
                        "test");
    }

    @Test
    void aDayIsStoredOnceAsItIsBilled() throws Exception {
        offerDay(OCT_15);
        for (int run = 1; run <= 3; run++) {
            assertThat(lab.openai(OCT_15).complete()).as("run " + run).isTrue();
        }
        assertThat(
                        lab.database.rows(
                                "select provider, dataset, org_ref, status, revision, row_count, amount_total from analytics.provider_import_day order by 2"))
                .containsExactly(
                        tuple("openai", "cost", "openai", "ok", 1L, 6L, usd("4.25")),
                        tuple("openai", "usage", "openai", "ok", 1L, 2L, null));
        assertThat(
                        lab.database.rows(
                                """
                                select coalesce(model, '-'), coalesce(token_type, '-'), cost_type, sum(cost_usd) from analytics.openai_expenses
                                group by 1, 2, 3 order by 1, 2, 4
                                """))
                .as("a line item that does not name a kind of token is kept as it is")
                .containsExactly(
                        tuple("-", "-", "other", usd("0")),
                        tuple("gpt-5-2025-08-07", "cache_read", "tokens", usd("0.25")),
                        tuple("gpt-5-2025-08-07", "input", "tokens", usd("1.5")),
                        tuple("gpt-5-2025-08-07", "output", "tokens", usd("2.5")));
        assertThat(
                        lab.database.rows(
                                "select kind, uncached_input_tokens, cache_read_input_tokens, output_tokens, images from analytics.openai_usage_report order by 1"))
                .containsExactly(tuple("completions", 3200L, 1800L, 1000L, 0L), tuple("images", 0L, 0L, 0L, 2L));
        assertThat(
                        lab.database.rows(
                                "select provider, analytics.provider_of(provider), source_table, sum(amount_usd) from analytics.vw_combined_daily_costs group by 1, 2, 3"))
                .containsExactly(tuple("openai_api", "openai", "openai_costs", usd("4.25")));
        assertThat(lab.validation().validate(Provider.OPENAI, Optional.empty(), OCT_15, Optional.of(usd("4.25"))))
                .allMatch(ProviderValidation.Checkpoint::passed);
        assertThat(lab.validation().validate(Provider.OPENAI, Optional.empty(), OCT_15, Optional.of(usd("425"))))
                .filteredOn(point -> !point.passed())
                .extracting(ProviderValidation.Checkpoint::name)
                .containsExactly("1 cost accuracy");
        assertThat(lab.imports()
                        .backfill(
                                Provider.OPENAI,
                                new ProviderImports.Range(OCT_15.minusDays(40), OCT_15, false, false),
                                "test",
                                outcome -> {})
                        .complete())
                .as("two calls of 31 days for each report")
                .isTrue();
        assertThat(lab.imports().gaps(Provider.OPENAI, Optional.empty()))
                .as("the days after it were never tried")
                .hasSize(6);
    }

    @Test
    void aChangedBillIsARevisionAndAVanishedOneWaits() throws Exception {
        offerDay(OCT_15);
        lab.openai(OCT_15);
        offerDay(OCT_15);
        cost("0.01", LINE_ITEMS.get(3), "proj_a", "key_1");
        costs.addAll(
                (ArrayNode)
                        ProviderHttp.JSON.readTree(
                                """
                [{"amount": {"value": 1.75, "currency": "USD"}, "line_item": "gpt-5-2025-08-07, input", "project_id": "proj_a",
                  "api_key_id": "key_1"}]
                """));
        offer(OCT_15);
        lab.openai(OCT_15);
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 2L));
        assertThat(lab.sum("analytics.openai_costs", "amount_usd", "true")).isEqualTo(usd("1.76"));
        assertThat(lab.sum("analytics.provider_correction", "delta", "provider = 'openai'"))
                .isEqualTo(usd("-2.49"));
        lab.openaiApi.results("costs", OCT_15, ProviderHttp.JSON.createArrayNode());
        assertThat(lab.openai(OCT_15).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15).toList()).startsWith("suspect_empty");
        assertThat(lab.sum("analytics.openai_expenses", "cost_usd", "true")).isEqualTo(usd("1.76"));
    }

    @ParameterizedTest
    @CsvSource({
        "{\"value\": null; \"currency\": \"usd\"}, broken_field",
        "{\"currency\": \"usd\"}, broken_field",
        "{\"value\": true; \"currency\": \"usd\"}, broken_field",
        "{\"value\": 1}, broken_field",
        "{\"value\": 1; \"currency\": \"eur\"}, currency",
        "{\"value\": 1000.01; \"currency\": \"usd\"}, row_too_large",
        "{\"value\": -1; \"currency\": \"usd\"}, day_negative"
    })
    void aDayThatCannotBeRightKeepsTheOldOne(String amount, String code) throws Exception {
        offerDay(OCT_15);
        lab.openai(OCT_15);
        lab.openaiApi.results(
                "costs",
                OCT_15,
                ProviderHttp.JSON.readTree("[{\"amount\": " + amount.replace(';', ',') + ", \"line_item\": \"x\"}]"));
        cost("1", LINE_ITEMS.get(0), "proj_a", "key_1").offer(OCT_16);
        lab.openai(OCT_15);
        lab.openai(OCT_16);
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("quarantined", code, 1L));
        assertThat(lab.day("cost", OCT_16)).isEqualTo(tuple("ok", null, 1L));
        assertThat(lab.sum("analytics.openai_expenses", "cost_usd", "true")).isEqualTo(usd("5.25"));
    }

    @Test
    void aRefusedKeyFailsTheRunAndARotatedOneIsReadAgain(@TempDir Path folder) throws Exception {
        offerDay(OCT_15);
        Path file = folder.resolve("key");
        lab.set("openai-key", "");
        lab.set("openai-key-file", file.toString());
        for (String refused : List.of("sk-none", "sk-proj-0000")) {
            Files.writeString(file, refused);
            assertThatThrownBy(() -> lab.openai(OCT_15))
                    .isInstanceOf(Failure.Unavailable.class)
                    .hasMessageContaining("OPENAI_ADMIN_API_KEY")
                    .hasMessageNotContaining(refused);
        }
        assertThat(lab.database.number("select count(*) from analytics.provider_import_day"))
                .as("no day failed")
                .isZero();
        Files.writeString(file, FakeOpenAi.KEY + "\n");
        assertThat(lab.openai(OCT_15).complete()).isTrue();
        lab.openaiApi.fail("costs", Fault.SERVER_ERROR, Fault.RATE_LIMITED);
        assertThat(lab.openai(OCT_15).complete()).isTrue();
    }

    @Test
    void keysAndProjectsHaveOwners() throws Exception {
        offerDay(OCT_15);
        lab.openai(OCT_15);
        assertThat(lab.unmapped().list())
                .as("what no key spends cannot be mapped by key")
                .extracting(entry -> entry.kind() + " " + entry.id() + " "
                        + entry.amountUsd().stripTrailingZeros())
                .containsExactly("key key_1 4.2499", "key key_2 0.0001");
        assertThatThrownBy(() -> mapKey("apikey_1", Tool.OPENAI_API, "a@example.test"))
                .isInstanceOf(Failure.Invalid.class);
        assertThatThrownBy(
                        () -> lab.mappings().mapWorkspace(WorkspaceRef.of("proj_a"), Tool.OPENAI_API, OCT_15, "test"))
                .isInstanceOf(Failure.Invalid.class);
        mapKey("key_1", Tool.OPENAI_API, "a@example.test");
        assertThat(
                        lab.database.rows(
                                "select user_email, team, sum(amount_usd) from analytics.vw_combined_daily_costs where user_email is not null group by 1, 2"))
                .containsExactly(tuple("a@example.test", "Search", usd("4.2499")));
        assertThat(lab.unmapped().list()).hasSize(1);
        assertThat(
                        lab.database.rows(
                                "select keys_used, keys_mapped, invalid_mappings from analytics.provider_mapping_quality('2025-10-16')"))
                .containsExactly(tuple(1L, 1L, 0L));
        new WorkspaceReports(lab.jdbi(), lab.clock()).show(WorkspaceRef.of("proj_a"), false, "test");
        assertThat(lab.sum("analytics.vw_reported_daily_costs", "amount_usd", "true"))
                .isEqualTo(usd("0.0001"));
        lab.assertLawsHold(OCT_15);
    }

    /** At list prices, the tokens cost 1.60 + 0.18 + 2.50 USD. */
    @Test
    void aBillFarFromListPricesIsWarnedAbout() throws Exception {
        lab.database.execute(
                """
                insert into analytics.models (model_id, name) values ('00000000-0000-4000-8000-00000000bb01', 'gpt-5-2025-08-07');
                insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd, author, reason,
                    created_at)
                values ('00000000-0000-4000-8000-00000000bb01', 1, '2025-01-01T00:00Z', 500, 2500, 100, 'test', 'test', now())
                """);
        offerDay(OCT_15);
        lab.openai(OCT_15);
        assertThat(warnings()).isEmpty();
        cost("0.0425", LINE_ITEMS.get(0), "proj_a", "key_1").offer(OCT_15);
        lab.openai(OCT_15);
        assertThat(warnings()).as("dollars taken for cents").containsExactly("bill against list prices: 0.0425 USD");
    }

    private static List<String> warnings() {
        return lab.validation().validate(Provider.OPENAI, Optional.empty(), OCT_15, Optional.empty()).stream()
                .filter(ProviderValidation.Checkpoint::warning)
                .map(point -> point.name() + ": " + point.found())
                .toList();
    }

    @Test
    void namesAndOwnersComeFromTheProvider() throws Exception {
        offerDay(OCT_15);
        ArrayNode projects = ProviderHttp.JSON.createArrayNode();
        for (int i = 0; i < 101; i++) {
            projects.addObject()
                    .put("id", "proj_" + i)
                    .put("name", "Old " + i)
                    .put("created_at", 1)
                    .put("archived_at", 2);
        }
        projects.addObject()
                .put("id", "proj_a")
                .put("name", "Search")
                .put("created_at", 1_700_000_000)
                .putNull("archived_at");
        lab.openaiApi.list("projects", projects);
        lab.openaiApi.list(
                "projects/proj_a/api_keys",
                ProviderHttp.JSON.readTree(
                        """
                        [{"id": "key_1", "name": "backend", "redacted_value": "sk-abc...def", "created_at": 1700000001,
                          "owner": {"type": "user", "user": {"id": "user_a", "name": "Ann"}}},
                         {"id": "key_2", "name": "robot", "created_at": 1, "owner": {"type": "service_account"}}]
                        """));
        lab.openaiApi.list(
                "users",
                ProviderHttp.JSON.readTree(
                        "[{\"id\": \"user_a\", \"email\": \"Ann@example.test\", \"role\": \"owner\"}]"));
        lab.openai(OCT_15);
        assertThat(lab.openaiApi.requests("/api_keys"))
                .as("not of archived projects")
                .hasSize(1);
        assertThat(lab.database.number("select count(*) from analytics.dim_workspaces where platform = 'openai_api'"))
                .isEqualTo(102);
        assertThat(
                        lab.database.rows(
                                "select user_email, attribution_method, sum(cost_usd) from analytics.openai_expenses where user_email is not null group by 1, 2"))
                .containsExactly(tuple("ann@example.test", "api_key_owner", usd("4.2499")));
        assertThat(lab.unmapped().list())
                .extracting(entry -> entry.id() + " " + entry.name().orElseThrow())
                .containsExactly("key_2 robot");
        mapKey("backend", Tool.CLAUDE_API, "b@example.test");
        assertThat(lab.sum("analytics.openai_expenses", "cost_usd", "user_email = 'b@example.test'"))
                .as("the name of another provider's key")
                .isZero();
        mapKey("key_1", Tool.OPENAI_API, "b@example.test");
        assertThat(lab.sum("analytics.openai_expenses", "cost_usd", "user_email = 'b@example.test'"))
                .isEqualTo(usd("4.2499"));
        assertThat(lab.database.rows("select mapped_user_email from analytics.dim_api_keys where api_key_id = 'key_1'"))
                .containsExactly(tuple("b@example.test"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aRandomMonthIsTheSameSumEverywhere(long seed) throws Exception {
        Random random = new Random(seed);
        LocalDate first = LocalDate.of(2025, 9, 1);
        BigDecimal expected = BigDecimal.ZERO;
        for (LocalDate day = first; day.getMonthValue() == 9; day = day.plusDays(1)) {
            expected = expected.add(randomDay(random));
            offer(day);
        }
        lab.set("openai-page-days", Integer.toString(1 + random.nextInt(31)));
        lab.openai(first);
        lab.validation().validate(Provider.OPENAI, Optional.empty(), first, Optional.empty());
        assertThat(lab.imports()
                        .backfill(
                                Provider.OPENAI,
                                new ProviderImports.Range(first, first.plusDays(29), true, false),
                                "test",
                                outcome -> {})
                        .complete())
                .isTrue();
        BigDecimal bill = expected.stripTrailingZeros();
        assertThat(lab.sum("analytics.openai_costs", "amount_usd", "true")).isEqualTo(bill);
        assertThat(lab.sum("analytics.openai_expenses", "cost_usd", "true")).isEqualTo(bill);
        assertThat(lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "true"))
                .isEqualTo(bill);
        assertThat(lab.sum("analytics.vw_monthly_finance", "amount_usd", "true"))
                .isEqualTo(bill);
        assertThat(lab.sum("analytics.provider_import_day", "amount_total", "dataset = 'cost'"))
                .isEqualTo(bill);
        for (LocalDate day = first; day.getMonthValue() == 9; day = day.plusDays(1)) {
            LocalDate date = day;
            assertThat(lab.jdbi()
                            .<List<String>, RuntimeException>withHandle(
                                    handle -> ProviderValidation.brokenLaws(handle, date)))
                    .isEmpty();
        }
        assertThat(lab.database.rows(
                        "select provider, attributable_usd from analytics.provider_cost_watch('2025-10-01')"))
                .as("what the alerts read")
                .containsExactly(tuple("openai", bill));
    }

    /** Lines of a day that is not below zero as a whole; returns their sum. */
    private BigDecimal randomDay(Random random) {
        BigDecimal sum = BigDecimal.ZERO;
        for (String item : LINE_ITEMS) {
            for (String key : new String[] {"key_1", "key_2", null}) {
                BigDecimal amount = new BigDecimal(new BigInteger(60, random), 17 + random.nextInt(12));
                if (random.nextInt(5) == 0 && sum.compareTo(amount) > 0) {
                    amount = amount.negate();
                }
                if (random.nextInt(4) > 0) {
                    cost(random.nextBoolean() ? amount.toString() : amount.toPlainString(), item, "proj_a", key);
                    sum = sum.add(amount);
                }
            }
        }
        return sum;
    }
}
