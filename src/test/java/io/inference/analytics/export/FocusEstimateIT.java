package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Files of usage at estimated cost; {@link FocusBillsIT} has those of billed charges. */
@QuarkusTest
@WithBackends(s3 = true)
class FocusEstimateIT {

    private static final Set<String> MANDATORY = Set.of(
            "BilledCost",
            "BillingAccountId",
            "BillingAccountName",
            "BillingCurrency",
            "BillingPeriodEnd",
            "BillingPeriodStart",
            "ChargeCategory",
            "ChargeClass",
            "ChargeDescription",
            "ChargePeriodEnd",
            "ChargePeriodStart",
            "ContractedCost",
            "EffectiveCost",
            "InvoiceIssuerName",
            "ListCost",
            "PricingQuantity",
            "PricingUnit",
            "ProviderName",
            "PublisherName",
            "ServiceCategory",
            "ServiceName");

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);

    @Test
    void usageWithoutAPriceIsRefusedByName() throws Exception {
        MarchUsage.of(org).store(database);
        names.nameModel(MarchUsage.MODEL_A, "Swift 3");
        JsonPath job = exports.ended(exports.accepted(order().format("focus-estimate")));
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error"))
                .contains("Swift 3 (" + MarchUsage.MODEL_A + ")")
                .doesNotContain(MarchUsage.MODEL_F.toString());
        assertThat(job.getInt("tries")).isEqualTo(1);
        exports.download(job.getString("jobId")).then().statusCode(409).body("detail", containsString("Swift 3"));
    }

    /** The columns are those of FOCUS 1.2, chapter "Cost and Usage"; the money is not. */
    @Test
    void everyCostIsTheEstimate() throws Exception {
        new StoredUsage()
                .add(Event.of(org, MarchUsage.MODEL_A, "2026-03-01T10:00:00Z")
                        .tokens(1_000, 34)
                        .cost("0.12345678"))
                .add(Event.of(org, MarchUsage.MODEL_F, "2026-03-31T23:00:00Z")
                        .tokens(5, 0)
                        .status("error")
                        .cost("0"))
                .store(database);
        names.nameOrg(org, "Acme");
        CsvText csv = exports.csv(order().format("focus-estimate"));
        assertThat(csv.header().subList(0, 21)).containsExactlyInAnyOrderElementsOf(MANDATORY);
        assertThat(csv.header().subList(21, csv.header().size())).allMatch(name -> name.matches("x_[A-Z][A-Za-z0-9]*"));
        assertThat(csv.rows()).hasSize(2).allSatisfy(this::assertRow);
        assertThat(csv.rows().get(0))
                .containsEntry("ChargePeriodStart", "2026-03-01T00:00:00Z")
                .containsEntry("ChargePeriodEnd", "2026-03-02T00:00:00Z")
                .containsEntry("BilledCost", "0.0012345678")
                .containsEntry("ListCost", "0.0012345678")
                .containsEntry("ContractedCost", "0.0012345678")
                .containsEntry("EffectiveCost", "0.0012345678")
                .containsEntry("PricingQuantity", "1034")
                .containsEntry("x_InputTokens", "1000");
        assertThat(csv.rows().get(1))
                .containsEntry("ChargePeriodEnd", "2026-04-01T00:00:00Z")
                .containsEntry("EffectiveCost", "0");
    }

    private void assertRow(Map<String, String> row) {
        for (String name : MANDATORY) {
            if (name.equals("ChargeClass")) {
                // "MUST be null when the row does not represent a correction"
                assertThat(row.get(name)).isEmpty();
            } else {
                assertThat(row.get(name)).as(name).isNotBlank();
            }
        }
        for (String decimal : List.of("BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "PricingQuantity")) {
            assertThat(row.get(decimal)).as(decimal).matches("-?[0-9]+([.][0-9]+)?");
        }
        for (String time : List.of("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")) {
            assertThat(row.get(time)).as(time).matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
        }
        assertThat(row)
                .containsEntry("x_CostBasis", "Estimate")
                .containsEntry("BillingCurrency", "USD")
                .containsEntry("ChargeCategory", "Usage")
                .containsEntry("PricingUnit", "Tokens")
                .containsEntry("ServiceCategory", "AI and Machine Learning")
                .containsEntry("BillingAccountId", org.toString())
                .containsEntry("BillingAccountName", "Acme")
                .containsEntry("BillingPeriodStart", "2026-03-01T00:00:00Z")
                .containsEntry("BillingPeriodEnd", "2026-04-01T00:00:00Z");
        assertThat(row.get("ChargeDescription")).contains("not a bill");
    }
}
