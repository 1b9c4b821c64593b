package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.export.Exports.Order;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.WorkspaceRef;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of billed charges. The bill of March, by hand: on the 10th 10.00 for small (keys B and C, 300 and 100 tokens), 10.00 for large
 * (400,000 tokens) and 0.12 for 12 searches in workspace A, 0.35 for searches without a workspace; on the 11th 1.00 for large in workspace
 * A, of which no report counts the tokens; on the 31st a credit of 2.00 there.
 */
@QuarkusTest
@WithBackends(s3 = true)
class FocusBillsIT {

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
    private final UUID stranger = UUID.randomUUID();
    private final UUID large = UUID.randomUUID();
    private final UUID small = UUID.randomUUID();
    private final UUID smaller = UUID.randomUUID();

    @BeforeEach
    void billsAndUsage() throws SQLException {
        String largeName = "claude-large-" + large;
        String smallName = "claude-small-" + small;
        names.nameModel(large, largeName);
        names.nameModel(small, "Small 1");
        names.nameModel(smaller, "Small 2");
        providerModels.set(small, Provider.ANTHROPIC, smallName);
        providerModels.set(smaller, Provider.ANTHROPIC, smallName);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("truncate analytics.claude_costs, analytics.claude_usage_report,"
                    + " analytics.claude_cost_allocated, analytics.provider_org_mapping");
            statement.execute("delete from analytics.provider_import_day where provider = 'anthropic'");
            statement.execute(
                    """
                    insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, revision, last_checked_at, run_id)
                    select 'anthropic', 'cost', 'focus', day::date, 'ok', 1, '2026-04-06', gen_random_uuid()
                    from generate_series('2026-03-01'::timestamp, '2026-03-31', interval '1 day') as day
                    """);
            statement.execute(
                    """
                    insert into analytics.claude_costs (activity_date, organization_id, line_key, workspace_id, model, token_type,
                        cost_type, amount_usd, currency, description, ingestion_timestamp, import_revision, run_id)
                    select day::date, 'focus', key, workspace, model, token, type, amount, 'USD', text, now(), 1, gen_random_uuid()
                    from (values ('2026-03-10', '1', null, '%2$s', 'output_tokens', 'tokens', 10.00, 'Small - Output'),
                                 ('2026-03-10', '2', 'wrkspc_A', '%1$s', 'output_tokens', 'tokens', 10.00, 'Large - Output'),
                                 ('2026-03-10', '3', 'wrkspc_A', null, null, 'web_search', 0.12, 'Web Search Usage'),
                                 ('2026-03-10', '4', null, null, null, 'web_search', 0.35, 'Web Search Usage'),
                                 ('2026-03-11', '1', 'wrkspc_A', '%1$s', 'output_tokens', 'tokens', 1.00, 'Large - Output'),
                                 ('2026-03-31', '1', 'wrkspc_A', null, null, 'other', -2.00, 'Courtesy credit'))
                         as lines (day, key, workspace, model, token, type, amount, text)
                    """
                            .formatted(largeName, smallName));
            statement.execute(
                    """
                    insert into analytics.claude_usage_report (activity_date, organization_id, line_key, api_key_id, workspace_id, model,
                        output_tokens, web_search_requests, service_tier, ingestion_timestamp, import_revision, run_id)
                    select '2026-03-10', 'focus', key || tier, key, workspace, model, tokens, searches, tier, now(), 1, gen_random_uuid()
                    from (values ('apikey_B', null, '%2$s', 300, 0, 'standard'), ('apikey_C', null, '%2$s', 100, 0, 'standard'),
                                 ('apikey_A', 'wrkspc_A', '%1$s', 300000, 10, 'standard'),
                                 ('apikey_A', 'wrkspc_A', '%1$s', 100000, 2, 'batch')) as used (key, workspace, model, tokens, searches, tier)
                    """
                            .formatted(largeName, smallName));
            statement.execute("select analytics.rebuild_claude_day('focus', day::date) from"
                    + " (values ('2026-03-10'), ('2026-03-11'), ('2026-03-31')) as days (day)");
        }
        // Usage of this service is in no file of charges.
        new StoredUsage()
                .add(Event.of(orgA, large, "2026-03-10T01:10:00Z").cost("25"))
                .store(database);
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_A"), Optional.of(orgA), DAY, "test");
        mappings.mapKey("apikey_B", Optional.of(orgB), DAY, "test");
        mappings.mapKey("apikey_C", Optional.of(orgC), DAY, "test");
        // What comes later does not change the day.
        mappings.mapKey("apikey_C", Optional.of(orgB), DAY.plusDays(1), "test");
    }

    private record File(CsvText csv, JsonNode manifest) {}

    /** The file of the order, once job and manifest say the same about it. */
    private File file(UUID org, Order order) throws Exception {
        Exports exports = new Exports(org);
        JsonPath job = exports.exported(order);
        String id = job.getString("jobId");
        CsvText csv = Exports.csv(exports.object(store, id + ".csv"));
        JsonNode manifest = Figures.JSON.readTree(
                exports.object(store, id + ".manifest.json").body());
        assertThat(new BigDecimal(manifest.at("/totals/billedCostUsd").textValue()))
                .isEqualByComparingTo(csv.sum("BilledCost"))
                .isEqualByComparingTo(job.getString("billedCostUsd"))
                .isEqualByComparingTo(job.getString("reconciliation.allocatedBilledUsd"));
        assertThat(manifest.at("/rows").intValue()).isEqualTo(csv.rows().size());
        return new File(csv, manifest);
    }

    private CsvText focus(UUID org, Order order) throws Exception {
        return file(org, order.format("focus")).csv();
    }

    private CsvText march(UUID org) throws Exception {
        return focus(org, order());
    }

    private static BigDecimal billed(CsvText... files) {
        BigDecimal sum = BigDecimal.ZERO;
        for (CsvText file : files) {
            sum = sum.add(file.sum("BilledCost"));
        }
        return sum;
    }

    @Test
    void everyBilledDollarStandsInOneFileOnce() throws Exception {
        CsvText a = march(orgA);
        CsvText b = march(orgB);
        CsvText c = march(orgC);
        assertThat(a.column("BilledCost")).containsExactly("0.12", "10", "1", "-2");
        assertThat(a.column("ChargeCategory")).containsExactly("Usage", "Usage", "Usage", "Credit");
        assertThat(a.column("PricingQuantity")).containsExactly("0.012", "0.4", "1", "");
        assertThat(a.column("PricingUnit")).containsExactly("1000 Requests", "1000000 Tokens", "Charges", "");
        assertThat(a.column("ListUnitPrice")).containsExactly("10", "25", "1", "");
        assertThat(a.column("x_QuantityBasis")).containsExactly("UsageReport", "UsageReport", "Charges", "");
        assertThat(a.column("x_ModelId")).containsExactly("", large.toString(), large.toString(), "");
        assertThat(a.rows().get(0))
                .containsEntry("ChargePeriodStart", "2026-03-10T00:00:00Z")
                .containsEntry("ChargePeriodEnd", "2026-03-11T00:00:00Z")
                .containsEntry("BillingPeriodStart", "2026-03-01T00:00:00Z")
                .containsEntry("BillingPeriodEnd", "2026-04-01T00:00:00Z")
                .containsEntry("BillingAccountId", "focus")
                .containsEntry("InvoiceIssuerName", "Anthropic")
                .containsEntry("SubAccountId", "wrkspc_A")
                .containsEntry("x_BillStatus", "Final");
        assertThat(b.column("BilledCost")).containsExactly("7.5");
        assertThat(b.column("ConsumedQuantity")).containsExactly("300");
        assertThat(b.column("x_ModelId")).as("two models have this name").containsExactly("");
        assertThat(c.column("BilledCost")).containsExactly("2.5");
        assertThat(c.column("ConsumedQuantity")).containsExactly("100");
        // 0.35 of the bill is not mapped yet.
        assertThat(billed(a, b, c)).isEqualByComparingTo("19.12");
        mappings.mapWorkspace(WorkspaceRef.of("default"), Optional.of(orgB), DAY, "test");
        CsvText more = march(orgB);
        assertThat(more.column("BilledCost")).containsExactly("0.35", "7.5");
        assertThat(billed(a, more, c))
                .as("all is mapped: the bill")
                .isEqualByComparingTo("19.47")
                .isEqualByComparingTo(sum("amount_usd", "claude_costs"));
    }

    private BigDecimal sum(String column, String table) {
        return new BigDecimal(
                new Sql(database).text("select sum(%s)::text from analytics.%s".formatted(column, table)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"focus-1.2", "focus-1.4"})
    void filesKeepToTheRequirements(String format) throws Exception {
        String version = format.substring("focus-".length());
        for (String granularity : List.of("hourly", "daily", "monthly")) {
            File made = file(orgA, order().format(format).granularity(granularity));
            assertThat(FocusRules.of(version)
                            .broken(made.csv().header(), made.csv().rows()))
                    .isEmpty();
            assertThat(made.csv().sum("BilledCost")).isEqualByComparingTo("9.12");
            assertThat(made.manifest().at("/focus/focusVersion").textValue()).isEqualTo(version);
            assertThat(made.manifest().at("/bills/status").textValue()).isEqualTo("final");
            assertThat(made.manifest().at("/bills/refreshedAt").textValue()).isEqualTo("2026-04-06T00:00:00Z");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"})
    void theMonthOfAnyZoneIsTheMonthOfTheBill(String zone) throws Exception {
        ZoneId at = ZoneId.of(zone);
        CsvText csv = focus(
                orgA,
                order().range(
                                DAY.withDayOfMonth(1).atStartOfDay(at).toInstant(),
                                DAY.withDayOfMonth(1)
                                        .plusMonths(1)
                                        .atStartOfDay(at)
                                        .toInstant())
                        .timeZone(zone));
        assertThat(csv.column("BilledCost")).containsExactly("0.12", "10", "1", "-2");
        assertThat(FocusRules.of("1.4").broken(csv.header(), csv.rows())).isEmpty();
    }

    @Test
    void windowsSideBySideHoldEachDayOnce() throws Exception {
        CsvText night = focus(orgA, order().range("2026-03-10T00:00:00Z", "2026-03-10T12:00:00Z"));
        CsvText rest = focus(orgA, order().range("2026-03-10T12:00:00Z", "2026-03-12T00:00:00Z"));
        assertThat(night.column("BilledCost")).containsExactly("0.12", "10");
        assertThat(rest.column("BilledCost")).containsExactly("1");
        CsvText filtered = focus(
                orgA,
                order().range("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z").model(large));
        assertThat(filtered.column("BilledCost"))
                .as("searches are not charges of the model")
                .containsExactly("10", "1");
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_A"), Optional.empty(), DAY, "test");
        assertThat(march(orgA).rows()).isEmpty();
    }

    @Test
    void anOrganisationWithoutOwnKeysHasNoCharges() throws Exception {
        File none = file(stranger, order().format("focus"));
        assertThat(none.csv().rows()).isEmpty();
        assertThat(none.manifest().at("/bills/mapped").booleanValue()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "delete from analytics.provider_import_day where usage_date = '2026-03-20'",
                "update analytics.provider_import_day set status = 'failed_retryable' where usage_date = '2026-03-20'",
                "update analytics.provider_import_day set last_checked_at = '2026-03-20T12:00:00Z' where usage_date = '2026-03-20'"
            })
    void aFileWithoutEveryBillIsRefused(String change) {
        new Sql(database).execute(change + " and org_ref = 'focus'");
        Exports exports = new Exports(orgA);
        JsonPath job = exports.ended(exports.accepted(order().format("focus")));
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error"))
                .contains("not imported: 2026-03-20 of focus.")
                .contains("providers backfill");
    }

    @Test
    void aBillThatCanStillChangeSaysSo() throws Exception {
        new Sql(database)
                .execute(
                        "update analytics.provider_import_day set last_checked_at = '2026-03-13' where usage_date = '2026-03-11' and org_ref = 'focus'");
        File made = file(orgA, order().format("focus"));
        assertThat(made.csv().column("x_BillStatus")).containsExactly("Final", "Final", "Provisional", "Final");
        assertThat(made.manifest().at("/bills/status").textValue()).isEqualTo("provisional");
        assertThat(made.manifest().at("/bills/provisionalDays").toString()).isEqualTo("[\"2026-03-11\"]");
    }
}
