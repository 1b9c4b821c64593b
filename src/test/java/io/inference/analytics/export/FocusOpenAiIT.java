package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.export.Exports.Order;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.WorkspaceRef;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of OpenAI's charges. The bill of 10 March, by hand, is 14.90: of project A 5.40 of key 1 and of no key, and 0.50 of key 2; 9.00 of
 * no project.
 */
@QuarkusTest
@WithBackends(s3 = true)
class FocusOpenAiIT {

    private static final LocalDate DAY = LocalDate.of(2026, 3, 10);

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    @Inject
    ProviderModels providerModels;

    @Inject
    OrgMappings mappings;

    @Inject
    ObjectStore store;

    private final UUID orgA = UUID.randomUUID();
    private final UUID orgB = UUID.randomUUID();
    private final UUID orgC = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final String gpt = "gpt-5-" + model;

    private Sql sql;

    @BeforeEach
    void billAndOwners() {
        sql = new Sql(database);
        clear();
        names.nameModel(model, "Ours " + model);
        providerModels.set(model, Provider.OPENAI, gpt);
        sql.execute(
                """
                insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, revision, last_checked_at, run_id)
                select provider, 'cost', account, day::date, 'ok', 1, '2026-04-06', gen_random_uuid()
                from (values ('openai', 'openai'), ('anthropic', 'claude')) as accounts (provider, account)
                cross join generate_series('2026-03-01'::timestamp, '2026-03-31', interval '1 day') as day
                """);
        mappings.mapWorkspace(WorkspaceRef.of("proj_A"), Optional.of(orgA), DAY.withDayOfMonth(1), "test");
        mappings.mapKey("key_2", Optional.of(orgB), DAY.withDayOfMonth(1), "test");
    }

    @AfterEach
    void clear() {
        sql.execute("truncate analytics.openai_costs, analytics.openai_usage_report, analytics.provider_org_mapping");
        sql.execute("delete from analytics.provider_import_day where org_ref in ('openai', 'claude')");
        sql.execute("delete from analytics.claude_costs where organization_id = 'claude';"
                + " select analytics.rebuild_claude_day('claude', '2026-03-10')");
    }

    private void handMadeDay() {
        sql.execute(
                """
                insert into analytics.openai_costs (activity_date, organization_id, line_key, project_id, api_key_id, line_item, amount_usd,
                    currency, quantity, quantity_unit, ingestion_timestamp, import_revision, run_id)
                select '2026-03-10', 'openai', line, project, key, item, amount, 'USD', quantity, unit, now(), 1, gen_random_uuid()
                from (values ('1', 'proj_A', 'key_1', '%1$s, input', 1.50, null, null),
                             ('2', 'proj_A', 'key_2', '%1$s, input', 0.50, null, null),
                             ('3', 'proj_A', 'key_1', '%1$s, cached input', 0.45, 1800, 'tokens'),
                             ('4', 'proj_A', 'key_1', '%1$s, output', 2.50, null, null),
                             ('5', 'proj_A', 'key_1', 'priority | %1$s, output', 0.20, null, null),
                             ('6', 'proj_A', null, 'web search tool calls', 0.25, 25, 'calls'),
                             ('7', 'proj_A', 'key_1', 'gpt-realtime audio, input', 0.55, null, null),
                             ('8', 'proj_A', null, 'credit', -0.05, null, null),
                             ('9', null, null, 'fee', 9.00, null, null))
                     as lines (line, project, key, item, amount, quantity, unit)
                """
                        .formatted(gpt));
        sql.execute(
                """
                insert into analytics.openai_usage_report (activity_date, organization_id, line_key, kind, project_id, api_key_id, model,
                    service_tier, uncached_input_tokens, cache_read_input_tokens, output_tokens, input_audio_tokens, ingestion_timestamp,
                    import_revision, run_id)
                select '2026-03-10', 'openai', line, 'completions', 'proj_A', key, model, tier, input, cached, output, audio, now(), 1,
                       gen_random_uuid()
                from (values ('1', 'key_1', '%1$s', 'default', 2000, 1700, 1000, 0), ('2', 'key_1', '%1$s', 'priority', 0, 0, 20, 0),
                             ('3', 'key_2', '%1$s', 'default', 1000, 0, 77, 0), ('4', 'key_1', 'gpt-realtime', 'default', 50, 0, 0, 50))
                     as used (line, key, model, tier, input, cached, output, audio)
                """
                        .formatted(gpt));
    }

    /** The file of the order, once the job says the same about it and it keeps to the rules. */
    private CsvText focus(UUID org, Order order, String version) throws Exception {
        Exports exports = new Exports(org);
        JsonPath job = exports.exported(order.format("focus-" + version));
        CsvText csv = Exports.csv(exports.object(store, job.getString("jobId") + ".csv"));
        assertThat(FocusRules.of(version).broken(csv.header(), csv.rows())).isEmpty();
        assertThat(csv.sum("BilledCost"))
                .isEqualByComparingTo(job.getString("billedCostUsd"))
                .isEqualByComparingTo(job.getString("reconciliation.allocatedBilledUsd"));
        return csv;
    }

    private CsvText march(UUID org) throws Exception {
        return focus(org, order(), "1.4");
    }

    @Test
    void aChargeSaysWhatIsKnownOfItsQuantity() throws Exception {
        handMadeDay();
        CsvText a = march(orgA);
        assertThat(a.column("ChargeDescription"))
                .containsExactly(
                        "web search tool calls",
                        "credit",
                        gpt + ", cached input",
                        gpt + ", input",
                        gpt + ", output",
                        "priority | " + gpt + ", output",
                        "gpt-realtime audio, input");
        assertThat(a.column("BilledCost")).containsExactly("0.25", "-0.05", "0.45", "1.5", "2.5", "0.2", "0.55");
        assertThat(a.column("ChargeCategory")).filteredOn("Credit"::equals).hasSize(1);
        assertThat(a.column("ConsumedQuantity")).containsExactly("25", "", "1800", "2000", "1000", "20", "1");
        assertThat(a.column("PricingQuantity")).containsExactly("25", "", "0.0018", "0.002", "0.001", "0.00002", "1");
        assertThat(a.column("PricingUnit"))
                .containsExactly(
                        "calls", "", "1000000 Tokens", "1000000 Tokens", "1000000 Tokens", "1000000 Tokens", "Charges");
        assertThat(a.column("ListUnitPrice")).containsExactly("0.01", "", "250", "750", "2500", "10000", "0.55");
        assertThat(a.column("x_QuantityBasis"))
                .containsExactly("Bill", "", "Bill", "UsageReport", "UsageReport", "UsageReport", "Charges");
        assertThat(a.column("x_ServiceTier")).containsExactly("", "", "", "", "", "priority", "");
        assertThat(a.column("x_ModelId"))
                .containsExactly("", "", model.toString(), model.toString(), model.toString(), model.toString(), "");
        assertThat(a.rows()).allSatisfy(row -> assertThat(row)
                .containsEntry("BillingAccountId", "openai")
                .containsEntry("InvoiceIssuerName", "OpenAI")
                .containsEntry("ServiceName", "OpenAI API")
                .containsEntry("SubAccountId", "proj_A")
                .containsEntry("x_BillStatus", "Final"));
        assertThat(march(orgB).column("ConsumedQuantity"))
                .as("the key has an entry of its own")
                .containsExactly("1000");
        assertThat(march(orgC).rows()).isEmpty();
        mappings.mapWorkspace(new WorkspaceRef(WorkspaceRef.DEFAULT, "openai"), Optional.of(orgC), DAY, "test");
        assertThat(march(orgC).column("BilledCost"))
                .as("charges without a project")
                .containsExactly("9");
    }

    /** How the priority tier's tokens divide between its two lines is not known. They are not the standard line's. */
    @Test
    void tokensOfATierWithTwoLinesAreInNoOtherLine() throws Exception {
        sql.execute(
                """
                insert into analytics.openai_costs (activity_date, organization_id, line_key, project_id, api_key_id, line_item, amount_usd,
                    currency, ingestion_timestamp, import_revision, run_id)
                select '2026-03-10', 'openai', item, 'proj_A', 'key_1', item, amount, 'USD', now(), 1, gen_random_uuid()
                from (values ('%1$s, input', 1.00), ('priority | %1$s, input', 3.00), ('priority | %1$s, input, long context', 5.00))
                     as lines (item, amount);
                insert into analytics.openai_usage_report (activity_date, organization_id, line_key, kind, project_id, api_key_id, model,
                    service_tier, uncached_input_tokens, ingestion_timestamp, import_revision, run_id)
                select '2026-03-10', 'openai', tier, 'completions', 'proj_A', 'key_1', '%1$s', tier, tokens, now(), 1, gen_random_uuid()
                from (values ('default', 1000000), ('priority', 2000000)) as used (tier, tokens)
                """
                        .formatted(gpt));
        CsvText a = march(orgA);
        assertThat(a.column("BilledCost")).containsExactlyInAnyOrder("1", "3", "5");
        assertThat(a.rows()).allSatisfy(row -> assertThat(row)
                .containsEntry("x_QuantityBasis", row.get("x_ServiceTier").isEmpty() ? "UsageReport" : "Charges"));
        assertThat(a.rows())
                .filteredOn(row -> row.get("x_ServiceTier").isEmpty())
                .singleElement()
                .satisfies(row -> assertThat(row).containsEntry("ConsumedQuantity", "1000000"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.4"})
    void daysAndMonthsKeepToTheRequirements(String version) throws Exception {
        handMadeDay();
        for (String granularity : List.of("daily", "monthly")) {
            assertThat(focus(orgA, order().granularity(granularity), version).sum("BilledCost"))
                    .isEqualByComparingTo("5.40");
        }
    }

    /** Anthropic bills a model of the same name in a workspace of the same organisation. */
    @Test
    void billsOfTwoProvidersStandInOneFileAndAreNotMixedUp() throws Exception {
        handMadeDay();
        sql.execute(
                """
                insert into analytics.claude_costs (activity_date, organization_id, line_key, workspace_id, model, token_type, cost_type,
                    amount_usd, currency, ingestion_timestamp, import_revision, run_id)
                values ('2026-03-10', 'claude', '1', 'wrkspc_OpenAi', '%s', 'output_tokens', 'tokens', 3, 'USD', now(), 1, gen_random_uuid());
                select analytics.rebuild_claude_day('claude', '2026-03-10')
                """
                        .formatted(gpt));
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_OpenAi"), Optional.of(orgA), DAY, "test");
        CsvText both = march(orgA);
        assertThat(both.column("InvoiceIssuerName")).startsWith("Anthropic", "OpenAI");
        assertThat(both.column("SkuId")).startsWith("anthropic/" + gpt + "/output_tokens");
        assertThat(both.column("x_ModelId")).as("the model is one of OpenAI").startsWith("");
        assertThat(both.sum("BilledCost")).isEqualByComparingTo("8.40");
        assertThat(focus(orgA, order().model(model), "1.4").column("BilledCost"))
                .containsExactly("0.45", "1.5", "2.5", "0.2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"usage_date = '2026-03-20'", "true"})
    void aFileWithoutEveryBillIsRefused(String missing) {
        sql.execute("delete from analytics.provider_import_day where provider = 'openai' and " + missing);
        Exports exports = new Exports(orgA);
        JsonPath job = exports.ended(exports.accepted(order().format("focus")));
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error"))
                .contains(missing.equals("true") ? "2026-03-01 of OpenAI, " : "not imported: 2026-03-20 of openai.");
    }

    /** Lines of every form, amounts of up to 20 decimals, credits, and charges of no project. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void theFilesOfAllOwnersAddUpToTheBill(long seed) throws Exception {
        handMadeDay();
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            String item = List.of(
                            gpt + ", input",
                            "flex | " + gpt + ", cached input, long context",
                            gpt + ", cache writes",
                            "gpt-image-2 image, output",
                            "assistants api | file search",
                            "credit, " + gpt)
                    .get(random.nextInt(6));
            BigDecimal amount = new BigDecimal(new BigInteger(60, random), 17 + random.nextInt(4));
            lines.append(i == 0 ? "" : ", ")
                    .append("('2026-03-%02d'::date, 'random%d', %s, %s, '%s', %s, %s)"
                            .formatted(
                                    1 + random.nextInt(31),
                                    i,
                                    random.nextInt(5) == 0 ? "null" : "'proj_A'",
                                    List.of("'key_1'", "'key_2'", "null").get(random.nextInt(3)),
                                    item,
                                    (random.nextInt(5) == 0 ? amount.negate() : amount).toPlainString(),
                                    random.nextBoolean() ? "null, null" : random.nextInt(9) + ", 'tokens'"));
        }
        sql.execute(
                """
                insert into analytics.openai_costs (activity_date, line_key, project_id, api_key_id, line_item, amount_usd, quantity,
                    quantity_unit, organization_id, currency, ingestion_timestamp, import_revision, run_id)
                select lines.*, 'openai', 'USD', now(), 1, gen_random_uuid() from (values %s) as lines
                """
                        .formatted(lines));
        mappings.mapWorkspace(
                new WorkspaceRef(WorkspaceRef.DEFAULT, "openai"), Optional.of(orgC), DAY.withDayOfMonth(1), "test");
        BigDecimal sum = BigDecimal.ZERO;
        for (CsvText file : List.of(march(orgA), march(orgB), march(orgC))) {
            assertThat(file.rows()).isNotEmpty();
            sum = sum.add(file.sum("BilledCost"));
        }
        assertThat(sum).isEqualByComparingTo(sql.text("select sum(amount_usd) from analytics.openai_costs"));
    }
}
