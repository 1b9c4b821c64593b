package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.FIRST_DAY;
import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.WORKSPACE;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.bills.ProviderValidation;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.WorkspaceName;
import io.inference.analytics.provider.WorkspaceRef;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose costs the bills are, by mappings of workspaces, keys and organisations. */
class MappedCostsIT {

    private static final String SERVICE_KEY = "apikey_01TESTSERVICE0000000000A1";
    private static final String ALICES_KEY_NAME = "claude_code_key_alice_test";

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    static ProviderMappings.KeyMapping key(String key, Tool platform, String email, String team, LocalDate from) {
        return new ProviderMappings.KeyMapping(
                key,
                Optional.ofNullable(platform),
                Optional.ofNullable(email),
                Optional.ofNullable(team),
                new BigDecimal("0.900"),
                from);
    }

    /** How costs of keys are attributed. */
    private static List<Tuple> methods(String columns, String where) {
        return lab.database.rows("select distinct " + columns
                + " from analytics.claude_cost_allocated where api_key_id is not null and " + where);
    }

    @Test
    void anotherMappingMovesTheDaysSinceThen() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        assertThat(lab.unmapped().list()).extracting(UnmappedCosts.Unmapped::id).contains(WORKSPACE, SERVICE_KEY);
        assertThat(lab.expenses("platform = 'claude_code'")).isZero();
        assertThat(lab.mappings()
                        .mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, LocalDate.of(2025, 10, 1), "test"))
                .isEqualTo(1);
        assertThat(lab.expenses("platform = 'claude_code'")).isEqualTo(usd("9.38"));
        lab.mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_API, OCT_16, "test");
        assertThat(lab.expenses("platform = 'claude_code'")).isEqualTo(usd("9.38"));
        lab.mappings()
                .mapKey(key("search-service-prod", Tool.CLAUDE_CODE, "bob@example.test", "Search", OCT_15), "test");
        assertThat(lab.expenses("team = 'Search' and platform = 'claude_code'")).isEqualTo(usd("5.78"));
        assertThat(lab.unmapped().list()).isEmpty();
        lab.assertLawsHold(OCT_15);
    }

    /** The bill of 15 October is listed up to the day on which the newest import is 401 days younger. */
    @Test
    void costsOfLongAgoAreNotToBeMapped() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        String near = "insert into analytics.models (model_id, name) values ('%s', 'claude-3.5-haiku')";
        UUID model = UUID.randomUUID();
        lab.database.execute(near.formatted(model));
        try {
            lab.at(OCT_15.plusDays(403).atStartOfDay().toInstant(ZoneOffset.UTC));
            lab.anthropic(OCT_15.plusDays(400));
            assertThat(lab.jdbi().withHandle(lab.unmapped()::from)).contains(OCT_15);
            assertThat(lab.unmapped().list())
                    .extracting(UnmappedCosts.Unmapped::id)
                    .contains(WORKSPACE, SERVICE_KEY);
            assertThat(lab.unmapped().nearModels()).isNotEmpty();
            lab.anthropic(OCT_15.plusDays(401));
            assertThat(lab.unmapped().list()).isEmpty();
            assertThat(lab.unmapped().nearModels()).isEmpty();
        } finally {
            lab.database.execute("delete from analytics.models where model_id = '" + model + "'");
        }
    }

    /** The bill of F1 has claude-3-5-haiku-20241022, and events call the model claude-3.5-haiku. */
    @Test
    void aBilledModelWithNearlyOurNameIsToBeNamed() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        UUID model = UUID.randomUUID();
        lab.database.execute("delete from analytics.models where name like 'claude-3_5-haiku%'");
        assertThat(lab.unmapped().nearModels())
                .extracting(UnmappedCosts.Unmapped::id)
                .doesNotContain("claude-3-5-haiku-20241022");
        lab.database.execute(
                "insert into analytics.models (model_id, name) values ('" + model + "', 'claude-3.5-haiku')");
        try {
            assertThat(lab.unmapped().nearModels())
                    .extracting(entry ->
                            entry.kind() + " " + entry.id() + " " + entry.name().orElseThrow())
                    .contains("model claude-3-5-haiku-20241022 claude-3.5-haiku");
            new ProviderModels(lab.jdbi(), lab.clock()).set(model, Provider.ANTHROPIC, "claude-3-5-haiku-20241022");
            assertThat(lab.unmapped().nearModels())
                    .extracting(UnmappedCosts.Unmapped::id)
                    .doesNotContain("claude-3-5-haiku-20241022");
        } finally {
            lab.database.execute("delete from analytics.models where model_id = '" + model + "'");
        }
    }

    @Test
    void whatAMappingMovesIsNotedWithWhoMadeIt() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.anthropic(OCT_15);
        lab.mappings().mapKey(key(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test", null, FIRST_DAY), "somebody");
        lab.mappings()
                .mapKey(key(SERVICE_KEY, Tool.CLAUDE_CODE, "carol@example.test", "Search", FIRST_DAY), "somebody else");
        assertThat(
                        lab.database.rows(
                                """
                                select old_platform, new_platform, old_user_email, new_user_email, new_team, amount_usd, changed_by
                                from analytics.provider_attribution_change order by change_id
                                """))
                .containsExactly(
                        tuple("claude_api", "claude_api", null, "bob@example.test", null, usd("5.78"), "somebody"),
                        tuple(
                                "claude_api",
                                "claude_code",
                                "bob@example.test",
                                "carol@example.test",
                                "Search",
                                usd("5.78"),
                                "somebody else"));
    }

    @Test
    void aKeyWhoseMakerIsUnknownMayBeNamedAfterItsUser() throws Exception {
        lab.offerF1();
        JsonNode keys = ProviderLab.file("api-keys.json").path("data");
        keys.forEach(key -> ((ObjectNode) key).remove("created_by"));
        lab.anthropicApi.list("api_keys", keys);
        lab.anthropic(OCT_15);
        String owner = "user_email, attribution_method, attribution_confidence";
        assertThat(methods(owner, "workspace_id is not null"))
                .containsExactly(tuple("alice@example.test", "name_pattern", usd("0.7")));
        ArrayNode two = (ArrayNode) ProviderLab.file("users.json").path("data");
        two.add(((ObjectNode) two.get(0)).deepCopy().put("id", "user_2").put("email", "alice@other.test"));
        lab.anthropicApi.list("users", two);
        lab.anthropic(OCT_15);
        lab.mappings().mapWorkspace(WorkspaceRef.of("wrkspc_other"), Tool.CLAUDE_API, OCT_15, "test");
        assertThat(methods(owner, "workspace_id is not null"))
                .as("it could be either")
                .containsExactly(tuple(null, "workspace_only", usd("0.5")));
    }

    @Test
    void namesOfKeysSayAPlatformOnlyWhereTheSettingLetsThem() throws Exception {
        lab.offerF1();
        String platform = "platform, platform_detection_method, attribution_confidence";
        String named = "workspace_id is not null";
        lab.anthropic(OCT_15);
        assertThat(methods(platform, named)).containsExactly(tuple("claude_api", "default", usd("0.85")));
        lab.set("key-names", "true");
        lab.anthropic(OCT_15);
        assertThat(methods(platform, named))
                .as(ALICES_KEY_NAME)
                .containsExactly(tuple("claude_code", "name_pattern", usd("0.7")));
        assertThat(
                        lab.database.rows(
                                """
                                select distinct platform_detection_method from analytics.fact_claude_daily_usage
                                where data_source = 'usage_report' and workspace_id is not null
                                """))
                .containsExactly(tuple("name_pattern"));
        assertThat(methods(platform, "workspace_id is null"))
                .as("search-service-prod says nothing")
                .containsExactly(tuple("claude_api", "default", usd("0")));
        lab.mappings().mapKey(key(ALICES_KEY_NAME, Tool.CLAUDE_API, "alice@example.test", null, FIRST_DAY), "test");
        assertThat(methods(platform, named))
                .as("a mapping goes first")
                .containsExactly(tuple("claude_api", "api_key_mapping", usd("0.9")));
        lab.set("key-names", "");
        lab.mappings().mapKey(key(ALICES_KEY_NAME, null, "alice@example.test", null, FIRST_DAY), "test");
        lab.anthropic(OCT_15);
        assertThat(methods(platform, named))
                .as("an empty setting changes nothing")
                .containsExactly(tuple("claude_code", "name_pattern", usd("0.7")));
        lab.set("key-names", "false");
        lab.anthropic(OCT_15);
        assertThat(methods(platform, named)).containsExactly(tuple("claude_api", "default", usd("0.9")));
        lab.assertLawsHold(OCT_15);
    }

    @ParameterizedTest
    @CsvSource({
        "my-VSCode, claude_code",
        "cursor, claude_code",
        "Web shop, claude_ai",
        "claude.ai, claude_ai",
        "browser-x, claude_ai",
        "direct, claude_api",
        "sdk, claude_api",
        "web-code, claude_code",
        "other,"
    })
    void aNameMaySayItsPlatform(String name, String platform) throws Exception {
        lab.set("key-names", "true");
        lab.anthropic(OCT_15);
        assertThat(lab.database.text("select analytics.platform_of_name('" + name + "')"))
                .isEqualTo(platform);
    }

    @Test
    void keysAndWorkspacesShowWhatHoldsToday() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        String service =
                "select name, partial_key_hint, mapped_user_email, mapped_team_name from analytics.dim_api_keys"
                        + " where api_key_id = '" + SERVICE_KEY + "'";
        String workspace = "select platform from analytics.dim_workspaces where workspace_id = '" + WORKSPACE + "'";
        assertThat(lab.database.rows(service))
                .containsExactly(tuple("search-service-prod", "sk-ant-api03-QrS...tUvA", null, null));
        assertThat(lab.database.text(workspace)).isEqualTo("unknown");
        lab.mapWorkspace();
        lab.mappings().mapKey(key(SERVICE_KEY, Tool.CLAUDE_API, "bob@example.test", "Search", FIRST_DAY), "test");
        lab.mappings()
                .mapKey(
                        key(SERVICE_KEY, Tool.CLAUDE_API, "carol@example.test", "Later", LocalDate.of(9999, 1, 1)),
                        "test");
        assertThat(lab.database.rows(service))
                .containsExactly(tuple("search-service-prod", "sk-ant-api03-QrS...tUvA", "bob@example.test", "Search"));
        assertThat(lab.database.text(workspace)).isEqualTo("claude_code");
    }

    /** The workspace without an id is another one in each organisation. */
    @Test
    void costsOfTwoOrganizationsAreNeverTakenForOneAnothers() throws Exception {
        String second = "00000000-0000-4000-8000-000000000002";
        String of = "organization_id = '%s' and workspace_id is null and platform = '%s'";
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
        assertThat(lab.billed()).isEqualTo(usd("45.44"));
        assertThat(lab.expenses(of.formatted(FakeAnthropic.ORG, "claude_code"))).isEqualTo(usd("13.34"));
        assertThat(lab.expenses(of.formatted(second, "claude_api"))).isEqualTo(usd("13.34"));
        lab.mappings().mapWorkspace(WorkspaceRef.of("default"), Tool.CLAUDE_AI, OCT_15, "test");
        assertThat(lab.expenses(of.formatted(FakeAnthropic.ORG, "claude_code")))
                .as("its own entry goes first")
                .isEqualTo(usd("13.34"));
        assertThat(lab.expenses(of.formatted(second, "claude.ai"))).isEqualTo(usd("13.34"));
        assertReportsKeepThemApart(firsts, second);
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
        lab.assertLawsHold(OCT_15);
    }

    private static void assertReportsKeepThemApart(WorkspaceRef firsts, String second) {
        UUID org = UUID.randomUUID();
        OrgMappings owners = new OrgMappings(lab.jdbi(), lab.clock());
        owners.mapWorkspace(new WorkspaceRef(WorkspaceRef.DEFAULT, second), Optional.of(org), OCT_15, "test");
        assertThat(lab.database.rows("select organization_id, sum(amount_usd) from analytics.provider_org_costs"
                        + " where org_id = '" + org + "' group by 1"))
                .containsExactly(tuple(second, usd("13.34")));
        new WorkspaceReports(lab.jdbi(), lab.clock()).show(firsts, false, "test");
        assertThat(lab.sum("analytics.vw_reported_daily_costs", "amount_usd", "true"))
                .isEqualTo(usd("32.1"));
        assertThat(lab.database.rows(
                        "select organization_id, sum(amount_usd) from analytics.vw_combined_daily_costs group by 1"))
                .containsExactlyInAnyOrder(tuple(FakeAnthropic.ORG, usd("22.72")), tuple(second, usd("22.72")));
    }
}
