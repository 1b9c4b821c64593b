package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.platform.Failure;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the views for finance and for managers show of the imported days. */
class ProviderReportsIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    /** Alice: 812 lines in 4 sessions, 56 of 64 suggestions accepted; 9.38 USD and 7,596,500 tokens by her key. */
    @Test
    void aRatioStandsWhereItsTwoSidesAre() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        assertThat(
                        lab.database.rows(
                                "select productivity_score, lines_per_session from analytics.fact_claude_daily_usage where claude_code_sessions = 4"))
                .containsExactly(tuple(usd("177.625"), usd("203")));
        assertThat(
                        lab.database.number(
                                """
                                select count(*) from analytics.fact_claude_daily_usage
                                where coalesce(tokens_per_session, cost_per_token, cost_per_interaction) is not null
                                """))
                .as("no row has both sides")
                .isZero();
        assertThat(
                        lab.database.rows(
                                """
                                select total_cost_usd, total_tokens, sessions, tokens_per_session::bigint, round(cost_per_token * 1000000, 6),
                                       cost_per_interaction
                                from analytics.vw_claude_daily_ratios where user_email = 'alice@example.test' and platform = 'claude_code'
                                """))
                .containsExactly(
                        tuple(usd("9.38"), usd("7596500"), usd("4"), 1_899_125L, usd("1.234779"), usd("2.345")));
        String totals = "select sum(total_cost_usd), sum(total_tokens) from analytics.";
        assertThat(lab.database.rows(totals + "vw_claude_daily_ratios"))
                .as("nothing is lost or counted twice")
                .isEqualTo(lab.database.rows(totals + "fact_claude_daily_usage"));
        lab.assertLawsHold(OCT_15);
    }

    @Test
    void aFactLeadsToTheAnswerThatItComesFrom() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        assertThat(
                        lab.database.number(
                                """
                                select count(*) from analytics.fact_claude_daily_usage f
                                left join analytics.provider_import_day d on d.run_id = f.pipeline_run_id
                                  and d.dataset = f.raw_response ->> 'dataset' and d.org_ref = f.raw_response ->> 'orgRef'
                                left join analytics.provider_raw_page p on p.run_id = (f.raw_response ->> 'runId')::uuid
                                  and p.dataset = d.dataset and p.usage_date = (f.raw_response ->> 'usageDate')::date
                                where p.body is null or jsonb_array_length(p.body -> 'data') = 0
                                """))
                .as("rows whose archived answer cannot be found")
                .isZero();
        assertThat(lab.database.rows("select distinct source_api_endpoint from analytics.fact_claude_daily_usage"))
                .containsExactlyInAnyOrder(
                        tuple("/v1/organizations/cost_report"),
                        tuple("/v1/organizations/usage_report/claude_code"),
                        tuple("/v1/organizations/usage_report/messages"));
    }

    /** The provider's estimate, 9.32, is part of the 9.38 that are billed. */
    @Test
    void estimatesOfClaudeCodeStandApart() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        assertThat(
                        lab.database.rows(
                                """
                                select num_sessions, subscription_type, total_input_tokens, total_output_tokens, total_cache_read_tokens,
                                       total_cache_creation_tokens, estimated_total_cost_usd
                                from analytics.claude_code_usage_stats where user_email = 'alice@example.test'
                                """))
                .containsExactly(
                        tuple(4L, null, usd("91667"), usd("92500"), usd("5708333"), usd("1704000"), usd("9.32")));
        assertThat(lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "provider = 'claude_code'"))
                .isEqualTo(usd("9.38"));
    }

    @Test
    void aFiscalYearBeginsWithItsMonthAndIsNamedAfterItsEnd() throws Exception {
        String days =
                """
                select fiscal_year_label, fiscal_quarter, fiscal_month from analytics.dim_date
                where date in ('2025-06-30', '2025-07-01', '2025-12-31', '2026-01-01') order by date
                """;
        assertThat(lab.database.rows(days))
                .containsExactly(
                        tuple("FY2025", 2L, 6L),
                        tuple("FY2025", 3L, 7L),
                        tuple("FY2025", 4L, 12L),
                        tuple("FY2026", 1L, 1L));
        lab.set("fiscal-year-start", "7");
        lab.anthropic(OCT_15);
        assertThat(lab.database.rows(days))
                .containsExactly(
                        tuple("FY2025", 4L, 12L),
                        tuple("FY2026", 1L, 1L),
                        tuple("FY2026", 2L, 6L),
                        tuple("FY2026", 3L, 7L));
        lab.set("fiscal-year-start", "13");
        assertThatThrownBy(() -> lab.anthropic(OCT_15)).isInstanceOf(Failure.Invalid.class);
    }

    /** 22.72 of F1 and 0.2136232 of Cursor in October, and four months of seats. */
    private static void offerAllProviders() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.cursor(OCT_15);
        Map<String, String> seats = Map.of("2025-07", "100", "2025-08", "105", "2025-09", "126", "2025-10", "100");
        seats.forEach(
                (month, amount) -> lab.seats().add(YearMonth.parse(month), Tool.CLAUDE_AI, usd(amount), false, "test"));
    }

    @Test
    void theMonthsOfFinanceAddUpToTheOneTotal() throws Exception {
        offerAllProviders();
        BigDecimal total = lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "true");
        for (String view : List.of("analytics.vw_monthly_finance", "analytics.vw_executive_total_investment")) {
            assertThat(lab.sum(view, "amount_usd", "true")).as(view).isEqualTo(total);
        }
        assertThat(
                        lab.database.rows(
                                """
                                select round(change, 2), change_band from analytics.vw_monthly_finance
                                where provider = 'claude_ai' order by month
                                """))
                .containsExactly(
                        tuple(null, "new"),
                        tuple(usd("0.05"), "stable"),
                        tuple(usd("0.2"), "changed"),
                        tuple(usd("-0.21"), "much_changed"));
        assertThat(
                        lab.database.rows(
                                """
                                select provider, round(attributed, 2), attribution_band from analytics.vw_monthly_finance
                                where month = '2025-10-01' and provider <> 'claude_ai' order by provider
                                """))
                .containsExactly(
                        tuple("claude_api", usd("0"), "needs_attention"),
                        tuple("claude_code", usd("1"), "excellent"),
                        tuple("cursor", usd("1"), "excellent"));
        assertThat(
                        lab.database.rows(
                                """
                                select month, quarter_to_date_usd, year_to_date_usd, round(share_of_month, 4)
                                from analytics.vw_executive_total_investment
                                where provider = 'claude_ai' and month >= '2025-09-01' order by month
                                """))
                .containsExactly(
                        tuple(LocalDate.of(2025, 9, 1), usd("331"), usd("331"), usd("1")),
                        tuple(LocalDate.of(2025, 10, 1), usd("100"), usd("431"), usd("0.8134")));
    }

    @Test
    void theViewsOfAMonthAddUpToTheOneTotal() throws Exception {
        offerAllProviders();
        BigDecimal total = lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "true");
        for (String view : List.of("vw_executive_summary", "vw_cost_allocation", "mb_monthly_summary")) {
            assertThat(lab.sum("analytics." + view, "amount_usd", "true"))
                    .as(view)
                    .isEqualTo(total);
        }
        assertThat(
                        lab.database.rows(
                                """
                                select amount_usd, change_usd, quarter_to_date_usd, year_to_date_usd, run_rate_year_usd, users, cost_per_user_usd,
                                       preferred_platform
                                from analytics.vw_executive_summary where month = '2025-10-01'
                                """))
                .containsExactly(tuple(
                        usd("122.9336232"),
                        usd("-3.0663768"),
                        usd("122.9336232"),
                        usd("453.9336232"),
                        usd("1475.2"),
                        1L,
                        usd("122.9336232"),
                        "claude_ai"));
        assertThat(
                        lab.database.rows(
                                """
                                select platform, users, tokens, lines_added, sessions from analytics.mb_monthly_summary
                                where month = '2025-10-01' and platform like 'cl%e' order by platform
                                """))
                .containsExactly(tuple("claude_code", 1L, usd("7596500"), usd("812"), usd("5")));
        assertThat(
                        lab.database.rows(
                                """
                                select amount_usd, lines, sessions, round(cost_per_line, 4), cost_rating, user_kind from analytics.vw_cost_allocation
                                where platform = 'claude_code' and user_email = 'alice@example.test'
                                """))
                .containsExactly(tuple(usd("9.38"), usd("812"), usd("4"), usd("0.0116"), "excellent", "rare"));
    }

    @Test
    void theViewsOfPeopleAndImportsSayWhatTheyCount() throws Exception {
        offerAllProviders();
        assertThat(
                        lab.database.rows(
                                """
                                select tool, active_days, engagement_percent, engagement, quartile from analytics.vw_productivity_metrics
                                where user_email = 'alice@example.test' order by tool
                                """))
                .as("one of October's 23 working days")
                .containsExactly(
                        tuple("claude_code", 1L, usd("4.3"), "minimal", 1L),
                        tuple("cursor", 1L, usd("4.3"), "minimal", 1L));
        assertThat(lab.sum("analytics.vw_engineering_productivity", "accepted_lines", "true"))
                .isEqualTo(
                        lab.amount(
                                """
                        select (select sum(claude_code_lines_added) from analytics.fact_claude_daily_usage)
                             + (select sum(accepted_lines_added) from analytics.fact_cursor_daily_usage where is_active)
                        """));
        assertThat(lab.database.rows("select distinct acceptance_light from analytics.vw_engineering_productivity"))
                .containsExactly(tuple("green"));
        assertThat(lab.database.rows("select provider, health from analytics.vw_system_health order by provider"))
                .as("no import since October")
                .containsExactly(tuple("anthropic", "stale"), tuple("cursor", "stale"));
        assertThat(
                        lab.database.rows(
                                """
                                select provider, days, good_days, failed_days + quarantined_days from analytics.vw_data_quality_dashboard
                                where provider = 'anthropic'
                                """))
                .containsExactly(tuple("anthropic", 3L, 3L, 0L));
        assertThat(
                        lab.database.rows(
                                """
                                select name, made_by, rotation, last_used, mapped from analytics.vw_compliance_security order by name limit 1
                                """))
                .containsExactly(tuple("claude_code_key_alice_test", "alice@example.test", "due", OCT_15, false));
    }

    @Test
    void costsAndProductivityOfADayAddUpToo() throws Exception {
        offerAllProviders();
        assertThat(lab.sum("analytics.vw_claude_per_key_costs", "amount_usd", "true"))
                .isEqualTo(usd("22.72"));
        assertThat(lab.database.rows(
                        "select api_key_name, amount_usd from analytics.vw_claude_per_key_costs order by amount_usd"))
                .containsExactly(
                        tuple("search-service-prod", usd("5.78")),
                        tuple(null, usd("7.56")),
                        tuple("claude_code_key_alice_test", usd("9.38")));
        assertThat(
                        lab.database.rows(
                                """
                                select total_cost_usd, total_tokens, claude_code_sessions, claude_code_net_lines, claude_code_commits
                                from analytics.claude_daily_summary where platform = 'claude_code'
                                """))
                .containsExactly(tuple(usd("9.38"), usd("7596500"), usd("5"), usd("669"), usd("3")));
        assertThat(
                        lab.database.rows(
                                """
                                select tool, lines_added, net_lines, round(acceptance_rate, 4), coalesce(sessions, requests)
                                from analytics.vw_ai_coding_productivity where user_email like 'alice@%' order by tool
                                """))
                .containsExactly(
                        tuple("claude_code", usd("812"), usd("669"), usd("0.875"), usd("4")),
                        tuple("cursor", usd("1102"), usd("457"), usd("0.8438"), usd("252")));
        assertThat(
                        lab.database.rows(
                                """
                                select user_email from analytics.vw_ai_coding_productivity where user_email like 'bob@%'
                                union all
                                select user_email from analytics.vw_productivity_metrics where user_email like 'bob@%'
                                union all
                                select user_email from analytics.vw_cost_allocation where user_email like 'bob@%' and user_kind is not null
                                """))
                .as("Cursor reports Bob as inactive")
                .isEmpty();
        assertThat(lab.sum("analytics.vw_api_consumption", "cost_usd", "true")).isEqualTo(usd("13.34"));
        assertThat(lab.sum("analytics.vw_api_consumption", "output_tokens", "true"))
                .isEqualTo(usd("1068333"));
    }
}
