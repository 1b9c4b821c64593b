package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FocusChargeColumnsTest {

    private static final LocalDate DAY = LocalDate.of(2026, 3, 31);
    private static final UUID ORG = UUID.randomUUID();

    private static FocusChargeColumns columns(FocusVersion version) {
        return new FocusChargeColumns(
                version,
                ORG,
                "=Acme",
                Map.of("anthropic/claude-one", List.of("1"), "openai/gpt-5", List.of("2")),
                new FocusBills(true, List.of(), Set.of(), Optional.of(Instant.EPOCH)));
    }

    private static FocusCharge charge(String type, String meter, String usd, String quantity, boolean measured) {
        return new FocusCharge(
                DAY,
                DAY.plusDays(1),
                FocusIssuer.ANTHROPIC,
                "account",
                Optional.of("wrkspc_1"),
                Optional.empty(),
                type.equals("tokens") ? Optional.of("claude-one") : Optional.empty(),
                type,
                meter,
                Optional.of("batch"),
                Optional.empty(),
                Optional.of(meter + " of the day"),
                new BigDecimal(usd),
                measured
                        ? new FocusQuantity(
                                new BigDecimal(quantity),
                                type.equals("tokens") ? FocusQuantity.TOKENS : FocusQuantity.REQUESTS,
                                FocusQuantity.USAGE_REPORT)
                        : FocusQuantity.charges(Long.parseLong(quantity)));
    }

    /** Of a project; a kind of token, or a line item that names none. */
    private static FocusCharge openai(Optional<String> kind, String item, String usd, FocusQuantity quantity) {
        return new FocusCharge(
                DAY,
                DAY.plusDays(1),
                FocusIssuer.OPENAI,
                "openai",
                Optional.of("proj_1"),
                Optional.of("Search"),
                kind.map(any -> "gpt-5"),
                kind.isPresent() ? "tokens" : "other",
                kind.orElse("other"),
                Optional.of("priority"),
                Optional.empty(),
                Optional.of(item),
                new BigDecimal(usd),
                quantity);
    }

    private static Map<String, String> row(FocusVersion version, FocusCharge charge) {
        FocusChargeColumns columns = columns(version);
        String[] cells = columns.cells(charge);
        Map<String, String> row = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i++) {
            row.put(columns.header()[i], cells[i] == null ? "" : cells[i]);
        }
        return row;
    }

    @Test
    void aTokenIsPricedByTheMillion() {
        assertThat(row(FocusVersion.V1_4, charge("tokens", "output_tokens", "52.5", "2100000", true)))
                .containsEntry("ConsumedQuantity", "2100000")
                .containsEntry("ConsumedUnit", "Tokens")
                .containsEntry("PricingQuantity", "2.1")
                .containsEntry("PricingUnit", "1000000 Tokens")
                .containsEntry("ListUnitPrice", "25")
                .containsEntry("ListCost", "52.5")
                .containsEntry("EffectiveCost", "52.5")
                .containsEntry("SkuId", "anthropic/claude-one/output_tokens")
                .containsEntry("SkuPriceId", "anthropic/claude-one/output_tokens/batch/any")
                .containsEntry("SkuPriceDetails", "{\"x_ServiceTier\":\"batch\"}")
                .containsEntry("x_ModelId", "1")
                .containsEntry("x_OrgName", "'=Acme");
    }

    @Test
    void aPriceWithoutEndIsRoundedAndStillMultipliesOut() {
        Map<String, String> row = row(FocusVersion.V1_4, charge("tokens", "output_tokens", "1", "3000000", true));
        assertThat(row)
                .containsEntry("BilledCost", "1")
                .containsEntry("ListUnitPrice", "0.333333333333333333")
                .containsEntry("ListCost", "0.999999999999999999");
    }

    @Test
    void whatNoReportCountsIsCountedByCharges() {
        assertThat(row(FocusVersion.V1_4, charge("code_execution", "code_execution", "0.4", "1", false)))
                .containsEntry("PricingUnit", "Charges")
                .containsEntry("ListUnitPrice", "0.4")
                .containsEntry("x_QuantityBasis", "Charges");
        assertThat(row(FocusVersion.V1_4, charge("web_search", "web_search", "0.12", "12", true)))
                .containsEntry("PricingUnit", "1000 Requests")
                .containsEntry("PricingQuantity", "0.012")
                .containsEntry("ListUnitPrice", "10")
                .containsEntry("SkuId", "anthropic/web_search");
    }

    @ParameterizedTest
    @CsvSource({
        "input, 1.5, 3200, Tokens, UsageReport, 0.0032, 1000000 Tokens, 468.75, openai/gpt-5/input, Input Tokens",
        ", 0.5, 50, calls, Bill, 50, calls, 0.01, openai/other/an item, other/an item",
        "audio input, 0.5, 1, Charges, Charges, 1, Charges, 0.5, openai/gpt-5/audio input, audio input"
    })
    void anItemOfOpenAiIsPricedByWhatIsKnownOfIt(
            String kind,
            String usd,
            BigDecimal amount,
            String unit,
            String basis,
            String pricing,
            String pricingUnit,
            String price,
            String sku,
            String meter) {
        FocusQuantity quantity = new FocusQuantity(amount, unit, basis);
        assertThat(row(FocusVersion.V1_2, openai(Optional.ofNullable(kind), "an item", usd, quantity)))
                .containsEntry("BilledCost", usd)
                .containsEntry("ConsumedQuantity", amount.toPlainString())
                .containsEntry("ConsumedUnit", unit)
                .containsEntry("PricingQuantity", pricing)
                .containsEntry("PricingUnit", pricingUnit)
                .containsEntry("ListUnitPrice", price)
                .containsEntry("SkuId", sku)
                .containsEntry("SkuMeter", meter)
                .containsEntry("SkuPriceId", sku + "/priority/any" + (basis.equals("Charges") ? "/charge" : ""))
                .containsEntry("x_QuantityBasis", basis)
                .containsEntry("x_ModelId", kind == null ? "" : "2")
                .containsEntry("SubAccountName", "Search")
                .containsEntry("ServiceName", "OpenAI API")
                .containsEntry("InvoiceIssuerName", "OpenAI")
                .containsEntry("PublisherName", "OpenAI");
    }

    @Test
    void anAmountBelowZeroIsACreditWithoutAPrice() {
        assertThat(row(FocusVersion.V1_4, charge("other", "other", "-1.205", "1", false)))
                .containsEntry("ChargeCategory", "Credit")
                .containsEntry("BilledCost", "-1.205")
                .containsEntry("ListCost", "-1.205")
                .containsEntry("PricingQuantity", "")
                .containsEntry("SkuId", "");
        assertThat(row(FocusVersion.V1_4, charge("other", "Adjustment", "-1", "1", false)))
                .containsEntry("ChargeCategory", "Adjustment");
    }

    /** Seeded: charges of every kind, amounts of up to 12 decimals, quantities without a common factor. */
    @ParameterizedTest
    @EnumSource
    void everyRowKeepsToTheRequirements(FocusVersion version) {
        Random random = new Random(13);
        List<String> types = List.of("tokens", "web_search", "code_execution", "session_usage", "other");
        List<Map<String, String>> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String type = types.get(random.nextInt(types.size()));
            boolean measured = type.equals("tokens") || type.equals("web_search");
            String usd = BigDecimal.valueOf(random.nextLong(-1_000_000, 1_000_000_000), random.nextInt(12))
                    .toPlainString();
            rows.add(row(
                    version,
                    charge(
                            type,
                            type.equals("tokens") ? "kind" + random.nextInt(5) : type,
                            usd,
                            measured ? Long.toString(1 + random.nextLong(1L << 40)) : "1",
                            measured)));
            rows.add(row(
                    version,
                    openai(
                            random.nextBoolean() ? Optional.of("kind" + random.nextInt(5)) : Optional.empty(),
                            "item " + random.nextInt(5),
                            usd,
                            random.nextBoolean()
                                    ? FocusQuantity.charges(1)
                                    : new FocusQuantity(
                                            BigDecimal.valueOf(1 + random.nextLong(1L << 40), random.nextInt(4)),
                                            "calls",
                                            FocusQuantity.BILL))));
        }
        FocusRules rules = FocusRules.of(version.number());
        assertThat(rules.size()).isGreaterThan(150);
        List<String> header = List.of(columns(version).header());
        assertThat(rules.broken(header, rows)).isEmpty();
        rows.get(0).put("ListCost", "7");
        rows.get(0).put("ChargeCategory", "Usage");
        assertThat(rules.broken(header, rows)).as("the rules find a fault").isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void ownColumnsComeLastAndHaveThePrefix(FocusVersion version) {
        List<String> header = List.of(columns(version).header());
        int own =
                (int) header.stream().takeWhile(name -> !name.startsWith("x_")).count();
        assertThat(header.subList(0, own)).allMatch(name -> name.matches("([A-Z][a-z]+)+"));
        assertThat(header.subList(own, header.size())).allMatch(name -> name.matches("x_([A-Z][a-z]+)+"));
        assertThat(header).doesNotHaveDuplicates();
        assertThat(header.contains("ProviderName")).isEqualTo(version == FocusVersion.V1_2);
        assertThat(header.contains("HostProviderName")).isEqualTo(version == FocusVersion.V1_4);
    }
}
