package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.WORKSPACE;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Anthropic's reports from a fake server to the tables, with the figures of the days that once went wrong. */
class AnthropicBillIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @Test
    void theFifteenthOfOctoberCostWhatItsBillSays() throws Exception {
        lab.offerF1();
        for (int run = 1; run <= 3; run++) {
            assertThat(lab.anthropic(OCT_15).complete()).as("run " + run).isTrue();
        }
        assertThat(lab.database.number("select count(*) from analytics.claude_costs"))
                .isEqualTo(13);
        assertThat(lab.billed("activity_date = '2025-10-15'")).isEqualTo(usd("22.72"));
        assertThat(lab.billed("workspace_id is null")).isEqualTo(usd("13.34"));
        assertThat(lab.billed("workspace_id = '" + WORKSPACE + "'")).isEqualTo(usd("9.38"));
        assertThat(lab.billed("workspace_id is null and model like '%haiku%'")).isEqualTo(usd("5.78"));
        assertThat(lab.amount("select max(amount_usd) from analytics.claude_costs"))
                .isEqualTo(usd("6.39"));
        assertThat(
                        lab.database.rows(
                                """
                                select case when workspace_id is null then 'default' else 'code' end, split_part(model, '-2', 1),
                                       count(*), sum(amount_usd)
                                from analytics.claude_costs group by 1, 2 order by 1, 2
                                """))
                .containsExactly(
                        tuple("code", "claude-3-5-haiku", 3L, usd("0.14")),
                        tuple("code", "claude-sonnet-4-5", 4L, usd("9.24")),
                        tuple("default", "claude-3-5-haiku", 3L, usd("5.78")),
                        tuple("default", "claude-sonnet-4-5", 3L, usd("7.56")));
        assertThat(
                        lab.database.rows(
                                "select dataset, status, revision, row_count from analytics.provider_import_day order by dataset"))
                .containsExactly(
                        tuple("claude_code", "ok", 1L, 2L), tuple("cost", "ok", 1L, 13L), tuple("usage", "ok", 1L, 4L));
        assertThat(lab.database.number("select count(*) from analytics.provider_day_revision"))
                .isEqualTo(3);
        assertThat(lab.database.number("select count(*) from analytics.provider_correction"))
                .isZero();
        lab.assertLawsHold(OCT_15);
        String day = "?starting_at=2025-10-15T00:00:00Z&ending_at=2025-10-16T00:00:00Z&bucket_width=1d&limit=31&";
        assertThat(lab.anthropicApi.requests())
                .anyMatch(request -> request.contains(
                        "cost_report" + day + "group_by%5B%5D=workspace_id&group_by%5B%5D=description"))
                .anyMatch(request -> request.contains("usage_report/messages" + day
                        + "group_by%5B%5D=api_key_id&group_by%5B%5D=workspace_id&group_by%5B%5D=model&"));
    }

    @Test
    void eachDollarIsOwnedByOnePlatformAndItsKey() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        assertThat(lab.expenses("platform = 'claude_code'")).isEqualTo(usd("9.38"));
        assertThat(lab.expenses("platform = 'claude_api'")).isEqualTo(usd("13.34"));
        assertThat(lab.sum("analytics.api_usage_expenses", "cost_usd", "true")).isEqualTo(usd("13.34"));
        assertThat(lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "true"))
                .isEqualTo(usd("22.72"));
        // The estimate of Claude Code, 9.32, is not added to the 9.38 of the bill.
        assertThat(lab.sum("nonfinancial.claude_code_estimate", "estimated_cost_usd", "true"))
                .isEqualTo(usd("9.32"));
        assertThat(lab.sum("analytics.fact_claude_daily_usage", "total_cost_usd", "platform = 'claude_code'"))
                .isEqualTo(usd("9.38"));
        assertThat(
                        lab.database.rows(
                                """
                                select distinct user_email, attribution_method, attribution_confidence, platform_detection_method
                                from analytics.claude_cost_allocated where platform = 'claude_code'
                                """))
                .containsExactly(tuple("alice@example.test", "api_key_owner", usd("0.85"), "workspace_id"));
        // 3.14 of search-service-prod in haiku; the Workbench has no key.
        assertThat(lab.expenses("api_key_id = 'apikey_01TESTSERVICE0000000000A1'"))
                .isEqualTo(usd("5.78"));
        assertThat(lab.sum("analytics.claude_usage_keys", "output_tokens", "true"))
                .isEqualTo(usd("1160833"));
        assertThat(lab.sum("analytics.fact_claude_daily_usage", "claude_code_commits", "true"))
                .isEqualTo(usd("3"));
        lab.assertLawsHold(OCT_15);
    }

    @Test
    void centsAreCentsToTheLastDigit() throws Exception {
        lab.anthropicApi.cost(OCT_16, ProviderLab.file("f2-cost.json").at("/data/0/results"));
        LocalDate empty = LocalDate.of(2025, 10, 17);
        lab.anthropic(OCT_16);
        lab.anthropic(empty);
        assertThat(lab.billed("activity_date = '2025-10-16'")).isEqualTo(usd("9.9415625"));
        assertThat(lab.amount("select amount_usd from analytics.claude_costs where service_tier = 'batch'"))
                .isEqualTo(usd("0.0001875"));
        assertThat(lab.amount("select max(amount_usd) from analytics.claude_costs"))
                .isEqualTo(usd("9.466"));
        assertThat(lab.database.number("select count(*) from analytics.claude_costs where model is null"))
                .isEqualTo(2);
        assertThat(lab.day("cost", empty).toList()).startsWith("ok_empty");
        lab.assertLawsHold(OCT_16);
    }

    @Test
    void aRestatementIsOneRevisionWithItsCorrection() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        ArrayNode restated = ProviderLab.f1();
        restated.forEach(item -> {
            if (item.path("amount").asText().equals("120")) {
                ((ObjectNode) item).put("amount", "130");
            }
        });
        lab.anthropicApi.cost(OCT_15, restated);
        lab.anthropic(OCT_15);
        assertThat(lab.billed()).isEqualTo(usd("22.82"));
        assertThat(lab.day("cost", OCT_15)).isEqualTo(tuple("ok", null, 2L));
        assertThat(lab.database.rows("select old_amount, new_amount, delta from analytics.provider_correction"))
                .containsExactly(tuple(usd("1.2"), usd("1.3"), usd("0.1")));
        assertThat(lab.expenses("platform = 'claude_code'")).isEqualTo(usd("9.48"));
        assertThat(lab.sum("analytics.fact_claude_daily_usage", "total_cost_usd", "true"))
                .isEqualTo(usd("22.82"));
        lab.assertLawsHold(OCT_15);
    }

    @Test
    void aDayThatBecomesEmptyWaitsForAPerson() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode());
        assertThat(lab.anthropic(OCT_15).complete()).isFalse();
        assertThat(lab.day("cost", OCT_15).toList()).startsWith("suspect_empty");
        assertThat(lab.billed()).isEqualTo(usd("22.72"));
        assertThat(lab.imports()
                        .importDay(Provider.ANTHROPIC, OCT_15, true, "test", outcome -> {})
                        .complete())
                .isTrue();
        assertThat(lab.billed()).isZero();
    }

    @Test
    void productivityHasNeitherMoneyNorTokens() {
        assertThat(
                        lab.database.number(
                                """
                                select count(*) from information_schema.columns
                                where table_schema = 'analytics' and table_name = 'claude_code_productivity'
                                  and (column_name ~ 'cost|amount|price|token' or data_type in ('numeric', 'money'))
                                """))
                .isZero();
        assertThat(lab.database.text("select to_regclass('analytics.claude_cost_report') is null"))
                .isEqualTo("t");
    }
}
