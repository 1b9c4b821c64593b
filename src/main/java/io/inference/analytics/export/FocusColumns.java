package io.inference.analytics.export;

import io.inference.analytics.platform.Csv;
import io.inference.analytics.platform.TimeRange;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The 21 mandatory columns of FOCUS 1.2 (focus.finops.org, specification 1.2), then our own with the prefix {@code x_}.
 *
 * <p>What is billed is what a provider's bill says, and an estimate is no bill: BilledCost is 0, the estimate stands in ListCost,
 * ContractedCost and EffectiveCost, and ChargeDescription says so. ChargeClass is null, as no row corrects an invoiced period.
 * Amounts are US dollars; nulls are empty cells; ends of periods are exclusive.
 */
final class FocusColumns implements ExportColumns {

    private static final String ESTIMATE =
            "Usage of %s. Costs are estimates from list prices per token; BilledCost is 0 because no provider bill is allotted";

    private static final List<Column> COLUMNS = List.of(
            new Column("BilledCost", "US dollars on a provider's bill; 0 because none is allotted to the row"),
            new Column("BillingAccountId", "Id of the organisation"),
            new Column("BillingAccountName", "Name of the organisation; the id where it has none"),
            new Column("BillingCurrency", "USD"),
            new Column("BillingPeriodEnd", "First instant after the month of the charge"),
            new Column("BillingPeriodStart", "First instant of the month of the charge"),
            new Column("ChargeCategory", "Usage"),
            new Column("ChargeClass", "Empty: the row corrects no invoiced period"),
            new Column("ChargeDescription", "What was used, and that the costs are estimates"),
            new Column("ChargePeriodEnd", "First instant after the hour, day or month, or the end of the export"),
            new Column("ChargePeriodStart", "First instant of the hour, day or month, or the start of the export"),
            new Column("ContractedCost", "As ListCost"),
            new Column("EffectiveCost", "As ListCost"),
            new Column("InvoiceIssuerName", "Who provides the service"),
            new Column("ListCost", "US dollars, exact: the estimate from list prices"),
            new Column("PricingQuantity", "Input and output tokens together"),
            new Column("PricingUnit", "Tokens"),
            new Column("ProviderName", "Who provides the service"),
            new Column("PublisherName", "Who provides the service"),
            new Column("ServiceCategory", "AI and Machine Learning"),
            new Column("ServiceName", "AI inference"),
            new Column("x_ModelId", "Id of the model"),
            new Column("x_ModelName", "Name of the model; the id where it has none"),
            new Column("x_CostBasis", "Estimate: EffectiveCost is no bill"),
            new Column("x_Invocations", "Invocations that ended in the charge period"),
            new Column("x_Errors", "Those of them that did not end in success"),
            new Column("x_InputTokens", "Tokens read, cached ones included"),
            new Column("x_OutputTokens", "Tokens written"),
            new Column("x_CacheReadInputTokens", "The part of x_InputTokens that came from a cache"),
            new Column("x_CacheWriteInputTokens", "The part of x_InputTokens that went to a cache"));

    /** The times of a bucket, ready to be written. */
    private record Period(String start, String end, String monthStart, String monthEnd) {}

    private final String orgId;
    private final String orgName;
    private final Map<String, String> modelNames;
    private final List<Period> periods;
    private final String provider;

    FocusColumns(String orgId, String orgName, Map<String, String> modelNames, ExportOrder order, String provider) {
        this.orgId = orgId;
        this.orgName = Csv.harmless(orgName);
        this.modelNames = modelNames;
        this.periods = periods(order);
        this.provider = Csv.harmless(provider);
    }

    private static List<Period> periods(ExportOrder order) {
        List<Instant> starts = order.buckets().starts();
        TimeRange range = order.range();
        List<Period> periods = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            Instant end =
                    i + 1 < starts.size() ? starts.get(i + 1) : order.buckets().end();
            Instant from = starts.get(i).isBefore(range.start()) ? range.start() : starts.get(i);
            Instant until = end.isAfter(range.end()) ? range.end() : end;
            ZonedDateTime month = monthOf(from, order.zone());
            periods.add(new Period(
                    from.toString(),
                    until.toString(),
                    month.toInstant().toString(),
                    month.plusMonths(1).toInstant().toString()));
        }
        return periods;
    }

    private static ZonedDateTime monthOf(Instant time, ZoneId zone) {
        return time.atZone(zone).toLocalDate().withDayOfMonth(1).atStartOfDay(zone);
    }

    @Override
    public List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public String[] cells(ExportRow row) {
        String model = modelNames.getOrDefault(row.modelId(), row.modelId());
        Period period = periods.get(row.bucket());
        String dollars = Figures.plain(new BigDecimal(row.costCents()).movePointLeft(2));
        String tokens = new BigInteger(row.inputTokens())
                .add(new BigInteger(row.outputTokens()))
                .toString();
        return new String[] {
            "0",
            orgId,
            orgName,
            "USD",
            period.monthEnd(),
            period.monthStart(),
            "Usage",
            null,
            ESTIMATE.formatted(model),
            period.end(),
            period.start(),
            dollars,
            dollars,
            provider,
            dollars,
            tokens,
            "Tokens",
            provider,
            provider,
            "AI and Machine Learning",
            "AI inference",
            row.modelId(),
            Csv.harmless(model),
            "Estimate",
            Long.toString(row.invocations()),
            Long.toString(row.errors()),
            row.inputTokens(),
            row.outputTokens(),
            row.cacheReadInputTokens(),
            row.cacheWriteInputTokens()
        };
    }
}
