package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.WORKSPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.AuditLogImport;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.attribution.WorkspaceReports;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.WorkspaceName;
import io.inference.analytics.provider.WorkspaceRef;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Anthropic's reports from a fake server to the tables, with the figures of the days that once went wrong. */
class AnthropicImportIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private static BigDecimal usd(String amount) {
        return new BigDecimal(amount).stripTrailingZeros();
    }

    private BigDecimal sum(String table, String column, String where) {
        return lab.amount("select coalesce(sum(%s), 0) from %s where %s".formatted(column, table, where));
    }

    private void assertLawsHold(LocalDate day) {
        List<String> broken = lab.jdbi().withHandle(handle -> ProviderValidation.brokenLaws(handle, day));
        assertThat(broken).isEmpty();
        assertThat(lab.database.number("select count(*) from analytics.provider_invariants('" + day + "')"))
                .isEqualTo(
                        lab.database.number("select count(*) from analytics.claude_costs where activity_date = '" + day
                                                + "'")
                                        > 0
                                ? 9
                                : 7);
    }

    @Test
    void theFifteenthOfOctoberCostWhatItsBillSays() throws Exception {
        lab.offerF1();
        for (int run = 1; run <= 3; run++) {
            assertThat(lab.anthropic(OCT_15).complete()).as("run " + run).isTrue();
        }
        String day = "activity_date = '2025-10-15'";
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);
        assertThat(sum("analytics.claude_costs", "amount_usd", day)).isEqualTo(usd("22.72"));
        assertThat(sum("analytics.claude_costs", "amount_usd", "workspace_id is null"))
                .isEqualTo(usd("13.34"));
        assertThat(sum("analytics.claude_costs", "amount_usd", "workspace_id = '" + WORKSPACE + "'"))
                .isEqualTo(usd("9.38"));
        assertThat(sum("analytics.claude_costs", "amount_usd", "workspace_id is null and model like '%haiku%'"))
                .isEqualTo(usd("5.78"));
        assertThat(lab.amount("select max(amount_usd) from analytics.claude_costs"))
                .isEqualTo(usd("6.39"));
        assertThat(lab.database.text(
                        "select string_agg(concat_ws(' ', workspace, model, items, usd), ', ' order by workspace, model) from"
                                + " (select case when workspace_id is null then 'default' else 'code' end as workspace,"
                                + " split_part(model, '-2', 1) as model, count(*) as items, trim_scale(sum(amount_usd)) as usd"
                                + " from analytics.claude_costs group by 1, 2) parts"))
                .isEqualTo("code claude-3-5-haiku 3 0.14, code claude-sonnet-4-5 4 9.24,"
                        + " default claude-3-5-haiku 3 5.78, default claude-sonnet-4-5 3 7.56");
        assertThat(lab.database.text(
                        "select string_agg(dataset || ' ' || status || ' ' || revision || ' ' || row_count, ', ' order by dataset)"
                                + " from analytics.provider_import_day"))
                .isEqualTo("claude_code ok 1 2, cost ok 1 13, usage ok 1 4");
        assertThat(lab.database.number("select count(*) from analytics.provider_day_revision"))
                .isEqualTo(3);
        assertThat(lab.database.number("select count(*) from analytics.provider_correction"))
                .isZero();
        assertLawsHold(OCT_15);
        assertThat(lab.anthropicApi.requests())
                .anyMatch(
                        request -> request.contains(
                                "cost_report?starting_at=2025-10-15T00:00:00Z&ending_at=2025-10-16T00:00:00Z&bucket_width=1d&limit=31&group_by%5B%5D=workspace_id&group_by%5B%5D=description"))
                .anyMatch(
                        request -> request.contains(
                                "usage_report/messages?starting_at=2025-10-15T00:00:00Z&ending_at=2025-10-16T00:00:00Z&bucket_width=1d&limit=31&group_by%5B%5D=api_key_id&group_by%5B%5D=workspace_id&group_by%5B%5D=model&"));
    }

    @Test
    void eachDollarIsOwnedByOnePlatformAndItsKey() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, LocalDate.of(2025, 1, 1), "test");
        lab.anthropic(OCT_15);
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.38"));
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_api'"))
                .isEqualTo(usd("13.34"));
        assertThat(sum("analytics.api_usage_expenses", "cost_usd", "true")).isEqualTo(usd("13.34"));
        assertThat(sum("analytics.vw_combined_daily_costs", "amount_usd", "true"))
                .isEqualTo(usd("22.72"));
        // The estimate of Claude Code, 9.32, is not added to the 9.38 of the bill.
        assertThat(sum("nonfinancial.claude_code_estimate", "estimated_cost_usd", "true"))
                .isEqualTo(usd("9.32"));
        assertThat(sum("analytics.fact_claude_daily_usage", "total_cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.38"));
        assertThat(lab.database.text(
                        "select string_agg(distinct user_email || ' ' || attribution_method || ' ' || attribution_confidence, ',')"
                                + " from analytics.claude_cost_allocated where platform = 'claude_code'"))
                .isEqualTo("alice@example.test api_key_owner 0.850");
        assertThat(lab.database.text(
                        "select string_agg(distinct platform_detection_method, ',') from analytics.claude_cost_allocated"
                                + " where platform = 'claude_code'"))
                .isEqualTo("workspace_id");
        // 3.14 of search-service-prod in haiku; the Workbench has no key.
        assertThat(sum("analytics.claude_expenses", "cost_usd", "api_key_id = 'apikey_01TESTSERVICE0000000000A1'"))
                .isEqualTo(usd("5.78"));
        assertThat(sum("analytics.claude_usage_keys", "output_tokens", "true")).isEqualTo(usd("1160833"));
        assertThat(sum("analytics.fact_claude_daily_usage", "claude_code_commits", "true"))
                .isEqualTo(usd("3"));
        assertLawsHold(OCT_15);
    }

    @Test
    void anotherMappingMovesTheDaysSinceThen() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        assertThat(lab.unmapped().list())
                .extracting(UnmappedCosts.Unmapped::id)
                .contains(WORKSPACE, "apikey_01TESTSERVICE0000000000A1");
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_code'"))
                .isZero();
        assertThat(lab.mappings()
                        .mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, LocalDate.of(2025, 10, 1), "test"))
                .isEqualTo(1);
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.38"));
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_API, OCT_16, "test");
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.38"));
        lab.mappings()
                .mapKey(
                        new ProviderMappings.KeyMapping(
                                "search-service-prod",
                                Optional.of(Tool.CLAUDE_CODE),
                                Optional.of("bob@example.test"),
                                Optional.of("Search"),
                                new BigDecimal("0.900"),
                                OCT_15),
                        "test");
        assertThat(sum("analytics.claude_expenses", "cost_usd", "team = 'Search' and platform = 'claude_code'"))
                .isEqualTo(usd("5.78"));
        assertThat(lab.unmapped().list()).isEmpty();
        assertLawsHold(OCT_15);
    }

    @Test
    void centsAreCentsToTheLastDigit() throws Exception {
        JsonNode f2 = ProviderLab.file("f2-cost.json");
        lab.anthropicApi.cost(OCT_16, f2.at("/data/0/results"));
        lab.anthropic(OCT_16);
        lab.anthropic(LocalDate.of(2025, 10, 17));
        assertThat(sum("analytics.claude_costs", "amount_usd", "activity_date = '2025-10-16'"))
                .isEqualTo(usd("9.9415625"));
        assertThat(lab.amount("select amount_usd from analytics.claude_costs where service_tier = 'batch'"))
                .isEqualTo(usd("0.0001875"));
        assertThat(lab.amount("select max(amount_usd) from analytics.claude_costs"))
                .isEqualTo(usd("9.466"));
        assertThat(lab.database.number("select count(*) from analytics.claude_costs where model is null"))
                .isEqualTo(2);
        assertThat(
                        lab.database.text(
                                "select status from analytics.provider_import_day where dataset = 'cost' and usage_date = '2025-10-17'"))
                .isEqualTo("ok_empty");
        assertLawsHold(OCT_16);
    }

    @Test
    void everyPageIsReadAndBrokenPagingIsNoDay() throws Exception {
        lab.set("anthropic-page-days", "7");
        JsonNode results = ProviderLab.file("f1-cost.json").at("/data/0/results");
        LocalDate first = LocalDate.of(2025, 10, 1);
        for (int i = 0; i < 18; i++) {
            lab.anthropicApi.cost(first.plusDays(i), results);
        }
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(new BigDecimal("22.72")));
        lab.anthropicApi.requests().clear();
        assertThat(lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(first, first.plusDays(17), true, false),
                                "test",
                                outcome -> {})
                        .complete())
                .isTrue();
        assertThat(lab.anthropicApi.requests().stream().filter(request -> request.contains("cost_report")))
                .hasSize(3);
        assertThat(lab.database.number("select count(*) from analytics.provider_import_day where dataset = 'cost'"))
                .isEqualTo(18);
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("408.96"));

        ArrayNode many = ProviderHttp.JSON.createArrayNode();
        ObjectNode one = (ObjectNode) ProviderLab.file("f1-claude-code.json").at("/data/0");
        for (int i = 0; i < 2500; i++) {
            ObjectNode copy = one.deepCopy();
            copy.withObject("/actor").put("email_address", "u" + i + "@example.test");
            many.add(copy.put("date", "2025-10-16T00:00:00Z"));
        }
        lab.anthropicApi.claudeCode(OCT_16, many);
        lab.anthropicApi.requests().clear();
        lab.anthropic(OCT_16);
        assertThat(lab.anthropicApi.requests().stream().filter(request -> request.contains("claude_code")))
                .hasSize(3);
        assertThat(lab.database.number(
                        "select count(*) from analytics.claude_code_productivity where activity_date = '2025-10-16'"))
                .isEqualTo(2500);

        LocalDate later = LocalDate.of(2025, 9, 1);
        for (Fault fault : List.of(Fault.LOST_PAGE, Fault.SAME_PAGE)) {
            lab.anthropicApi.cost(later, results);
            lab.anthropicApi.fail("cost_report", fault, fault);
            assertThat(lab.anthropic(later).complete()).isFalse();
            assertThat(lab.database.text("select status || ' ' || last_error_code from analytics.provider_import_day"
                            + " where dataset = 'cost' and usage_date = '2025-09-01'"))
                    .isEqualTo("failed_retryable broken_paging");
        }
        assertThat(sum("analytics.claude_costs", "amount_usd", "activity_date = '2025-09-01'"))
                .isZero();
        assertThat(
                        lab.database.text(
                                "select status from analytics.provider_import_day where dataset = 'usage' and usage_date = '2025-09-01'"))
                .as("the other reports of the day go on")
                .isEqualTo("ok_empty");
    }

    @Test
    void aRestatementIsOneRevisionWithItsCorrection() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, LocalDate.of(2025, 1, 1), "test");
        lab.anthropic(OCT_15);
        ArrayNode restated =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        restated.forEach(item -> {
            if (item.path("amount").asText().equals("120")) {
                ((ObjectNode) item).put("amount", "130");
            }
        });
        lab.anthropicApi.cost(OCT_15, restated);
        lab.anthropic(OCT_15);
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("22.82"));
        assertThat(lab.database.number("select revision from analytics.provider_import_day where dataset = 'cost'"))
                .isEqualTo(2);
        assertThat(
                        lab.database.text(
                                "select count(*) || ' ' || sum(delta)::float8 || ' ' || min(old_amount)::float8 from analytics.provider_correction"))
                .isEqualTo("1 0.1 1.2");
        assertThat(sum("analytics.claude_expenses", "cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.48"));
        assertThat(sum("analytics.fact_claude_daily_usage", "total_cost_usd", "true"))
                .isEqualTo(usd("22.82"));
        assertLawsHold(OCT_15);

        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode());
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.database.text("select status from analytics.provider_import_day where dataset = 'cost'"))
                .isEqualTo("suspect_empty");
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("22.82"));
        assertThat(lab.imports()
                        .importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {})
                        .complete())
                .isTrue();
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isZero();
    }

    @Test
    void aDayThatCanNotBeRightWaitsForAPerson() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        ArrayNode large =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ((ObjectNode) large.get(0)).put("amount", "100001");
        lab.anthropicApi.cost(OCT_15, large);
        lab.anthropic(OCT_15);
        assertQuarantined("row_too_large");
        ArrayNode twice =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ((ObjectNode) twice.get(0)).put("amount", "-1");
        lab.anthropicApi.cost(OCT_15, twice);
        lab.anthropic(OCT_15);
        assertQuarantined("negative_cost");
        ((ObjectNode) twice.get(0)).put("amount", "1").put("currency", "EUR");
        lab.anthropicApi.cost(OCT_15, twice);
        lab.anthropic(OCT_15);
        assertQuarantined("currency");
        lab.anthropicApi.cost(OCT_15, large);
        lab.imports().importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {});
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("1021.51"));
        assertThat(lab.anthropic(OCT_15).complete())
                .as("the same content is released")
                .isTrue();
        assertThat(lab.database.text("select concat_ws(' ', dataset, released_by, released_at at time zone 'UTC')"
                        + " from analytics.provider_released_day"))
                .isEqualTo("cost test 2025-10-19 13:00:00");
    }

    @Test
    void aRowAndADayOfExactlyTheirLimitsAreTaken() throws Exception {
        ArrayNode one =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ObjectNode first = one.get(0).deepCopy();
        one.removeAll().add(first.put("amount", "100000"));
        String[][] days = {
            {"100000", "0", "ok"},
            {"100000.000000001", "0", "quarantined row_too_large"},
            {"99999.999999999", "0.000000001", "ok"},
            {"99999.999999999", "0.000000002", "quarantined day_too_large"}
        };
        for (int i = 0; i < days.length; i++) {
            LocalDate day = OCT_15.minusDays(i);
            ArrayNode results = ProviderHttp.JSON.createArrayNode();
            results.add(first.deepCopy().put("amount", days[i][0]));
            results.add(first.deepCopy().put("model", "other").put("amount", days[i][1]));
            lab.anthropicApi.cost(day, results);
            lab.anthropic(day);
            assertThat(lab.database.text(
                            "select concat_ws(' ', status, last_error_code) from analytics.provider_import_day"
                                    + " where dataset = 'cost' and usage_date = '" + day + "'"))
                    .as(String.join(" + ", days[i]))
                    .isEqualTo(days[i][2]);
        }
        assertThat(sum("analytics.claude_costs", "amount_usd", "activity_date = '2025-10-13'"))
                .as("eleven digits after the point")
                .isEqualTo(usd("1000"));
        assertThat(checkpoint(OCT_15, "1000", 5)).as("the largest row").isTrue();
    }

    /** Of 22.72 a cent is allowed, of 200 a ten-thousandth of what is expected. */
    @Test
    void theToleranceOfAValidationEndsWhereItSays() throws Exception {
        lab.offerF1();
        ArrayNode twoHundred =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ObjectNode first = twoHundred.get(0).deepCopy();
        lab.anthropicApi.cost(OCT_16, twoHundred.removeAll().add(first.put("amount", "20000")));
        lab.anthropic(OCT_15);
        lab.anthropic(OCT_16);
        Object[][] edges = {
            {OCT_15, "22.73", true},
            {OCT_15, "22.71", true},
            {OCT_15, "22.72999999", true},
            {OCT_15, "22.73000001", false},
            {OCT_15, "22.70999999", false},
            {OCT_15, "0", false},
            {OCT_16, "200.02000200", true},
            {OCT_16, "200.02000201", false},
            {OCT_16, "199.98000200", true},
            {OCT_16, "199.98000199", false}
        };
        for (Object[] edge : edges) {
            assertThat(checkpoint((LocalDate) edge[0], (String) edge[1], 1))
                    .as("%s: %s", edge[0], edge[1])
                    .isEqualTo(edge[2]);
        }
    }

    /** The checkpoints are the import and the five of the sheet. */
    private static boolean checkpoint(LocalDate day, String expectedTotal, int number) throws SQLException {
        var checkpoint = lab.validation()
                .validate(Provider.ANTHROPIC, Optional.empty(), day, Optional.of(new BigDecimal(expectedTotal)))
                .get(number);
        assertThat(checkpoint.name()).startsWith(Integer.toString(number));
        return checkpoint.passed();
    }

    private void assertQuarantined(String code) {
        assertThat(
                        lab.database.text(
                                "select status || ' ' || last_error_code || ' ' || revision from analytics.provider_import_day where dataset = 'cost'"))
                .isEqualTo("quarantined " + code + " 1");
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("22.72"));
    }

    @Test
    void passingFaultsAreTriedAgainAndLastingOnesAreNot() throws Exception {
        lab.offerF1();
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER, Fault.SERVER_ERROR, Fault.CUT);
        lab.anthropicApi.fail("messages", Fault.BROKEN_JSON, Fault.OVERLOADED, Fault.NO_ANSWER);
        long start = System.nanoTime();
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
                .as("retry-after of 1 s, a time-out of 2 s")
                .isGreaterThanOrEqualTo(3000);
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);

        Fault[] storm = java.util.Collections.nCopies(4, Fault.RATE_LIMITED).toArray(Fault[]::new);
        lab.anthropicApi.fail("cost_report", storm);
        lab.anthropicApi.requests().clear();
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests().stream().filter(request -> request.contains("cost_report")))
                .hasSize(4);
        assertThat(ledgerOf(OCT_16)).startsWith("failed_retryable rate_limit_error");

        lab.anthropicApi.fail("cost_report", Fault.FORBIDDEN);
        lab.anthropicApi.requests().clear();
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests().stream().filter(request -> request.contains("cost_report")))
                .hasSize(1);
        assertThat(ledgerOf(OCT_16))
                .startsWith("failed_permanent permission_error")
                .contains("ANTHROPIC_ADMIN_API_KEY", "Admin API key", "[redacted]")
                .doesNotContain(FakeAnthropic.KEY);
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(), "test", outcome -> {})
                        .complete())
                .isTrue();
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(List.of(OCT_15, OCT_16)), "test", outcome -> {})
                        .days())
                .as("two days that are named, although nothing is wrong with them")
                .hasSize(6)
                .allMatch(day -> day.status().good() && day.revision() == 1);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15)))
                .as("the days after it were never tried")
                .hasSize(6)
                .allMatch(gap -> gap.contains("missing"));
    }

    @Test
    void aPauseIsAsLongAsTheProviderSaysInSecondsOrAsADate() throws Exception {
        lab.offerF1();
        lab.anthropicApi.retryAfter(DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ProviderLab.NOW.plusSeconds(1).atOffset(ZoneOffset.UTC)));
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER);
        long start = System.nanoTime();
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isGreaterThanOrEqualTo(1000);
        lab.anthropicApi.retryAfter("3600");
        lab.anthropicApi.fail("cost_report", Fault.RATE_LIMITED_WITH_RETRY_AFTER);
        lab.anthropicApi.requests().clear();
        assertThat(lab.anthropic(OCT_16).complete()).isFalse();
        assertThat(lab.anthropicApi.requests().stream().filter(request -> request.contains("cost_report")))
                .as("longer than a request may take: later")
                .hasSize(1);
        assertThat(lab.database.text("select status || ' ' || (next_attempt_at = '2025-10-19T14:00:00Z')"
                        + " from analytics.provider_import_day where dataset = 'cost' and usage_date = '2025-10-16'"))
                .isEqualTo("failed_retryable true");
    }

    @Test
    void aFieldThatCanNotBeReadKeepsItsOwnDayOutAndNoOther() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        ArrayNode results = ProviderLab.file("f1-cost.json").withArray("/data/0/results");
        ObjectNode first = (ObjectNode) results.get(0);
        lab.anthropicApi.cost(OCT_16, results.deepCopy());
        first.put("amount", "1e3");
        lab.anthropicApi.cost(OCT_15, results);
        ObjectNode exact =
                first.deepCopy().put("amount", "12345.678901234567891").put("description", "a \u0000 b");
        lab.anthropicApi.cost(OCT_16.plusDays(1), ProviderHttp.JSON.createArrayNode().add(exact));
        var summary = lab.imports()
                .backfill(
                        Provider.ANTHROPIC,
                        new ProviderImports.Range(OCT_15, OCT_16.plusDays(1), true, false),
                        "test",
                        outcome -> {});
        assertThat(summary.days().stream().filter(day -> !day.status().good()))
                .singleElement()
                .satisfies(day -> assertThat(day.date()).isEqualTo(OCT_15));
        assertQuarantinedOn(OCT_15, "broken_field");
        assertThat(sum("analytics.claude_costs", "amount_usd", "activity_date = '2025-10-15'"))
                .isEqualTo(usd("22.72"));
        assertThat(sum("analytics.claude_costs", "amount_usd", "activity_date = '2025-10-17'"))
                .isEqualTo(usd("123.45678901234567891"));
        assertThat(lab.database.number(
                        "select count(*) from analytics.provider_raw_page where usage_date = '2025-10-15'"
                                + " and body::text like '%1e3%'"))
                .as("a person can look at it")
                .isEqualTo(1);
    }

    private void assertQuarantinedOn(LocalDate day, String code) {
        assertThat(ledgerOf(day)).startsWith("quarantined " + code);
    }

    @Test
    void aKeyOfAnotherOrganizationImportsNothing() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty());
        lab.anthropicApi.organization("00000000-0000-4000-8000-000000000002");
        assertThatThrownBy(() -> lab.anthropic(OCT_16))
                .isInstanceOf(Failure.Unavailable.class)
                .hasMessageContaining("ANTHROPIC_ORGANIZATION_ID");
        assertThatThrownBy(() -> lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(OCT_15, OCT_16, true, false),
                                "test",
                                outcome -> {}))
                .isInstanceOf(Failure.Unavailable.class)
                .hasMessageContaining("ANTHROPIC_ORGANIZATION_ID");
        lab.set("anthropic-organization", "00000000-0000-4000-8000-000000000002");
        assertThatThrownBy(() -> lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(OCT_15, OCT_16, true, false),
                                "test",
                                outcome -> {}))
                .as("another organisation's day was validated")
                .isInstanceOf(Failure.Conflict.class)
                .hasMessageContaining("000000000002");
        assertThat(lab.database.number("select count(*) from analytics.provider_import_day"))
                .isEqualTo(3);
    }

    @Test
    void aKeyWhoseMakerIsUnknownMayBeNamedAfterItsUser() throws Exception {
        lab.offerF1();
        JsonNode keys = ProviderLab.file("api-keys.json").path("data");
        keys.forEach(key -> ((ObjectNode) key).remove("created_by"));
        lab.anthropicApi.list("api_keys", keys);
        lab.anthropic(OCT_15);
        String alices =
                "select string_agg(distinct concat_ws(' ', user_email, attribution_method, attribution_confidence), ',')"
                        + " from analytics.claude_cost_allocated where workspace_id is not null";
        assertThat(lab.database.text(alices)).isEqualTo("alice@example.test name_pattern 0.700");
        JsonNode two = ProviderLab.file("users.json").path("data");
        ((ArrayNode) two)
                .add(((ObjectNode) two.get(0)).deepCopy().put("id", "user_2").put("email", "alice@other.test"));
        lab.anthropicApi.list("users", two);
        lab.anthropic(OCT_15);
        lab.mappings().mapWorkspace(WorkspaceRef.of("wrkspc_other"), Tool.CLAUDE_API, OCT_15, "test");
        assertThat(lab.database.text(alices)).as("it could be either").isEqualTo("workspace_only 0.500");
    }

    /** The workspace without an id is another one in each organisation. */
    @Test
    void costsOfTwoOrganizationsAreNeverTakenForOneAnothers() throws Exception {
        String second = "00000000-0000-4000-8000-000000000002";
        lab.offerF1();
        lab.set("anthropic-organization", "");
        lab.anthropic(OCT_15);
        WorkspaceRef firsts = lab.organizations().workspace(new WorkspaceName("default", Optional.empty()));
        assertThat(firsts.organization()).isEqualTo(FakeAnthropic.ORG);
        lab.mappings().mapWorkspace(firsts, Tool.CLAUDE_CODE, OCT_15, "test");
        lab.anthropicApi.organization(second);
        lab.anthropic(OCT_15);
        assertThatThrownBy(() -> lab.organizations().workspace(new WorkspaceName("default", Optional.empty())))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("organization: missing")
                .hasMessageContaining(second);
        assertThat(lab.organizations()
                        .workspace(new WorkspaceName(WORKSPACE, Optional.empty()))
                        .organization())
                .isEmpty();
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("45.44"));
        String of = "organization_id = '%s' and workspace_id is null and platform = '%s'";
        assertThat(sum("analytics.claude_expenses", "cost_usd", of.formatted(FakeAnthropic.ORG, "claude_code")))
                .isEqualTo(usd("13.34"));
        assertThat(sum("analytics.claude_expenses", "cost_usd", of.formatted(second, "claude_api")))
                .isEqualTo(usd("13.34"));
        lab.mappings().mapWorkspace(WorkspaceRef.of("default"), Tool.CLAUDE_AI, OCT_15, "test");
        assertThat(sum("analytics.claude_expenses", "cost_usd", of.formatted(FakeAnthropic.ORG, "claude_code")))
                .as("its own entry goes first")
                .isEqualTo(usd("13.34"));
        assertThat(sum("analytics.claude_expenses", "cost_usd", of.formatted(second, "claude.ai")))
                .isEqualTo(usd("13.34"));
        UUID org = UUID.randomUUID();
        OrgMappings owners = new OrgMappings(lab.jdbi(), lab.clock());
        owners.mapWorkspace(new WorkspaceRef(WorkspaceRef.DEFAULT, second), Optional.of(org), OCT_15, "test");
        assertThat(lab.database.text(
                        "select string_agg(distinct organization_id, ',') || ' ' || trim_scale(sum(amount_usd))"
                                + " from analytics.provider_org_costs where org_id = '" + org + "'"))
                .isEqualTo(second + " 13.34");
        new WorkspaceReports(lab.jdbi(), lab.clock()).show(firsts, false, "test");
        assertThat(sum("analytics.vw_reported_daily_costs", "amount_usd", "true"))
                .isEqualTo(usd("32.1"));
        assertThat(lab.database.number(
                        "select count(*) from (select organization_id from analytics.vw_combined_daily_costs"
                                + " group by organization_id having sum(amount_usd) = 22.72) both_of_them"))
                .isEqualTo(2);
        assertThatThrownBy(
                        () -> lab.validation().validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.empty()))
                .isInstanceOf(Failure.Invalid.class);
        assertThat(lab.validation()
                        .validate(Provider.ANTHROPIC, Optional.of(second), OCT_15, Optional.of(usd("22.72"))))
                .allMatch(ProviderValidation.Checkpoint::passed);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.of(OCT_15)))
                .as("three reports, three days, two organisations")
                .hasSize(18)
                .anyMatch(gap -> gap.endsWith(second));
        assertLawsHold(OCT_15);
    }

    private String ledgerOf(LocalDate day) {
        return lab.database.text(
                "select status || ' ' || last_error_code || ' ' || last_error_text from analytics.provider_import_day"
                        + " where dataset = 'cost' and usage_date = '" + day + "'");
    }

    @Test
    void aCrashInTheMiddleLeavesTheOldDay() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.database.execute(
                "alter table analytics.claude_cost_allocated add constraint crash check (amount_usd < 0) not valid");
        ArrayNode restated =
                ProviderLab.file("f1-cost.json").withArray("/data/0/results").deepCopy();
        ((ObjectNode) restated.get(0)).put("amount", "123");
        lab.anthropicApi.cost(OCT_15, restated);
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("22.72"));
        assertLawsHold(OCT_15);
        lab.database.execute("alter table analytics.claude_cost_allocated drop constraint crash");
        assertThat(lab.anthropic(OCT_15).complete()).isTrue();
        assertThat(sum("analytics.claude_costs", "amount_usd", "true")).isEqualTo(usd("22.73"));
        assertLawsHold(OCT_15);
    }

    @Test
    void twoWorkersImportADayOneAfterTheOther() throws Exception {
        lab.offerF1();
        CountDownLatch latch = new CountDownLatch(1);
        lab.anthropicApi.holdUntil(latch);
        List<CompletableFuture<Boolean>> workers = List.of(async(), async());
        latch.countDown();
        for (CompletableFuture<Boolean> worker : workers) {
            assertThat(worker.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(lab.database.text("select count(*) || ' ' || max(revision) from analytics.provider_day_revision"))
                .isEqualTo("3 1");
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);
        assertThat(lab.database.number("select count(*) from pg_locks where locktype = 'advisory'"))
                .isZero();
        assertLawsHold(OCT_15);
    }

    private CompletableFuture<Boolean> async() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return lab.anthropic(OCT_15).complete();
            } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void aBackfillOf291DaysEndsCompleteInFewCalls() throws Exception {
        lab.offerF1();
        LocalDate first = LocalDate.of(2025, 1, 1);
        LocalDate last = LocalDate.of(2025, 10, 18);
        assertThatThrownBy(() -> lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(first, last, false, false),
                                "test",
                                outcome -> {}))
                .isInstanceOf(Failure.Conflict.class)
                .hasMessageContaining("validate");
        lab.anthropic(OCT_15);
        assertThat(lab.validation()
                        .validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(new BigDecimal("22.80"))))
                .anyMatch(checkpoint -> !checkpoint.passed());
        assertThat(lab.validation()
                        .validate(Provider.ANTHROPIC, Optional.empty(), OCT_15, Optional.of(new BigDecimal("22.72"))))
                .hasSize(6)
                .allMatch(ProviderValidation.Checkpoint::passed);
        int failing = 0;
        for (LocalDate day = first; day.isBefore(last); day = day.plusDays(20)) {
            lab.anthropicApi.failDate("claude_code", day, Fault.FORBIDDEN);
            failing++;
        }
        lab.anthropicApi.requests().clear();
        int[] progress = {0};
        var summary = lab.imports()
                .backfill(
                        Provider.ANTHROPIC,
                        new ProviderImports.Range(first, last, false, false),
                        "test",
                        outcome -> progress[0]++);
        assertThat(lab.anthropicApi.requests()).hasSizeLessThanOrEqualTo(311);
        assertThat(progress[0]).isEqualTo(3 * 291 - 3);
        assertThat(summary.days().stream().filter(day -> !day.status().good())).hasSize(failing);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).hasSize(failing);
        assertThat(lab.imports()
                        .retry(Provider.ANTHROPIC, new TreeSet<>(), "test", outcome -> {})
                        .days())
                .hasSize(failing);
        assertThat(lab.imports().gaps(Provider.ANTHROPIC, Optional.empty())).isEmpty();
        assertThat(lab.database.text(
                        "select count(*) || ' ' || count(*) filter (where l.expected is distinct from l.found) || ' ' || trim_scale(sum(l.found)"
                                + " filter (where l.name = 'bill = fact')) from generate_series(date '2025-01-01', '2025-10-18', '1 day') d"
                                + " cross join lateral analytics.provider_invariants(d::date) l"))
                .as("none of nine laws of the day with a bill, of seven of each without")
                .isEqualTo(9 + 290 * 7 + " 0 22.72");
        lab.anthropicApi.requests().clear();
        assertThat(lab.imports()
                        .backfill(
                                Provider.ANTHROPIC,
                                new ProviderImports.Range(first, last, false, false),
                                "test",
                                outcome -> {})
                        .days())
                .isEmpty();
        assertThat(lab.anthropicApi.requests()).as("nothing but whose key it is").hasSize(1);
    }

    @Test
    void productivityHasNeitherMoneyNorTokens() {
        assertThat(
                        lab.database.number(
                                "select count(*) from information_schema.columns where table_schema = 'analytics'"
                                        + " and table_name = 'claude_code_productivity'"
                                        + " and (column_name ~ 'cost|amount|price|token' or data_type in ('numeric', 'money'))"))
                .isZero();
        assertThat(lab.database.text("select to_regclass('analytics.claude_cost_report') is null"))
                .isEqualTo("t");
    }

    @Test
    void filesOfPeopleAreTakenAsAWhole(@TempDir Path directory) throws Exception {
        Path csv = directory.resolve("audit.csv");
        Files.writeString(
                csv,
                """
                created_at,actor_info,event,event_info,entity_info,ip_address,device_id,user_agent,client_platform
                2025-10-15T08:00:00Z,"{'name': 'Alice', 'email_address': 'Alice@Example.test', 'uuid': 'u1'}",conversation_created,{},"{'uuid': 'c1'}",,,,web_claude_ai
                2025-10-15T08:00:00Z,"{'name': 'Alice', 'email_address': 'Alice@Example.test', 'uuid': 'u1'}",conversation_created,{},"{'uuid': 'c1'}",,,,web_claude_ai
                2025-10-17T09:00:00Z,"{'name': ""Bob O'Brien"", 'email_address': 'bob@example.test', 'uuid': 'u2'}",project_created,{},"{'uuid': 'p1'}",,,,desktop_app
                """);
        AuditLogImport audit = new AuditLogImport(lab.runs(), lab.store(), lab.jdbi(), lab.clock());
        for (int i = 0; i < 2; i++) {
            assertThat(audit.importCsv(csv, "test"))
                    .hasSize(3)
                    .allMatch(day -> day.status().good() && day.revision() == 1);
        }
        assertThat(lab.database.number("select count(*) from analytics.claude_ai_event"))
                .isEqualTo(3);
        assertThat(lab.database.text(
                        "select user_name || ' ' || user_email || ' ' || entity_id from analytics.claude_ai_event"
                                + " where activity_date = '2025-10-17'"))
                .isEqualTo("Bob O'Brien bob@example.test p1");
        assertThat(lab.database.text(
                        "select user_email || ' ' || claude_ai_conversations || ' ' || claude_ai_engagement_score"
                                + " from analytics.fact_claude_daily_usage where usage_date = '2025-10-15'"))
                .isEqualTo("alice@example.test 2 4");
        lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, new BigDecimal("600"), false, "test");
        lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, new BigDecimal("600.00"), false, "test");
        assertThatThrownBy(() ->
                        lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, new BigDecimal("601"), false, "test"))
                .isInstanceOf(Failure.Conflict.class);
        assertThat(sum(
                        "analytics.claude_expenses",
                        "cost_usd",
                        "platform = 'claude.ai' and cost_type = 'subscription'"))
                .isEqualTo(usd("600"));
        assertThat(sum("analytics.fact_claude_daily_usage", "subscription_cost_usd", "true"))
                .isEqualTo(usd("600"));
        assertLawsHold(LocalDate.of(2025, 10, 1));

        Path mappings = directory.resolve("keys.csv");
        Files.writeString(
                mappings,
                "key,platform,email,team,from\napikey_x,claude_api,a@example.test,T,2025-01-01\napikey_x,nope,,,2025-13-01\n");
        assertThatThrownBy(() -> lab.mappings().importCsv(mappings, "test"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("2 faulty lines");
        Files.writeString(
                mappings,
                "key,platform,email,team,from\napikey_x,claude_api,a@example.test,T,2025-01-01\nci-bot,,,CI,2025-02-01\n");
        assertThat(lab.mappings().importCsv(mappings, "test")).isEqualTo(2);
        assertThat(lab.database.number("select count(*) from analytics.api_key_mapping"))
                .isEqualTo(2);
        Files.writeString(mappings, "\uFEFFKey,platform,email,team,from\r\nci\\bot,,,\"A, \"\"B\"\"\",2025-02-01\r\n");
        assertThat(lab.mappings().importCsv(mappings, "test"))
                .as("as a spreadsheet writes it")
                .isEqualTo(1);
        assertThat(lab.database.text("select team from analytics.api_key_mapping where api_key_name = 'ci\\bot'"))
                .isEqualTo("A, \"B\"");
        for (String faulty : List.of("", "key,platform\na", "key,from\n,2025-01-01\n")) {
            Files.writeString(mappings, faulty);
            assertThatThrownBy(() -> lab.mappings().importCsv(mappings, "test")).isInstanceOf(Failure.Invalid.class);
        }
    }
}
