package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.platform.Csv;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Billed charges in the columns of FOCUS, dataset Cost and Usage, then those of this service with
 * the prefix {@code x_}.
 *
 * <p>All money is what the provider billed: no estimate is in the file. The cost report names no
 * list price, so ListUnitPrice is the price that was billed. ListUnitPrice times PricingQuantity is
 * ListCost to the last digit. ListCost equals BilledCost, except where the price has no end as a
 * decimal: then the price is rounded to {@value #PRICE_DECIMALS} decimals. The other costs always equal
 * BilledCost.
 */
final class FocusChargeColumns implements ExportColumns<FocusCharge> {

    static final int PRICE_DECIMALS = 18;

    private final FocusVersion version;
    private final UUID org;
    private final String orgName;
    private final Map<String, List<String>> models;
    private final FocusBills bills;
    private final List<FocusColumn> layout;

    /**
     * @param models the models of this service by provider and its name of each
     */
    FocusChargeColumns(
            FocusVersion version, UUID org, String orgName, Map<String, List<String>> models, FocusBills bills) {
        this.version = version;
        this.org = org;
        this.orgName = Csv.harmless(orgName);
        this.models = models;
        this.bills = bills;
        this.layout = FocusColumn.of(version);
    }

    @Override
    public List<Column> columns() {
        return layout.stream()
                .map(column -> new Column(column.id(), column.definition()))
                .toList();
    }

    @Override
    public String[] cells(FocusCharge charge) {
        Map<String, String> cells = new LinkedHashMap<>();
        money(cells, charge);
        periods(cells, charge);
        cells.put("BillingAccountId", charge.account());
        cells.put("BillingAccountName", charge.account());
        cells.put("ChargeCategory", category(charge));
        cells.put("ChargeDescription", Csv.harmless(description(charge)));
        cells.put("ChargeFrequency", "Usage-Based");
        for (String party : List.of(
                "HostProviderName", "InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceProviderName")) {
            cells.put(party, charge.issuer().title());
        }
        cells.put("ServiceCategory", "AI and Machine Learning");
        cells.put("ServiceName", charge.issuer().service());
        cells.put("ServiceSubcategory", "Generative AI");
        charge.workspace().ifPresent(id -> {
            cells.put("SubAccountId", id);
            cells.put("SubAccountName", Csv.harmless(charge.workspaceName().orElse(id)));
        });
        own(cells, charge);
        return layout.stream().map(column -> cells.get(column.id())).toArray(String[]::new);
    }

    private void money(Map<String, String> cells, FocusCharge charge) {
        String billed = Figures.plain(charge.usd());
        for (String cost : List.of("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")) {
            cells.put(cost, billed);
        }
        cells.put("BillingCurrency", "USD");
        if (charge.credit()) {
            return;
        }
        FocusSku sku = FocusSku.of(charge);
        FocusQuantity charged = charge.quantity();
        BigDecimal quantity = charged.priced();
        BigDecimal price = price(charge.usd(), quantity);
        cells.put("ListUnitPrice", Figures.plain(price));
        cells.put("ListCost", Figures.plain(price.multiply(quantity)));
        cells.put("PricingCategory", "Standard");
        cells.put("PricingQuantity", Figures.plain(quantity));
        cells.put("PricingUnit", Csv.harmless(charged.pricingUnit()));
        cells.put("ConsumedQuantity", Figures.plain(charged.amount()));
        cells.put("ConsumedUnit", Csv.harmless(charged.unit()));
        cells.put("SkuId", Csv.harmless(sku.id()));
        cells.put("SkuMeter", Csv.harmless(sku.meter()));
        cells.put("SkuPriceId", Csv.harmless(sku.priceId()));
        cells.put("SkuPriceDetails", sku.details().orElse(null));
    }

    /** Exact if it has no more decimals than prices have. */
    private static BigDecimal price(BigDecimal usd, BigDecimal quantity) {
        return usd.divide(quantity, PRICE_DECIMALS, RoundingMode.HALF_EVEN);
    }

    private static void periods(Map<String, String> cells, FocusCharge charge) {
        LocalDate month = charge.first().withDayOfMonth(1);
        cells.put("BillingPeriodStart", midnight(month));
        cells.put("BillingPeriodEnd", midnight(month.plusMonths(1)));
        cells.put("ChargePeriodStart", midnight(charge.first()));
        cells.put("ChargePeriodEnd", midnight(charge.end()));
    }

    private static String midnight(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toInstant().toString();
    }

    private static String category(FocusCharge charge) {
        if (!charge.credit()) {
            return "Usage";
        }
        boolean adjusts = charge.description()
                .map(text -> text.matches("(?is).*\\badjust.*"))
                .orElse(false);
        return adjusts ? "Adjustment" : "Credit";
    }

    private static String description(FocusCharge charge) {
        return charge.description()
                .orElseGet(() -> charge.model().map(model -> model + ", ").orElse("") + charge.meter());
    }

    private void own(Map<String, String> cells, FocusCharge charge) {
        cells.put("x_OrgId", org.toString());
        cells.put("x_OrgName", orgName);
        charge.model().ifPresent(model -> {
            cells.put("x_ProviderModel", Csv.harmless(model));
            List<String> ours = models.getOrDefault(charge.issuer().wireName() + "/" + model, List.of());
            cells.put("x_ModelId", ours.size() == 1 ? ours.get(0) : null);
        });
        cells.put("x_CostType", charge.costType());
        cells.put("x_ServiceTier", charge.serviceTier().orElse(null));
        cells.put("x_ContextWindow", charge.contextWindow().orElse(null));
        cells.put("x_QuantityBasis", charge.credit() ? null : charge.quantity().basis());
        cells.put("x_BillStatus", bills.settled(charge) ? "Final" : "Provisional");
    }

    /** The version, the schema and the state of the bills: what the file alone does not say. */
    @Override
    public Map<String, JsonNode> figures() {
        ObjectNode focus = Figures.JSON.createObjectNode();
        focus.put("focusVersion", version.number());
        focus.put("dataset", "CostAndUsage");
        focus.put("schemaId", schemaId());
        focus.put("correctionStyle", "Replacement");
        focus.put("deliveryMechanism", "Overwrite");
        ArrayNode types = focus.putArray("columns");
        layout.forEach(column -> types.addObject()
                .put("columnName", column.id())
                .put("dataType", column.type().wireName()));
        ObjectNode state = Figures.JSON.createObjectNode();
        state.put("mapped", bills.mapped());
        state.put("status", bills.mapped() && bills.provisional().isEmpty() ? "final" : "provisional");
        state.put("refreshedAt", bills.refreshedAt().map(Object::toString).orElse(null));
        ArrayNode open = state.putArray("provisionalDays");
        bills.provisional().stream()
                .map(FocusBills.Day::day)
                .distinct()
                .sorted()
                .forEach(day -> open.add(day.toString()));
        return Map.of("focus", focus, "bills", state);
    }

    /** The same for the same columns of the same version. */
    private String schemaId() {
        String names = version.number() + String.join(",", header());
        return UUID.nameUUIDFromBytes(names.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
