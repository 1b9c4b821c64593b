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
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * BilledCost in files of format focus. The bill of 10 and 11 March, by hand: 10.00 for small (keys B and C, 300 and 100 tokens), 10.00
 * for large and 0.12 for searches in workspace A, 0.35 for searches without a workspace; the day after 1.00 for large in workspace A.
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
            statement.execute(
                    """
                    insert into analytics.claude_costs (activity_date, organization_id, line_key, workspace_id, model, token_type,
                        cost_type, amount_usd, currency, description, ingestion_timestamp, import_revision, run_id)
                    select day::date, 'focus', key, workspace, model, token, type, amount, 'USD', text, now(), 1, gen_random_uuid()
                    from (values ('2026-03-10', '1', null, '%2$s', 'output_tokens', 'tokens', 10.00, 'Small - Output'),
                                 ('2026-03-10', '2', 'wrkspc_A', '%1$s', 'output_tokens', 'tokens', 10.00, 'Large - Output'),
                                 ('2026-03-10', '3', 'wrkspc_A', null, null, 'web_search', 0.12, 'Web Search Usage'),
                                 ('2026-03-10', '4', null, null, null, 'web_search', 0.35, 'Web Search Usage'),
                                 ('2026-03-11', '1', 'wrkspc_A', '%1$s', 'output_tokens', 'tokens', 1.00, 'Large - Output'))
                         as lines (day, key, workspace, model, token, type, amount, text)
                    """
                            .formatted(largeName, smallName));
            statement.execute(
                    """
                    insert into analytics.claude_usage_report (activity_date, organization_id, line_key, api_key_id, model,
                        output_tokens, ingestion_timestamp, import_revision, run_id)
                    select '2026-03-10', 'focus', key, key, '%s', tokens, now(), 1, gen_random_uuid()
                    from (values ('apikey_B', 300), ('apikey_C', 100)) as used (key, tokens)
                    """
                            .formatted(smallName));
            statement.execute("select analytics.rebuild_claude_day('focus', day::date) from"
                    + " (values ('2026-03-10'), ('2026-03-11')) as days (day)");
        }
        new StoredUsage()
                .add(Event.of(orgA, large, "2026-03-10T01:10:00Z").cost("25"))
                .add(Event.of(orgA, large, "2026-03-10T01:50:00Z").cost("75"))
                .add(Event.of(orgA, large, "2026-03-10T12:00:00Z").cost("100"))
                .add(Event.of(orgA, large, "2026-03-10T23:59:59Z").cost("100"))
                .add(Event.of(orgA, large, "2026-03-20T12:00:00Z").cost("100"))
                .add(Event.of(orgB, small, "2026-03-10T03:00:00Z").cost("700"))
                .add(Event.of(orgC, small, "2026-03-10T03:00:00Z").cost("0"))
                .add(Event.of(orgC, smaller, "2026-03-10T03:00:00Z").cost("0"))
                .add(Event.of(orgC, smaller, "2026-03-10T04:00:00Z").cost("0"))
                .add(Event.of(orgC, smaller, "2026-03-10T04:30:00Z").cost("0"))
                .add(Event.of(stranger, large, "2026-03-10T03:00:00Z").cost("5"))
                .store(database);
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_A"), Optional.of(orgA), DAY, "test");
        mappings.mapKey("apikey_B", Optional.of(orgB), DAY, "test");
        mappings.mapKey("apikey_C", Optional.of(orgC), DAY, "test");
        // What comes later does not change the day.
        mappings.mapKey("apikey_C", Optional.of(orgB), DAY.plusDays(1), "test");
    }

    /** The file of the order, once its manifest says the same about it. */
    private CsvText focus(UUID org, Order order) throws Exception {
        Exports exports = new Exports(org);
        JsonPath job = exports.exported(order.format("focus"));
        String id = job.getString("jobId");
        CsvText csv = Exports.csv(exports.object(store, id + ".csv"));
        JsonNode manifest = Figures.JSON.readTree(
                exports.object(store, id + ".manifest.json").body());
        assertThat(new BigDecimal(manifest.at("/billedCostUsd").textValue()))
                .isEqualByComparingTo(csv.sum("BilledCost"));
        assertThat(manifest.at("/rows").intValue()).isEqualTo(csv.rows().size());
        return csv;
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
        CsvText none = march(stranger);
        assertThat(a.column("BilledCost")).containsExactly("10", "0", "0.12", "1");
        assertThat(a.column("x_BilledCostBasis")).containsExactly("Bill", "NoBill", "Bill", "Bill");
        assertThat(a.column("EffectiveCost")).containsExactly("3", "1", "0", "0");
        assertThat(a.column("x_CostBasis")).containsExactly("Estimate", "Estimate", "None", "None");
        assertThat(a.column("x_EstimatedCost")).containsExactly("3", "1", "", "");
        Map<String, String> searches = a.rows().get(2);
        assertThat(searches)
                .containsEntry("ChargePeriodStart", "2026-03-10T00:00:00Z")
                .containsEntry("ChargePeriodEnd", "2026-03-11T00:00:00Z")
                .containsEntry("BillingPeriodStart", "2026-03-01T00:00:00Z")
                .containsEntry("PricingQuantity", "0")
                .containsEntry("x_Invocations", "0")
                .containsEntry("x_ModelId", "");
        assertThat(searches.get("ChargeDescription")).contains("Web Search Usage");
        assertThat(a.rows().get(3)).containsEntry("x_ModelName", "claude-large-" + large);
        assertThat(b.column("BilledCost")).containsExactly("7.5");
        // 2.50, no estimate to go by: one and three invocations.
        assertThat(c.column("BilledCost")).containsExactlyInAnyOrder("0.625", "1.875");
        assertThat(c.column("x_BilledCostBasis")).containsOnly("BillShare");
        assertThat(none.column("BilledCost")).containsExactly("0");
        assertThat(none.column("x_BilledCostBasis")).containsExactly("NotMapped");
        assertThat(none.rows().get(0).get("ChargeDescription")).contains("no provider bill is allotted");
        // 0.35 of the bill is not mapped yet.
        assertThat(billed(a, b, c, none)).isEqualByComparingTo("21.12");
        mappings.mapWorkspace(WorkspaceRef.of("default"), Optional.of(orgB), DAY, "test");
        CsvText more = march(orgB);
        assertThat(more.column("BilledCost")).containsExactly("7.5", "0.35");
        assertThat(billed(a, more, c, none))
                .as("all is mapped: the bill")
                .isEqualByComparingTo("21.47")
                .isEqualByComparingTo(bill());
    }

    private BigDecimal bill() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select sum(amount_usd) from analytics.claude_costs")) {
            row.next();
            return row.getBigDecimal(1);
        }
    }

    @Test
    void windowsSideBySideShareADayWithoutRest() throws Exception {
        CsvText night = focus(
                orgA,
                order().range("2026-03-10T00:00:00Z", "2026-03-10T12:00:00Z").granularity("hourly"));
        CsvText rest = focus(
                orgA,
                order().range("2026-03-10T12:00:00Z", "2026-03-12T00:00:00Z").granularity("hourly"));
        // A third of the estimate each; what rounding leaves is in the last.
        assertThat(night.column("BilledCost")).containsExactly("3.33333333", "0.12");
        assertThat(night.column("x_BilledCostBasis")).containsExactly("BillShare", "Bill");
        assertThat(rest.column("BilledCost")).containsExactly("3.33333333", "3.33333334", "1");
        assertThat(billed(night, rest)).isEqualByComparingTo("11.12");
        CsvText tokyo = focus(
                orgA,
                order().range("2026-03-10T00:00:00+09:00", "2026-03-13T00:00:00+09:00")
                        .timeZone("Asia/Tokyo"));
        assertThat(tokyo.column("BilledCost")).containsExactly("6.66666666", "3.33333334", "0.12", "1");
        CsvText filtered = focus(
                orgA,
                order().range("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z").model(large));
        assertThat(filtered.column("BilledCost"))
                .as("searches are not usage of the model")
                .containsExactly("10");
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_A"), Optional.empty(), DAY, "test");
        assertThat(march(orgA).column("BilledCost")).containsExactly("0", "0");
    }
}
