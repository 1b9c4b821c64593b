package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.WORKSPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.bills.ProviderValidation;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.WorkspaceRef;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is derived of the imported days, and the dimensions beside it. */
class ProviderFactsIT {

    private static final LocalDate FIRST = LocalDate.of(2025, 1, 1);
    private static final String SERVICE_KEY = "apikey_01TESTSERVICE0000000000A1";

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @TempDir
    Path directory;

    private static String text(String query) {
        return lab.database.text(query);
    }

    private static void assertLawsHold() {
        List<String> broken = lab.jdbi().withHandle(handle -> ProviderValidation.brokenLaws(handle, OCT_15));
        assertThat(broken).isEmpty();
    }

    private Path csv(String content) throws Exception {
        return Files.writeString(directory.resolve("file.csv"), content);
    }

    private static ProviderPeople people() {
        return new ProviderPeople(lab.jdbi(), lab.clock());
    }

    private static ProviderMappings.KeyMapping key(String key, Tool platform, String email, String team) {
        return new ProviderMappings.KeyMapping(
                key,
                Optional.ofNullable(platform),
                Optional.ofNullable(email),
                Optional.ofNullable(team),
                new BigDecimal("0.900"),
                FIRST);
    }

    /** Alice: 812 lines in 4 sessions, 56 of 64 suggestions accepted; 9.38 USD and 7,596,500 tokens by her key. */
    @Test
    void aRatioStandsWhereItsTwoSidesAre() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        lab.anthropic(OCT_15);
        assertThat(text("select trim_scale(productivity_score) || ' ' || trim_scale(lines_per_session)"
                        + " from analytics.fact_claude_daily_usage where claude_code_sessions = 4"))
                .isEqualTo("177.625 203");
        assertThat(lab.database.number("select count(*) from analytics.fact_claude_daily_usage"
                        + " where coalesce(tokens_per_session, cost_per_token, cost_per_interaction) is not null"))
                .as("no row has both sides")
                .isZero();
        assertThat(
                        text(
                                "select concat_ws(' ', trim_scale(total_cost_usd), total_tokens, sessions, tokens_per_session::bigint,"
                                        + " round(cost_per_token * 1000000, 6), trim_scale(cost_per_interaction))"
                                        + " from analytics.vw_claude_daily_ratios where user_email = 'alice@example.test' and platform = 'claude_code'"))
                .isEqualTo("9.38 7596500 4 1899125 1.234779 2.345");
        assertThat(
                        text(
                                "select trim_scale(sum(total_cost_usd)) || ' ' || sum(total_tokens) from analytics.vw_claude_daily_ratios"))
                .as("nothing is lost or counted twice")
                .isEqualTo(text("select trim_scale(sum(total_cost_usd)) || ' ' || sum(total_tokens)"
                        + " from analytics.fact_claude_daily_usage"));
        assertThat(lab.database.number("select count(*) from analytics.fact_claude_daily_usage f"
                        + " left join analytics.provider_import_day d on d.run_id = f.pipeline_run_id"
                        + " and d.dataset = f.raw_response ->> 'dataset' and d.org_ref = f.raw_response ->> 'orgRef'"
                        + " left join analytics.provider_raw_page p on p.run_id = (f.raw_response ->> 'runId')::uuid"
                        + " and p.dataset = d.dataset and p.usage_date = (f.raw_response ->> 'usageDate')::date"
                        + " where p.body is null or jsonb_array_length(p.body -> 'data') = 0"))
                .as("rows whose archived answer can not be found")
                .isZero();
        assertThat(text("select string_agg(distinct source_api_endpoint, ' ' order by source_api_endpoint)"
                        + " from analytics.fact_claude_daily_usage"))
                .isEqualTo("/v1/organizations/cost_report /v1/organizations/usage_report/claude_code"
                        + " /v1/organizations/usage_report/messages");
        assertLawsHold();
    }

    /** The provider's estimate, 9.32, is part of the 9.38 that are billed. */
    @Test
    void estimatesOfClaudeCodeStandApart() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        lab.anthropic(OCT_15);
        assertThat(text(
                        "select concat_ws(' ', num_sessions, subscription_type, total_input_tokens, total_output_tokens, total_cache_read_tokens,"
                                + " total_cache_creation_tokens, trim_scale(estimated_total_cost_usd)) from analytics.claude_code_usage_stats"
                                + " where user_email = 'alice@example.test'"))
                .isEqualTo("4 91667 92500 5708333 1704000 9.32");
        assertThat(lab.amount(
                        "select sum(amount_usd) from analytics.vw_combined_daily_costs where provider = 'claude_code'"))
                .isEqualTo(new BigDecimal("9.38"));
    }

    @Test
    void keysAndWorkspacesShowWhatHoldsToday() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        String service = "select concat_ws(' ', name, partial_key_hint, mapped_user_email, mapped_team_name)"
                + " from analytics.dim_api_keys where api_key_id = '" + SERVICE_KEY + "'";
        String workspace = "select platform from analytics.dim_workspaces where workspace_id = '" + WORKSPACE + "'";
        assertThat(text(service)).isEqualTo("search-service-prod sk-ant-api03-QrS...tUvA");
        assertThat(text(workspace)).isEqualTo("unknown");
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        Path file = csv(
                """
                key,platform,email,team,from,source,environment,cost_center,description
                search-service-prod,claude_api,bob@example.test,Search,2025-01-01,google_sheets,production,CC 7,"of the shop, live"
                search-service-prod,claude_api,carol@example.test,Later,9999-01-01,,,,
                """);
        assertThat(lab.mappings().importCsv(file, "test")).isEqualTo(2);
        assertThat(text(service)).isEqualTo("search-service-prod sk-ant-api03-QrS...tUvA bob@example.test Search");
        assertThat(text(workspace)).isEqualTo("claude_code");
        assertThat(text(
                        "select string_agg(concat_ws(' ', attribution_source, confidence_score, environment, cost_center, description),"
                                + " '; ' order by valid_from) from analytics.api_key_mappings"))
                .isEqualTo("google_sheets 0.900 production CC 7 of the shop, live; csv 0.900");
        assertThatThrownBy(() -> lab.mappings().importCsv(csv("key,from,source\nk,2025-01-01,hearsay\n"), "test"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("source: hearsay (expected: manual_entry");
    }

    @Test
    void theTeamOfAPersonIsThatOfCostsWhoseMappingNamesNone() throws Exception {
        lab.offerF1();
        lab.mappings().mapKey(key(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test", "Search"), "test");
        lab.anthropic(OCT_15);
        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        lab.cursorApi.events(events);
        lab.imports().importDay(Provider.CURSOR, OCT_15, false, "test", outcome -> {});
        String teams =
                "select string_agg(team || ' ' || usd, ', ' order by team) from (select coalesce(team, '-') as team,"
                        + " trim_scale(sum(amount_usd)) as usd from analytics.vw_combined_daily_costs group by 1) teams";
        assertThat(text(teams)).isEqualTo("- 17.1536232, Search 5.78");
        Path file = csv(
                """
                \uFEFFEmail,department,sub_department,team,job_level,manager_email,director_email,ai_user_type,ai_budget_monthly_usd,is_active
                Alice@Example.test,R&D,Web,Platform,senior,bob@example.test,dora@example.test,engineering,150.50,
                bob@example.test,R&D,,Other,,,,hybrid,,false
                dora@example.test,,,,,,,,,
                """
                        .replace("\\uFEFF", "\uFEFF"));
        assertThat(people().importCsv(file, "test")).isEqualTo(3);
        assertThat(text(teams))
                .as("Alice owns 9.38 as the maker of her key and 0.2136232 of Cursor; Bob's key has a team of its own")
                .isEqualTo("- 7.56, Platform 9.5936232, Search 5.78");
        assertThat(text("select team from analytics.fact_claude_daily_usage where data_source = 'claude_code_analytics'"
                        + " and user_email = 'alice@example.test'"))
                .isEqualTo("Platform");
        assertThat(
                        text(
                                "select concat_ws('|', name, department, sub_department, team, job_level, manager_email, director_email,"
                                        + " ai_user_type, trim_scale(ai_budget_monthly_usd), is_active) from analytics.dim_users where email like 'alice@%'"))
                .isEqualTo("Alice Test|R&D|Web|Platform|senior|bob@example.test|dora@example.test|engineering|150.5|t");
        assertThat(text("select string_agg(email || ' ' || is_active, ', ' order by email) from analytics.dim_users"))
                .isEqualTo("alice@example.test true, bob@example.test false, dora@example.test true");
        assertThat(text(
                        "select string_agg(concat_ws(' ', api_key_id, old_team, new_team, amount_usd::float8, changed_by), ', ')"
                                + " from analytics.provider_attribution_change"))
                .as("what changed hands is noted")
                .isEqualTo("apikey_01TESTCODEALICE000000B1 Platform 9.38 test");
        for (String faulty : List.of(
                "email,team\nalice@example.test,New\nnobody,New\n",
                "email,team\nx@example.test,New\nX@example.test,New\n",
                "email,ai_user_type\nx@example.test,robot\n",
                "email,ai_budget_monthly_usd\nx@example.test,-1\n",
                "email,is_active\nx@example.test,maybe\n",
                "email,salary\nx@example.test,1\n",
                "team\nNew\n")) {
            assertThatThrownBy(() -> people().importCsv(csv(faulty), "test"))
                    .as(faulty)
                    .isInstanceOf(Failure.Invalid.class);
        }
        assertThat(lab.database.number("select count(*) from analytics.provider_person"))
                .isEqualTo(3);
        assertThat(text(teams)).doesNotContain("New");
        assertLawsHold();
    }

    @Test
    void namesOfKeysSayAPlatformOnlyWhereTheSettingLetsThem() throws Exception {
        lab.offerF1();
        String methods =
                "select string_agg(distinct concat_ws(' ', platform, platform_detection_method, attribution_confidence), ', ')"
                        + " from analytics.claude_cost_allocated where api_key_id is not null and workspace_id is %s";
        String named = methods.formatted("not null");
        lab.anthropic(OCT_15);
        assertThat(text(named)).isEqualTo("claude_api default 0.850");
        lab.set("key-names", "true");
        lab.anthropic(OCT_15);
        assertThat(text(named)).as("claude_code_key_alice_test").isEqualTo("claude_code name_pattern 0.700");
        assertThat(text(
                        "select string_agg(distinct platform_detection_method, ',') from analytics.fact_claude_daily_usage"
                                + " where data_source = 'usage_report' and workspace_id is not null"))
                .isEqualTo("name_pattern");
        assertThat(text(methods.formatted("null")))
                .as("search-service-prod says nothing")
                .isEqualTo("claude_api default 0.000");
        String[][] words = {
            {"my-VSCode", "claude_code"},
            {"cursor", "claude_code"},
            {"Web shop", "claude_ai"},
            {"claude.ai", "claude_ai"},
            {"browser-x", "claude_ai"},
            {"direct", "claude_api"},
            {"sdk", "claude_api"},
            {"web-code", "claude_code"},
            {"other", "-"}
        };
        for (String[] word : words) {
            assertThat(text("select coalesce(analytics.platform_of_name('" + word[0] + "'), '-')"))
                    .as(word[0])
                    .isEqualTo(word[1]);
        }
        lab.mappings().mapKey(key("claude_code_key_alice_test", Tool.CLAUDE_API, "alice@example.test", null), "test");
        assertThat(text(named)).as("a mapping goes first").isEqualTo("claude_api api_key_mapping 0.900");
        lab.set("key-names", "");
        lab.mappings().mapKey(key("claude_code_key_alice_test", null, "alice@example.test", null), "test");
        lab.anthropic(OCT_15);
        assertThat(text(named)).as("an empty setting changes nothing").isEqualTo("claude_code name_pattern 0.700");
        lab.set("key-names", "false");
        lab.anthropic(OCT_15);
        assertThat(text(named)).isEqualTo("claude_api default 0.900");
        assertLawsHold();
    }

    @Test
    void aFiscalYearBeginsWithItsMonthAndIsNamedAfterItsEnd() throws Exception {
        String days =
                "select string_agg(concat_ws(' ', fiscal_year_label, fiscal_quarter, fiscal_month), ', ' order by date)"
                        + " from analytics.dim_date where date in ('2025-06-30', '2025-07-01', '2025-12-31', '2026-01-01')";
        assertThat(text(days)).isEqualTo("FY2025 2 6, FY2025 3 7, FY2025 4 12, FY2026 1 1");
        lab.set("fiscal-year-start", "7");
        lab.anthropic(OCT_15);
        assertThat(text(days)).isEqualTo("FY2025 4 12, FY2026 1 1, FY2026 2 6, FY2026 3 7");
        lab.set("fiscal-year-start", "13");
        assertThatThrownBy(() -> lab.anthropic(OCT_15)).isInstanceOf(Failure.Invalid.class);
    }

    /** 22.72 of F1 and 0.2136232 of Cursor in October, 20 and 10 USD of seats before. */
    @Test
    void reportsAddUpToTheOneTotal() throws Exception {
        lab.offerF1();
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        lab.anthropic(OCT_15);
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.imports().importDay(Provider.CURSOR, OCT_15, false, "test", outcome -> {});
        String[][] seats = {{"2025-07", "100"}, {"2025-08", "105"}, {"2025-09", "126"}, {"2025-10", "100"}};
        for (String[] month : seats) {
            lab.seats().add(YearMonth.parse(month[0]), Tool.CLAUDE_AI, new BigDecimal(month[1]), false, "test");
        }
        BigDecimal total = lab.amount("select sum(amount_usd) from analytics.vw_combined_daily_costs");
        for (String view : List.of("vw_monthly_finance", "vw_executive_total_investment")) {
            assertThat(lab.amount("select sum(amount_usd) from analytics." + view))
                    .as(view)
                    .isEqualTo(total);
        }
        assertThat(text("select string_agg(concat_ws(' ', round(change, 2), change_band), ', ' order by month)"
                        + " from analytics.vw_monthly_finance where provider = 'claude_ai'"))
                .isEqualTo("new, 0.05 stable, 0.20 changed, -0.21 much_changed");
        assertThat(
                        text(
                                "select string_agg(concat_ws(' ', provider, round(attributed, 2), attribution_band), ', ' order by provider)"
                                        + " from analytics.vw_monthly_finance where month = '2025-10-01' and provider <> 'claude_ai'"))
                .isEqualTo("claude_api 0.00 needs_attention, claude_code 1.00 excellent, cursor 1.00 excellent");
        assertThat(text(
                        "select concat_ws(' ', quarter_to_date_usd, year_to_date_usd) from analytics.vw_executive_total_investment"
                                + " where provider = 'claude_ai' and month = '2025-09-01'"))
                .isEqualTo("331 331");
        assertThat(
                        text(
                                "select concat_ws(' ', quarter_to_date_usd, year_to_date_usd, round(share_of_month, 4))"
                                        + " from analytics.vw_executive_total_investment where provider = 'claude_ai' and month = '2025-10-01'"))
                .isEqualTo("100 431 0.8134");
        assertThat(lab.amount("select sum(amount_usd) from analytics.vw_claude_per_key_costs"))
                .isEqualTo(new BigDecimal("22.72"));
        assertThat(text(
                        "select string_agg(coalesce(api_key_name, '-') || ' ' || trim_scale(amount_usd), ', ' order by amount_usd)"
                                + " from analytics.vw_claude_per_key_costs"))
                .isEqualTo("search-service-prod 5.78, - 7.56, claude_code_key_alice_test 9.38");
        assertThat(text(
                        "select concat_ws(' ', trim_scale(total_cost_usd), total_tokens, claude_code_sessions, claude_code_net_lines, claude_code_commits)"
                                + " from analytics.claude_daily_summary where platform = 'claude_code'"))
                .isEqualTo("9.38 7596500 5 669 3");
        assertThat(
                        text(
                                "select string_agg(concat_ws(' ', tool, lines_added, net_lines, round(acceptance_rate, 4), coalesce(sessions, requests)),"
                                        + " ', ' order by tool) from analytics.vw_ai_coding_productivity where user_email like 'alice@%'"))
                .isEqualTo("claude_code 812 669 0.8750 4, cursor 1102 457 0.8438 252");
        assertThat(lab.amount("select sum(cost_usd) from analytics.vw_api_consumption"))
                .isEqualTo(new BigDecimal("13.34"));
        assertThat(lab.amount("select sum(output_tokens) from analytics.vw_api_consumption"))
                .isEqualByComparingTo("1068333");
    }

    @Test
    void cursorsMoneyHasItsOldNames() throws Exception {
        int[] cents = {5000, 5700, 5700, 5698, 5699, 300};
        String start = "1759449600000";
        for (int i = 0; i < cents.length; i++) {
            ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
            spend.put("subscriptionCycleStart", i < 5 ? Long.parseLong(start) : 1762128000000L);
            ((ObjectNode) spend.at("/teamMemberSpend/0"))
                    .put("spendCents", cents[i])
                    .put("hardLimitOverrideDollars", 7);
            lab.cursorApi.spend(spend);
            lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.at(i < 5 ? ProviderLab.NOW.plusSeconds(86_400L * i) : Instant.parse("2025-11-04T13:00:00Z"));
            lab.imports().importDay(Provider.CURSOR, LocalDate.of(2025, 10, 18 + i), false, "test", outcome -> {});
        }
        assertThat(text(
                        "select string_agg(daily_spend_usd::float8 || case when fell then ' fell' else '' end, ', ' order by snapshot_date)"
                                + " from analytics.cursor_spending where user_email = 'alice@example.test'"))
                .as("57, 56.98 and 56.99 are a fall and a cent more; another cycle begins at 0")
                .isEqualTo("50, 7, 0, 0 fell, 0.01, 3");
        assertThat(text(
                        "select concat_ws(' ', trim_scale(spend_cents), trim_scale(included_spend_cents), trim_scale(total_spend_cents),"
                                + " user_id, user_name, user_role, fast_premium_requests, monthly_limit_dollars, hard_limit_override_dollars,"
                                + " billing_cycle_start) from analytics.cursor_spending where user_email like 'alice@%'"
                                + " and snapshot_date = '2025-10-20'"))
                .isEqualTo("5700 2000 7700 101 Alice Test owner 312 100 7 2025-10-03");

        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        events.add(((ObjectNode) events.get(0))
                .deepCopy()
                .put("kind", "User API Key")
                .put("chargedCents", 50));
        lab.cursorApi.events(events);
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.at(ProviderLab.NOW);
        lab.imports().importDay(Provider.CURSOR, OCT_15, false, "test", outcome -> {});
        lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, new BigDecimal("40"), false, "test");
        assertThat(
                        text(
                                "select string_agg(expense_type || ' ' || trim_scale(usd), ', ' order by expense_type) from (select expense_type,"
                                        + " sum(amount_usd) as usd from analytics.cursor_expenses where expense_date < '2025-10-19' group by 1) kinds"))
                .isEqualTo("api_key 0.5, subscription 40, usage_based 0.2136232");
        assertThat(lab.amount("select sum(amount_usd) from analytics.cursor_expenses"))
                .isEqualTo(lab.amount(
                        "select sum(amount_usd) from analytics.vw_combined_daily_costs where provider = 'cursor'"));
        for (String view : List.of("cursor_usage_stats", "cursor_daily_metrics")) {
            assertThat(text("select concat_ws(' ', bugbot_usages, apply_most_used_extension, tab_most_used_extension,"
                            + " trim_scale(daily_spend_usd)) from analytics." + view
                            + " where user_email like 'alice@%'"))
                    .isEqualTo("3 .ts .tsx 0.7136232");
        }
    }

    @Test
    void anEventOfClaudeAiNamesItsConversationAndProject() throws Exception {
        Path file = csv(
                """
                created_at,actor_info,event,event_info,entity_info,ip_address,device_id,user_agent,client_platform
                2025-10-15T08:00:00Z,"{'email_address': 'alice@example.test'}",conversation_created,{},"{'type': 'chat_conversation', 'uuid': 'c1', 'metadata': {'project_uuid': 'p1'}}",192.0.2.1,d,u,ios
                2025-10-15T08:01:00Z,"{'email_address': 'alice@example.test'}",project_created,{},"{'type': 'chat_project', 'uuid': 'p2'}",,,,
                2025-10-15T08:02:00Z,"{'email_address': 'alice@example.test'}",file_uploaded,"{'conversation_uuid': 'c3'}","{'type': 'file', 'uuid': 'f1'}",,,,
                """);
        new AuditLogImport(lab.runs(), lab.store(), lab.jdbi(), lab.clock()).importCsv(file, "test");
        assertThat(
                        text(
                                "select string_agg(concat_ws(' ', event_type, entity_type, entity_id, coalesce(conversation_id, '-'),"
                                        + " coalesce(project_id, '-')), ', ' order by occurred_at) from analytics.claude_ai_event"))
                .isEqualTo("conversation_created chat_conversation c1 c1 p1, project_created chat_project p2 - p2,"
                        + " file_uploaded file f1 c3 -");
        assertThat(
                        lab.database.number(
                                "select count(*) from analytics.claude_ai_event where to_jsonb(claude_ai_event)::text like '%192.0.2.1%'"))
                .as("addresses of machines are of no use here")
                .isZero();
        for (String view : List.of("vw_claude_ai_daily_summary", "vw_ai_assistant_productivity")) {
            assertThat(text(
                            "select concat_ws(' ', conversations, projects, files_uploaded, active_time_minutes, engagement_score, user_kind)"
                                    + " from analytics." + view))
                    .isEqualTo("1 1 1 18 6 balanced");
        }
        people().importCsv(csv("email,team\nalice@example.test,Writers\n"), "test");
        assertThat(text("select team || ' ' || (pipeline_run_id is not null) from analytics.fact_claude_daily_usage"))
                .isEqualTo("Writers true");
    }

    @Test
    void whatAMappingMovesIsNotedWithWhoMadeIt() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropic(OCT_15);
        lab.mappings().mapKey(key(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test", null), "somebody");
        lab.mappings().mapKey(key(SERVICE_KEY, Tool.CLAUDE_CODE, "carol@example.test", "Search"), "somebody else");
        assertThat(
                        text(
                                "select string_agg(concat_ws(' ', old_platform, new_platform, coalesce(old_user_email, '-'), new_user_email, new_team,"
                                        + " amount_usd::float8, changed_by), ', ' order by change_id) from analytics.provider_attribution_change"))
                .isEqualTo("claude_api claude_api - bob@example.test 5.78 somebody,"
                        + " claude_api claude_code bob@example.test carol@example.test Search 5.78 somebody else");
    }
}
