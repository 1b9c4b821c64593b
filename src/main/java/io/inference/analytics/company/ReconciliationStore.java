package io.inference.analytics.company;

import io.inference.analytics.company.ReconciliationSum.Billed;
import io.inference.analytics.company.ReconciliationSum.Estimated;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** Reads bills and rollups by day, platform and model, and compares them. */
@ApplicationScoped
class ReconciliationStore {

    private static final String BILLED =
            """
            select usage_date as day, 'anthropic' as provider, platform, model,
                   coalesce(sum(uncached_input_tokens), 0) as tokens_0, coalesce(sum(output_tokens), 0) as tokens_1,
                   coalesce(sum(cache_read_input_tokens), 0) as tokens_2,
                   coalesce(sum(cache_creation_5m_tokens + cache_creation_1h_tokens), 0) as tokens_3,
                   coalesce(sum(input_token_cost_usd), 0) as cost_0, coalesce(sum(output_token_cost_usd), 0) as cost_1,
                   coalesce(sum(cache_read_cost_usd), 0) as cost_2, coalesce(sum(cache_write_cost_usd), 0) as cost_3,
                   coalesce(sum(web_search_cost_usd + other_cost_usd), 0) as other, coalesce(sum(subscription_cost_usd), 0) as fixed
            from analytics.fact_claude_daily_usage
            where usage_date >= :first and usage_date < :end and data_source in ('cost_report', 'usage_report', 'manual_subscription')
            group by usage_date, platform, model
            union all
            select cost_date, 'cursor', 'cursor', model, 0, 0, 0, 0, 0, 0, 0, 0,
                   coalesce(sum(amount_usd) filter (where cost_category <> 'subscription'), 0),
                   coalesce(sum(amount_usd) filter (where cost_category = 'subscription'), 0)
            from analytics.vw_combined_daily_costs where provider = 'cursor' and cost_date >= :first and cost_date < :end
            group by cost_date, model
            """;

    /**
     * In a partly unpriced row, the share of unpriced tokens is taken to be that of invocations.
     */
    private static final String ESTIMATED =
            """
            select (usage.bucket_start at time zone 'UTC')::date as day,
                   coalesce(named.provider, case when known.model is not null then 'anthropic' else 'unmapped' end) as provider,
                   coalesce(named.provider_model, models.name, usage.model_id::text) as model,
                   sum(usage.invocations) as invocations, sum(usage.unpriced_invocations) as unpriced,
                   sum(usage.input_tokens - usage.cache_read_input_tokens - usage.cache_write_input_tokens) as tokens_0,
                   sum(usage.output_tokens) as tokens_1, sum(usage.cache_read_input_tokens) as tokens_2,
                   sum(usage.cache_write_input_tokens) as tokens_3,
                   sum((usage.input_tokens - usage.cache_read_input_tokens - usage.cache_write_input_tokens)
                       * usage.unpriced_invocations / usage.invocations) as unpriced_0,
                   sum(usage.output_tokens * usage.unpriced_invocations / usage.invocations) as unpriced_1,
                   sum(usage.cache_read_input_tokens * usage.unpriced_invocations / usage.invocations) as unpriced_2,
                   sum(usage.cache_write_input_tokens * usage.unpriced_invocations / usage.invocations) as unpriced_3,
                   coalesce(sum(usage.cost_estimate_cents), 0) * 0.01 as cost
            from analytics.usage_daily usage
            left join analytics.models on models.model_id = usage.model_id
            left join lateral (select provider, provider_model from analytics.provider_model
                               where model_id = usage.model_id order by provider limit 1) named on true
            left join (select distinct model from analytics.claude_costs) known on known.model = models.name
            where usage.bucket_start >= :start and usage.bucket_start < :end
            group by 1, 2, 3
            """;

    /** The service's own events come from calls of the API. */
    private static final Map<String, String> PLATFORM_OF_EVENTS = Map.of("anthropic", "claude_api", "cursor", "cursor");

    private record Cell(LocalDate day, String provider, String platform, String model) {}

    Reconciliation read(Handle handle, CompanyQuery query) {
        Map<Cell, Billed> billed = billed(handle, query);
        Map<Cell, Estimated> estimated = estimated(handle, query);
        Set<Cell> cells = new HashSet<>(billed.keySet());
        cells.addAll(estimated.keySet());
        Map<Cell, ReconciliationSum> groups = new TreeMap<>(Comparator.comparing(Cell::day)
                .thenComparing(Cell::provider)
                .thenComparing(Cell::platform, Comparator.nullsLast(Comparator.naturalOrder()))
                .thenComparing(Cell::model, Comparator.nullsLast(Comparator.naturalOrder())));
        ReconciliationSum total = new ReconciliationSum();
        for (Cell cell : cells) {
            ReconciliationSum sum = ReconciliationSum.of(
                    billed.getOrDefault(cell, Billed.none()), estimated.getOrDefault(cell, Estimated.none()));
            total.add(sum);
            groups.computeIfAbsent(grouped(cell, query.groupBy()), any -> new ReconciliationSum())
                    .add(sum);
        }
        List<Reconciliation.Row> rows = new ArrayList<>();
        groups.forEach((cell, sum) -> rows.add(new Reconciliation.Row(key(cell, query.groupBy()), sum.figures())));
        return new Reconciliation(
                query.range().start(),
                query.range().end(),
                query.groupBy().stream().map(CompanyGroup::wireName).toList(),
                rows,
                total.figures(),
                Finality.read(handle, query));
    }

    private static Cell grouped(Cell cell, Set<CompanyGroup> by) {
        return new Cell(
                by.contains(CompanyGroup.DAY) ? cell.day() : LocalDate.EPOCH,
                by.contains(CompanyGroup.PROVIDER) ? cell.provider() : "",
                by.contains(CompanyGroup.PLATFORM) ? cell.platform() : null,
                by.contains(CompanyGroup.MODEL) ? cell.model() : null);
    }

    private static Reconciliation.Key key(Cell cell, Set<CompanyGroup> by) {
        return new Reconciliation.Key(
                by.contains(CompanyGroup.DAY) ? Optional.of(cell.day()) : null,
                by.contains(CompanyGroup.PROVIDER) ? Optional.of(cell.provider()) : null,
                by.contains(CompanyGroup.PLATFORM) ? Optional.ofNullable(cell.platform()) : null,
                by.contains(CompanyGroup.MODEL) ? Optional.ofNullable(cell.model()) : null);
    }

    private static Map<Cell, Billed> billed(Handle handle, CompanyQuery query) {
        return handle.createQuery(BILLED)
                .bind("first", query.first())
                .bind("end", query.end())
                .collectRows(Collectors.toMap(
                        row -> cell(row, row.getColumn("platform", String.class)), ReconciliationStore::bill));
    }

    private static Billed bill(RowView row) {
        return new Billed(
                kinds(row, "tokens"),
                kinds(row, "cost"),
                row.getColumn("other", BigDecimal.class),
                row.getColumn("fixed", BigDecimal.class));
    }

    private static Map<Cell, Estimated> estimated(Handle handle, CompanyQuery query) {
        return handle.createQuery(ESTIMATED)
                .bind("start", query.range().start())
                .bind("end", query.range().end())
                .collectRows(Collectors.toMap(
                        row -> cell(row, PLATFORM_OF_EVENTS.get(row.getColumn("provider", String.class))),
                        ReconciliationStore::estimate));
    }

    private static Estimated estimate(RowView row) {
        return new Estimated(
                row.getColumn("invocations", Long.class),
                row.getColumn("unpriced", Long.class),
                kinds(row, "tokens"),
                kinds(row, "unpriced"),
                row.getColumn("cost", BigDecimal.class),
                !row.getColumn("provider", String.class).equals("unmapped"));
    }

    private static Cell cell(RowView row, String platform) {
        return new Cell(
                row.getColumn("day", LocalDate.class),
                row.getColumn("provider", String.class),
                platform,
                row.getColumn("model", String.class));
    }

    private static BigDecimal[] kinds(RowView row, String prefix) {
        BigDecimal[] kinds = new BigDecimal[ReconciliationSum.KINDS];
        for (int kind = 0; kind < kinds.length; kind++) {
            kinds[kind] = row.getColumn(prefix + "_" + kind, BigDecimal.class);
        }
        return kinds;
    }
}
