package io.inference.analytics.export;

import io.inference.analytics.platform.Csv;
import io.inference.analytics.series.TimeRange;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Usage at estimated cost, in the 21 mandatory columns of FOCUS 1.2 and columns with the prefix
 * {@code x_}, for charging an organisation inside a company.
 *
 * <p>All costs are the estimate from list prices, and no bill is in the file. FOCUS wants billed
 * amounts in BilledCost, so the file does not conform to FOCUS: each row says so in x_CostBasis and
 * in ChargeDescription. Amounts are US dollars; nulls are empty cells; ends of periods are
 * exclusive.
 */
final class FocusEstimateColumns implements ExportColumns<ExportRow> {

    private static final String ESTIMATE = "Usage of %s at estimated cost; not a bill";

    private static final List<Column> COLUMNS = List.of(
            new Column("BilledCost", "US dollars, exact: the estimate from list prices, not a bill"),
            new Column("BillingAccountId", "Id of the organisation"),
            new Column("BillingAccountName", "Name of the organisation; the id where it has none"),
            new Column("BillingCurrency", "USD"),
            new Column("BillingPeriodEnd", "First instant after the month of the charge"),
            new Column("BillingPeriodStart", "First instant of the month of the charge"),
            new Column("ChargeCategory", "Usage"),
            new Column("ChargeClass", "Empty: the row corrects no invoiced period"),
            new Column("ChargeDescription", "What was used, and that the cost is an estimate"),
            new Column("ChargePeriodEnd", "First instant after the hour, day or month, or the end of the export"),
            new Column("ChargePeriodStart", "First instant of the hour, day or month, or the start of the export"),
            new Column("ContractedCost", "As BilledCost"),
            new Column("EffectiveCost", "As BilledCost"),
            new Column("InvoiceIssuerName", "The provider of this service"),
            new Column("ListCost", "As BilledCost"),
            new Column("PricingQuantity", "Input and output tokens together"),
            new Column("PricingUnit", "Tokens"),
            new Column("ProviderName", "The provider of this service"),
            new Column("PublisherName", "The provider of this service"),
            new Column("ServiceCategory", "AI and Machine Learning"),
            new Column("ServiceName", "AI inference"),
            new Column("x_ModelId", "Id of the model"),
            new Column("x_ModelName", "Name of the model; the id where it has none"),
            new Column("x_CostBasis", "Estimate: every cost of the row is an estimate"),
            new Column("x_Invocations", "Invocations that ended in the charge period"),
            new Column("x_Errors", "Those of them that did not end in success"),
            new Column("x_InputTokens", "Tokens read, cached ones included"),
            new Column("x_OutputTokens", "Tokens written"),
            new Column("x_CacheReadInputTokens", "The part of x_InputTokens that came from a cache"),
            new Column("x_CacheWriteInputTokens", "The part of x_InputTokens that went to a cache"));

    /** The times of a bucket, formatted. */
    private record Period(String start, String end, String monthStart, String monthEnd) {}

    private final String orgId;
    private final String orgName;
    private final Map<String, String> modelNames;
    private final List<Period> periods;
    private final ZoneId zone;
    private final String provider;

    FocusEstimateColumns(
            String orgId, String orgName, Map<String, String> modelNames, ExportOrder order, String provider) {
        this.orgId = orgId;
        this.orgName = Csv.harmless(orgName);
        this.modelNames = modelNames;
        this.zone = order.zone();
        this.periods = periods(order);
        this.provider = Csv.harmless(provider);
    }

    private List<Period> periods(ExportOrder order) {
        List<Instant> starts = order.buckets().starts();
        TimeRange range = order.range();
        List<Period> periods = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            Instant end =
                    i + 1 < starts.size() ? starts.get(i + 1) : order.buckets().end();
            Instant from = starts.get(i).isBefore(range.start()) ? range.start() : starts.get(i);
            Instant until = end.isAfter(range.end()) ? range.end() : end;
            periods.add(period(from, until));
        }
        return periods;
    }

    private Period period(Instant from, Instant until) {
        ZonedDateTime month = from.atZone(zone).toLocalDate().withDayOfMonth(1).atStartOfDay(zone);
        return new Period(
                from.toString(),
                until.toString(),
                month.toInstant().toString(),
                month.plusMonths(1).toInstant().toString());
    }

    @Override
    public List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public String[] cells(ExportRow row) {
        String model = modelNames.getOrDefault(row.modelId(), row.modelId());
        String dollars = Figures.plain(new BigDecimal(row.costCents()).movePointLeft(2));
        Period period = periods.get(row.bucket());
        return new String[] {
            dollars,
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
            new BigInteger(row.inputTokens())
                    .add(new BigInteger(row.outputTokens()))
                    .toString(),
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
