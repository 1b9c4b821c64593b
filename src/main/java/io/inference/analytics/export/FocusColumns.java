package io.inference.analytics.export;

import io.inference.analytics.platform.Csv;
import io.inference.analytics.series.TimeRange;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The 21 mandatory columns of FOCUS 1.2 (focus.finops.org, specification 1.2), then those of this
 * service with the prefix {@code x_}.
 *
 * <p>Only a provider's bill is billed cost, and an estimate is not a bill. So BilledCost is the
 * organisation's part of the bill or 0, and ListCost, ContractedCost and EffectiveCost are the
 * estimate; ChargeDescription says which. A billed amount without usage in this service has a row
 * of its own at the end, one per UTC day, without an estimate. ChargeClass is null, because no row
 * corrects an invoiced period. Amounts are US dollars; nulls are empty cells; ends of periods are
 * exclusive.
 */
final class FocusColumns implements ExportColumns {

    private static final String ESTIMATE =
            "Usage of %s. ListCost, ContractedCost and EffectiveCost are estimates from list prices per token; %s";

    private static final String UNUSED =
            "Billed by the provider for %s on this UTC day; no usage of this organisation accounts for it, so there is no estimate";

    private static final List<Column> COLUMNS = List.of(
            new Column(
                    "BilledCost",
                    "US dollars, exact: what a provider billed for the organisation's keys and workspaces; 0 for the reason that x_BilledCostBasis gives"),
            new Column("BillingAccountId", "Id of the organisation"),
            new Column("BillingAccountName", "Name of the organisation; the id where it has none"),
            new Column("BillingCurrency", "USD"),
            new Column("BillingPeriodEnd", "First instant after the month of the charge"),
            new Column("BillingPeriodStart", "First instant of the month of the charge"),
            new Column("ChargeCategory", "Usage; Credit: a bill below zero that no usage accounts for"),
            new Column("ChargeClass", "Empty: the row corrects no invoiced period"),
            new Column("ChargeDescription", "What was used, which costs are estimates, and what BilledCost is"),
            new Column("ChargePeriodEnd", "First instant after the hour, day or month, or the end of the export"),
            new Column("ChargePeriodStart", "First instant of the hour, day or month, or the start of the export"),
            new Column("ContractedCost", "As ListCost"),
            new Column("EffectiveCost", "As ListCost"),
            new Column("InvoiceIssuerName", "The provider of the service"),
            new Column("ListCost", "US dollars, exact: the estimate from list prices"),
            new Column("PricingQuantity", "Input and output tokens together"),
            new Column("PricingUnit", "Tokens"),
            new Column("ProviderName", "The provider of the service"),
            new Column("PublisherName", "The provider of the service"),
            new Column("ServiceCategory", "AI and Machine Learning"),
            new Column("ServiceName", "AI inference"),
            new Column("x_ModelId", "Id of the model"),
            new Column("x_ModelName", "Name of the model; the id where it has none"),
            new Column(
                    "x_CostBasis", "Estimate: EffectiveCost is an estimate, not a bill; None: the row has only a bill"),
            new Column("x_EstimatedCost", "US dollars, exact: the estimate alone; empty where there is none"),
            new Column(
                    "x_BilledCostBasis",
                    "Bill: all that was billed for the days and model; BillShare: a share of a day's bill, by estimated cost;"
                            + " NoBill: no imported bill names the usage; NotMapped: no key or workspace belongs to this organisation alone"),
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
    private final BilledCosts billed;
    private BigDecimal billedTotal = BigDecimal.ZERO;

    FocusColumns(
            String orgId,
            String orgName,
            Map<String, String> modelNames,
            ExportOrder order,
            String provider,
            BilledCosts billed) {
        this.orgId = orgId;
        this.orgName = Csv.harmless(orgName);
        this.modelNames = modelNames;
        this.zone = order.zone();
        this.periods = periods(order);
        this.provider = Csv.harmless(provider);
        this.billed = billed;
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
        BilledCosts.Part bill = billed.take(row.bucket(), row.modelId());
        String dollars = Figures.plain(new BigDecimal(row.costCents()).movePointLeft(2));
        String tokens = new BigInteger(row.inputTokens())
                .add(new BigInteger(row.outputTokens()))
                .toString();
        return cells(
                periods.get(row.bucket()),
                bill.usd(),
                "Usage",
                ESTIMATE.formatted(model, bill.basis().reason()),
                dollars,
                tokens,
                row.modelId(),
                Csv.harmless(model),
                "Estimate",
                dollars,
                bill.basis().wireName(),
                Long.toString(row.invocations()),
                Long.toString(row.errors()),
                row.inputTokens(),
                row.outputTokens(),
                row.cacheReadInputTokens(),
                row.cacheWriteInputTokens());
    }

    /** Bills without usage, and parts of bills whose row is missing. */
    @Override
    public List<String[]> furtherRows() {
        List<String[]> rows = new ArrayList<>();
        for (BilledCosts.Unused bill : billed.unused()) {
            Instant start = bill.day().atStartOfDay(ZoneOffset.UTC).toInstant();
            rows.add(billOnly(
                    period(start, start.plus(1, ChronoUnit.DAYS)),
                    bill.usd(),
                    bill.what(),
                    null,
                    bill.model().orElse(null)));
        }
        new TreeMap<>(billed.left()).forEach((cell, part) -> {
            String model = modelNames.getOrDefault(cell.modelId(), cell.modelId());
            rows.add(billOnly(periods.get(cell.bucket()), part.usd(), model, cell.modelId(), model));
        });
        return rows;
    }

    private String[] billOnly(Period period, BigDecimal usd, String what, String modelId, String model) {
        return cells(
                period,
                usd,
                usd.signum() < 0 ? "Credit" : "Usage",
                UNUSED.formatted(what),
                "0",
                "0",
                modelId,
                model == null ? null : Csv.harmless(model),
                "None",
                null,
                BilledCosts.Basis.BILL.wireName(),
                "0",
                "0",
                "0",
                "0",
                "0",
                "0");
    }

    @Override
    public Map<String, String> figures() {
        return Map.of("billedCostUsd", Figures.plain(billedTotal));
    }

    private String[] cells(
            Period period,
            BigDecimal billedUsd,
            String category,
            String description,
            String estimate,
            String quantity,
            String... own) {
        billedTotal = billedTotal.add(billedUsd);
        String[] cells = {
            Figures.plain(billedUsd),
            orgId,
            orgName,
            "USD",
            period.monthEnd(),
            period.monthStart(),
            category,
            null,
            description,
            period.end(),
            period.start(),
            estimate,
            estimate,
            provider,
            estimate,
            quantity,
            "Tokens",
            provider,
            provider,
            "AI and Machine Learning",
            "AI inference"
        };
        String[] all = Arrays.copyOf(cells, cells.length + own.length);
        System.arraycopy(own, 0, all, cells.length, own.length);
        return all;
    }
}
