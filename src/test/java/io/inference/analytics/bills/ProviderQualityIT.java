package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.WORKSPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.MappingQuality;
import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.WorkspaceRef;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How far bills and mappings can be trusted, and what is unusual about them. */
class ProviderQualityIT {

    private static final LocalDate FIRST = LocalDate.of(2025, 1, 1);
    private static final String SERVICE_KEY = "apikey_01TESTSERVICE0000000000A1";
    private static final String ALICES_KEY = "apikey_01TESTCODEALICE000000B1";

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private static MappingQuality.Report report() throws SQLException {
        return new MappingQuality(lab.config(), lab.jdbi(), lab.clock()).report();
    }

    private static void map(String key, Tool platform, String email) throws SQLException {
        lab.mappings()
                .mapKey(
                        new ProviderMappings.KeyMapping(
                                key,
                                Optional.of(platform),
                                Optional.of(email),
                                Optional.empty(),
                                new BigDecimal("0.900"),
                                FIRST),
                        "test");
    }

    /** Of twenty keys: 95 % and 80 % are still excellent and good, 70 % acceptable. */
    @Test
    void mappingsAreGradedByWhatTheyCover() throws Exception {
        assertThat(report().grade()).as("no key, nothing to map").isEqualTo("excellent");
        lab.database.execute(
                """
                insert into analytics.provider_api_key (api_key_id, organization_id, name, last_updated)
                select 'apikey_' || i, 'o', 'key ' || i, now() from generate_series(1, 20) i;
                insert into analytics.claude_usage_report (activity_date, organization_id, line_key, api_key_id, ingestion_timestamp,
                    import_revision, run_id)
                select date '2025-09-19', 'o', i, 'apikey_' || i, now(), 1, gen_random_uuid() from generate_series(1, 20) i
                """);
        String[][] edges = {
            {"19", "0", "excellent"},
            {"18", "0", "good"},
            {"16", "0", "good"},
            {"15", "0", "acceptable"},
            {"14", "0", "acceptable"},
            {"13", "0", "needs_attention"},
            {"20", "1", "acceptable"},
            {"20", "9", "acceptable"},
            {"20", "10", "needs_attention"}
        };
        for (String[] edge : edges) {
            lab.database.execute(
                    """
                    truncate analytics.api_key_mapping;
                    insert into analytics.api_key_mapping (api_key_id, team, source, valid_from, created_at)
                    select 'apikey_' || i, 'T', 'csv', date '2025-01-01', now() from generate_series(1, %s) i
                    union all select 'apikey_gone' || i, 'T', 'csv', date '2025-01-01', now() from generate_series(1, %s) i
                    """
                            .formatted(edge[0], edge[1]));
            assertThat(report().grade())
                    .as("%s of 20, %s invalid", edge[0], edge[1])
                    .isEqualTo(edge[2]);
            assertThat(report().keysMapped()).isEqualTo(Long.parseLong(edge[0]));
            assertThat(report().invalid()).isEqualTo(Long.parseLong(edge[1]));
        }
        assertThat(report().fine()).isFalse();
        lab.at(ProviderLab.NOW.plusSeconds(86_400));
        assertThat(report().keysUsed()).as("31 days ago, and no more").isZero();
    }

    @Test
    void whatIsOddAboutMappingsIsListedAndKeepsNothingOut() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        lab.anthropic(OCT_15);
        map(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test");
        map(ALICES_KEY, Tool.CLAUDE_CODE, "alice@example.test");
        assertThat(report().warnings()).isEmpty();
        assertThat(report().lowConfidenceUsd()).as("the Workbench").isEqualByComparingTo("7.56");
        // 0.9 of 15.16 and nothing of 7.56.
        assertThat(report().meanConfidence()).isCloseTo(new BigDecimal("0.6005"), within(new BigDecimal("0.0001")));
        assertThat(report().wantsMappings()).isTrue();
        assertThat(
                        lab.database.text(
                                "select concat_ws(' ', tokens, reported_tokens, trim_scale(token_difference), trim_scale(cost_usd),"
                                        + " trim_scale(estimated_cost_usd), round(cost_difference, 4), fine) from nonfinancial.claude_code_cross_check"))
                .as("the provider's own estimate is 0.64 % lower")
                .isEqualTo("7596500 7596500 0 9.38 9.32 0.0064 t");
        lab.database.execute(
                "update nonfinancial.claude_code_estimate set estimated_cost_usd = estimated_cost_usd * 0.99");
        assertThat(lab.database.text("select fine from nonfinancial.claude_code_cross_check"))
                .isEqualTo("f");
        map(ALICES_KEY, Tool.CLAUDE_API, "eve@elsewhere.test");
        assertThat(report().warnings())
                .as("the workspace decides, so what the mapping says is not what is shown")
                .containsExactly(new MappingQuality.Warning(
                        "platform",
                        ALICES_KEY,
                        "expected claude_api, detected claude_code by workspace_id on 2025-10-15"));
        lab.set("email-domains", "Example.test, corp.test");
        assertThat(report().warnings())
                .filteredOn(warning -> warning.kind().equals("foreign_domain"))
                .containsExactly(new MappingQuality.Warning(
                        "foreign_domain",
                        "eve@elsewhere.test",
                        "in mappings (expected: an address of example.test, corp.test)"));
        lab.set("email-domains", "");
        lab.database.execute(
                """
                insert into analytics.provider_api_key (api_key_id, organization_id, name, status, last_updated)
                select 'apikey_' || i, 'o', case when i < 3 then 'twin' else 'key ' || i end, case i when 5 then 'archived' else 'active' end,
                       now() from generate_series(1, 5) i
                """);
        map("twin", Tool.CLAUDE_API, "bob@example.test");
        map("apikey_5", Tool.CLAUDE_API, "bob@example.test");
        assertThat(report().warnings())
                .as("three keys, and one that is archived")
                .extracting(MappingQuality.Warning::kind)
                .containsExactly("ambiguous_name", "platform");
        map("apikey_3", Tool.CLAUDE_API, "bob@example.test");
        assertThat(report().warnings())
                .contains(new MappingQuality.Warning(
                        "many_keys", "bob@example.test", "4 active keys (expected: at most 3)"));
    }

    private static List<String> warnings(LocalDate day) throws SQLException {
        var checkpoints = lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), day, Optional.empty());
        assertThat(checkpoints).allMatch(ProviderValidation.Checkpoint::passed);
        return checkpoints.stream()
                .filter(ProviderValidation.Checkpoint::warning)
                .map(checkpoint -> checkpoint.name() + ": " + checkpoint.found())
                .toList();
    }

    @Test
    void anUnusualDayIsWarnedAboutAndStillPasses() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15)).isEmpty();
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        for (int i = 0; i < 6; i++) {
            ((ObjectNode) results.get(i)).put("amount", "0");
        }
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15)).as("6 of 13").isEmpty();
        ((ObjectNode) results.get(6)).put("amount", "0.000");
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15)).containsExactly("rows without cost: 7 of 13");

        ObjectNode row = ((ObjectNode) ProviderLab.file("f1-cost.json").at("/data/0/results/0")).deepCopy();
        // Eight days of 9 and 11 USD: the mean is 10, a standard deviation 1.069.
        for (int i = 0; i < 8; i++) {
            LocalDate day = OCT_15.minusDays(8 - i);
            lab.anthropicApi.cost(
                    day,
                    ProviderHttp.JSON.createArrayNode().add(row.deepCopy().put("amount", i % 2 == 0 ? "900" : "1100")));
            lab.anthropic(day);
        }
        lab.anthropicApi.cost(
                OCT_15, ProviderHttp.JSON.createArrayNode().add(row.deepCopy().put("amount", "1320")));
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15)).as("13.20 is 2.99 of them above").isEmpty();
        lab.anthropicApi.cost(
                OCT_15, ProviderHttp.JSON.createArrayNode().add(row.deepCopy().put("amount", "679")));
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15))
                .as("too little is as unusual")
                .containsExactly("unusual total: 6.79 USD, 3.0 of them");
        lab.database.execute("delete from analytics.provider_import_day where usage_date < '2025-10-09'");
        assertThat(warnings(OCT_15)).as("six days say nothing").isEmpty();
    }

    @Test
    void aWorkspaceThatNobodyHasMappedIsWarnedAbout() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of("default"), Tool.CLAUDE_API, FIRST, "test");
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        results.add(((ObjectNode) results.get(12))
                .deepCopy()
                .put("workspace_id", "wrkspc_new")
                .put("amount", "100"));
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(warnings(OCT_15)).containsExactly("platform unknown: 1 USD");
    }

    /** F1 is billed at list prices: 22.72 USD. */
    @Test
    void aBillFarFromListPricesIsWarnedAbout() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        billF1("0.01");
        assertThat(warnings(OCT_15)).as("without a price").isEmpty();
        lab.database.execute(
                """
                insert into analytics.models (model_id, name)
                values ('00000000-0000-4000-8000-00000000aa01', 'Haiku'),
                       ('00000000-0000-4000-8000-00000000aa02', 'Sonnet');
                insert into analytics.provider_model (model_id, provider, provider_model, updated_at)
                values ('00000000-0000-4000-8000-00000000aa01', 'anthropic', 'claude-3-5-haiku-20241022', now()),
                       ('00000000-0000-4000-8000-00000000aa02', 'anthropic', 'claude-sonnet-4-5-20250929', now());
                insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd,
                    cache_write_5m_usd, cache_write_1h_usd, author, reason, created_at)
                values ('00000000-0000-4000-8000-00000000aa01', 1, '2025-01-01T00:00Z', 0.8, 4, 0.08, 1, 1.6, 'test', 'test', now()),
                       ('00000000-0000-4000-8000-00000000aa02', 1, '2025-01-01T00:00Z', 3, 15, 0.3, 3.75, 6, 'test', 'test', now()),
                       ('00000000-0000-4000-8000-00000000aa02', 2, '2025-10-16T00:00Z', 300, 1500, 30, 375, 600, 'test', 'later', now())
                """);
        Map<String, List<String>> warningsByFactor = Map.of(
                "1", List.of(),
                "0.21", List.of(),
                "4.99", List.of(),
                "0.01", List.of("bill against list prices: 0.2272 USD"),
                "0.19", List.of("bill against list prices: 4.3168 USD"),
                "5.01", List.of("bill against list prices: 113.8272 USD"));
        for (String factor : warningsByFactor.keySet()) {
            billF1(factor);
            assertThat(warnings(OCT_15)).as("%s times the list", factor).isEqualTo(warningsByFactor.get(factor));
        }
    }

    private static void billF1(String factor) throws Exception {
        ArrayNode results = ProviderLab.f1();
        results.forEach(item -> {
            BigDecimal cents = new BigDecimal(item.path("amount").asText()).multiply(new BigDecimal(factor));
            ((ObjectNode) item).put("amount", cents.toPlainString());
        });
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
    }

    private static String quality(int hoursLater, int secondsLater) {
        return lab.database.text(
                "select concat_ws(' ', completeness, accuracy, freshness, consistency, validity, score, status)"
                        + " from analytics.provider_data_quality('"
                        + ProviderLab.NOW.plusSeconds(hoursLater * 3600L + secondsLater)
                        + "') where provider = 'anthropic'");
    }

    @Test
    void theScoreWeighsWhatIsMissingWrongOldRestatedAndRefused() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        assertThat(quality(0, 0)).as("one day of four").isEqualTo("25.0 100.0 100 100.0 100.0 81.3 good");
        for (int day = 16; day <= 18; day++) {
            lab.anthropic(LocalDate.of(2025, 10, day));
        }
        assertThat(quality(2, 0)).isEqualTo("100.0 100.0 100 100.0 100.0 100.0 excellent");
        int[][] freshness = {
            {2, 1, 90}, {10, 0, 90}, {12, 0, 90}, {12, 1, 75}, {24, 0, 75}, {24, 1, 50}, {48, 0, 50}, {48, 1, 0}
        };
        for (int[] edge : freshness) {
            assertThat(quality(edge[0], edge[1]))
                    .as("%d h %d s", edge[0], edge[1])
                    .matches("\\S+ \\S+ " + edge[2] + " .*");
        }
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        ((ObjectNode) results.get(0)).put("amount", "222");
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(quality(0, 0))
                .as("a dollar is no restatement to speak of, but 4 % are; one of twelve reports")
                .isEqualTo("100.0 100.0 100 91.7 100.0 98.8 excellent");
        ((ObjectNode) results.get(0)).put("amount", "-2151");
        lab.anthropicApi.cost(OCT_15, results);
        lab.anthropic(OCT_15);
        assertThat(quality(0, 0))
                .as("refused, so not good either")
                .isEqualTo("91.7 100.0 100 91.7 91.7 95.8 excellent");
        lab.database.execute(
                "update analytics.claude_cost_allocated set amount_usd = amount_usd + 1 where share_no = 1");
        assertThat(quality(0, 0))
                .as("a day, so three reports, break a law")
                .isEqualTo("91.7 75.0 100 91.7 91.7 88.3 good");
        assertThat(lab.database.number("select count(*) from analytics.vw_data_quality where provider = 'anthropic'"))
                .as("by the database's clock nothing is recent")
                .isZero();
    }
}
