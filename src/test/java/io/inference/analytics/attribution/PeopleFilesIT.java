package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.FIRST_DAY;
import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.platform.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and figures that people bring: people, keys, seats, and the audit log of claude.ai. All of a file is taken, or none. */
class PeopleFilesIT {

    private static final String SERVICE_KEY = "apikey_01TESTSERVICE0000000000A1";

    /** The columns of the audit log's export. */
    private static final String AUDIT_LOG =
            "created_at,actor_info,event,event_info,entity_info,ip_address,device_id,user_agent,client_platform\n";

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @TempDir
    Path directory;

    private Path csv(String content) throws Exception {
        return Files.writeString(directory.resolve("file.csv"), content);
    }

    private static ProviderPeople people() {
        return new ProviderPeople(lab.jdbi(), lab.clock());
    }

    private static AuditLogImport auditLog() {
        return new AuditLogImport(lab.runs(), lab.store(), lab.jdbi(), lab.clock());
    }

    @Test
    void anAuditLogReplacesItsDays() throws Exception {
        Path file = csv(
                AUDIT_LOG
                        + """
                        2025-10-15T08:00:00Z,"{'name': 'Alice', 'email_address': 'Alice@Example.test', 'uuid': 'u1'}",conversation_created,{},"{'uuid': 'c1'}",,,,web_claude_ai
                        2025-10-15T08:00:00Z,"{'name': 'Alice', 'email_address': 'Alice@Example.test', 'uuid': 'u1'}",conversation_created,{},"{'uuid': 'c1'}",,,,web_claude_ai
                        2025-10-17T09:00:00Z,"{'name': ""Bob O'Brien"", 'email_address': 'bob@example.test', 'uuid': 'u2'}",project_created,{},"{'uuid': 'p1'}",,,,desktop_app
                        """);
        for (int i = 0; i < 2; i++) {
            assertThat(auditLog().importCsv(file, "test"))
                    .hasSize(3)
                    .allMatch(day -> day.status().good() && day.revision() == 1);
        }
        assertThat(lab.database.number("select count(*) from analytics.claude_ai_event"))
                .isEqualTo(3);
        assertThat(
                        lab.database.rows(
                                "select user_name, user_email, entity_id from analytics.claude_ai_event where activity_date = '2025-10-17'"))
                .containsExactly(tuple("Bob O'Brien", "bob@example.test", "p1"));
        assertThat(
                        lab.database.rows(
                                """
                                select user_email, claude_ai_conversations, claude_ai_engagement_score
                                from analytics.fact_claude_daily_usage where usage_date = '2025-10-15'
                                """))
                .containsExactly(tuple("alice@example.test", 2L, 4L));
    }

    @Test
    void anEventOfClaudeAiNamesItsConversationAndProject() throws Exception {
        Path file = csv(
                AUDIT_LOG
                        + """
                        2025-10-15T08:00:00Z,"{'email_address': 'alice@example.test'}",conversation_created,{},"{'type': 'chat_conversation', 'uuid': 'c1', 'metadata': {'project_uuid': 'p1'}}",192.0.2.1,d,u,ios
                        2025-10-15T08:01:00Z,"{'email_address': 'alice@example.test'}",project_created,{},"{'type': 'chat_project', 'uuid': 'p2'}",,,,
                        2025-10-15T08:02:00Z,"{'email_address': 'alice@example.test'}",file_uploaded,"{'conversation_uuid': 'c3'}","{'type': 'file', 'uuid': 'f1'}",,,,
                        """);
        auditLog().importCsv(file, "test");
        assertThat(
                        lab.database.rows(
                                """
                                select event_type, entity_type, entity_id, conversation_id, project_id
                                from analytics.claude_ai_event order by occurred_at
                                """))
                .containsExactly(
                        tuple("conversation_created", "chat_conversation", "c1", "c1", "p1"),
                        tuple("project_created", "chat_project", "p2", null, "p2"),
                        tuple("file_uploaded", "file", "f1", "c3", null));
        assertThat(
                        lab.database.number(
                                "select count(*) from analytics.claude_ai_event where to_jsonb(claude_ai_event)::text like '%192.0.2.1%'"))
                .as("addresses of machines are of no use here")
                .isZero();
        String summary =
                "select conversations, projects, files_uploaded, active_time_minutes, engagement_score, user_kind"
                        + " from analytics.";
        assertThat(lab.database.rows(summary + "vw_claude_ai_daily_summary"))
                .isEqualTo(lab.database.rows(summary + "vw_ai_assistant_productivity"))
                .containsExactly(tuple(usd("1"), usd("1"), usd("1"), usd("18"), usd("6"), "balanced"));
        people().importCsv(csv("email,team\nalice@example.test,Writers\n"), "test");
        assertThat(lab.database.rows("select team, pipeline_run_id is not null from analytics.fact_claude_daily_usage"))
                .containsExactly(tuple("Writers", true));
    }

    @Test
    void seatsOfAMonthAreEnteredOnce() throws Exception {
        lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, usd("600"), false, "test");
        lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, usd("600.00"), false, "test");
        assertThatThrownBy(() -> lab.seats().add(YearMonth.of(2025, 10), Tool.CLAUDE_AI, usd("601"), false, "test"))
                .isInstanceOf(Failure.Conflict.class);
        assertThat(lab.expenses("platform = 'claude.ai' and cost_type = 'subscription'"))
                .isEqualTo(usd("600"));
        assertThat(lab.sum("analytics.fact_claude_daily_usage", "subscription_cost_usd", "true"))
                .isEqualTo(usd("600"));
        lab.assertLawsHold(LocalDate.of(2025, 10, 1));
    }

    @Test
    void mappingsOfKeysAreTakenAsAWhole() throws Exception {
        String good = "key,platform,email,team,from\napikey_x,claude_api,a@example.test,T,2025-01-01\n";
        Path faulty = csv(good + "apikey_x,nope,,,2025-13-01\n");
        assertThatThrownBy(() -> lab.mappings().importCsv(faulty, "test"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("2 faulty lines");
        assertThat(lab.mappings().importCsv(csv(good + "ci-bot,,,CI,2025-02-01\n"), "test"))
                .isEqualTo(2);
        assertThat(lab.database.number("select count(*) from analytics.api_key_mapping"))
                .isEqualTo(2);
        Path spreadsheet = csv("\uFEFFKey,platform,email,team,from\r\nci\\bot,,,\"A, \"\"B\"\"\",2025-02-01\r\n");
        assertThat(lab.mappings().importCsv(spreadsheet, "test"))
                .as("as a spreadsheet writes it")
                .isEqualTo(1);
        assertThat(lab.database.text("select team from analytics.api_key_mapping where api_key_name = 'ci\\bot'"))
                .isEqualTo("A, \"B\"");
    }

    @Test
    void mappingsOfKeysSayWhereTheyComeFrom() throws Exception {
        Path file = csv(
                """
                key,platform,email,team,from,source,environment,cost_center,description
                search-service-prod,claude_api,bob@example.test,Search,2025-01-01,google_sheets,production,CC 7,"of the shop, live"
                search-service-prod,claude_api,carol@example.test,Later,9999-01-01,,,,
                """);
        assertThat(lab.mappings().importCsv(file, "test")).isEqualTo(2);
        assertThat(
                        lab.database.rows(
                                """
                                select attribution_source, confidence_score, environment, cost_center, description
                                from analytics.api_key_mappings order by valid_from
                                """))
                .containsExactly(
                        tuple("google_sheets", usd("0.9"), "production", "CC 7", "of the shop, live"),
                        tuple("csv", usd("0.9"), null, null, null));
        Path hearsay = csv("key,from,source\nk,2025-01-01,hearsay\n");
        assertThatThrownBy(() -> lab.mappings().importCsv(hearsay, "test"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("source: hearsay (expected: manual_entry");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "key,platform\na", "key,from\n,2025-01-01\n"})
    void faultyMappingsAreRefused(String content) throws Exception {
        Path file = csv(content);
        assertThatThrownBy(() -> lab.mappings().importCsv(file, "test")).isInstanceOf(Failure.Invalid.class);
    }

    @Test
    void theTeamOfAPersonIsThatOfCostsWhoseMappingNamesNone() throws Exception {
        lab.offerF1();
        lab.mappings()
                .mapKey(
                        MappedCostsIT.key(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test", "Search", FIRST_DAY),
                        "test");
        lab.anthropic(OCT_15);
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        lab.cursor(OCT_15);
        String teams = "select team, sum(amount_usd) from analytics.vw_combined_daily_costs group by 1";
        assertThat(lab.database.rows(teams))
                .containsExactlyInAnyOrder(tuple(null, usd("17.1536232")), tuple("Search", usd("5.78")));
        Path file = csv(
                "\uFEFF"
                        + """
                        Email,department,sub_department,team,job_level,manager_email,director_email,ai_user_type,ai_budget_monthly_usd,is_active
                        Alice@Example.test,R&D,Web,Platform,senior,bob@example.test,dora@example.test,engineering,150.50,
                        bob@example.test,R&D,,Other,,,,hybrid,,false
                        dora@example.test,,,,,,,,,
                        """);
        assertThat(people().importCsv(file, "test")).isEqualTo(3);
        assertThat(lab.database.rows(teams))
                .as("Alice owns 9.38 as the maker of her key and 0.2136232 of Cursor; Bob's key has a team of its own")
                .containsExactlyInAnyOrder(
                        tuple(null, usd("7.56")), tuple("Platform", usd("9.5936232")), tuple("Search", usd("5.78")));
        assertThat(
                        lab.database.text(
                                """
                                select team from analytics.fact_claude_daily_usage
                                where data_source = 'claude_code_analytics' and user_email = 'alice@example.test'
                                """))
                .isEqualTo("Platform");
        assertThat(
                        lab.database.rows(
                                """
                                select name, department, sub_department, team, job_level, manager_email, director_email, ai_user_type,
                                       ai_budget_monthly_usd, is_active from analytics.dim_users where email like 'alice@%'
                                """))
                .containsExactly(tuple(
                        "Alice Test",
                        "R&D",
                        "Web",
                        "Platform",
                        "senior",
                        "bob@example.test",
                        "dora@example.test",
                        "engineering",
                        usd("150.5"),
                        true));
        assertThat(lab.database.rows("select email, is_active from analytics.dim_users order by email"))
                .containsExactly(
                        tuple("alice@example.test", true),
                        tuple("bob@example.test", false),
                        tuple("dora@example.test", true));
        assertThat(
                        lab.database.rows(
                                "select api_key_id, old_team, new_team, amount_usd, changed_by from analytics.provider_attribution_change"))
                .as("what changed hands is noted")
                .containsExactly(tuple("apikey_01TESTCODEALICE000000B1", null, "Platform", usd("9.38"), "test"));
        lab.assertLawsHold(OCT_15);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "email,team\nalice@example.test,New\nnobody,New\n",
                "email,team\nx@example.test,New\nX@example.test,New\n",
                "email,ai_user_type\nx@example.test,robot\n",
                "email,ai_budget_monthly_usd\nx@example.test,-1\n",
                "email,is_active\nx@example.test,maybe\n",
                "email,salary\nx@example.test,1\n",
                "team\nNew\n"
            })
    void faultyPeopleAreRefusedAndNoneIsTaken(String content) throws Exception {
        people().importCsv(csv("email,team\nalice@example.test,Old\n"), "test");
        Path file = csv(content);
        assertThatThrownBy(() -> people().importCsv(file, "test")).isInstanceOf(Failure.Invalid.class);
        assertThat(lab.database.rows("select email, team from analytics.provider_person"))
                .containsExactly(tuple("alice@example.test", "Old"));
    }
}
