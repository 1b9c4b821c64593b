package io.inference.analytics.company;

import io.inference.analytics.company.ReconciliationSum.Billed;
import io.inference.analytics.company.ReconciliationSum.Estimated;
import io.inference.analytics.company.ReconciliationSum.Tier;
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

    /** Tokens of audio are parts of OpenAI's counts, so their costs are in the same kinds. */
    private static final String BILLED =
            """
            select reported.*, coalesce(alias.provider_model, reported.billed_model) as model
            from (
            select usage_date as day, 'anthropic' as provider, platform, model as billed_model, service_tier, context_window,
                   coalesce(sum(uncached_input_tokens), 0) as tokens_0, coalesce(sum(output_tokens), 0) as tokens_1,
                   coalesce(sum(cache_read_input_tokens), 0) as tokens_2,
                   coalesce(sum(cache_creation_5m_tokens + cache_creation_1h_tokens), 0) as tokens_3,
                   coalesce(sum(input_token_cost_usd), 0) as cost_0, coalesce(sum(output_token_cost_usd), 0) as cost_1,
                   coalesce(sum(cache_read_cost_usd), 0) as cost_2, coalesce(sum(cache_write_cost_usd), 0) as cost_3,
                   coalesce(sum(web_search_cost_usd + other_cost_usd), 0) as other, coalesce(sum(subscription_cost_usd), 0) as fixed
            from analytics.fact_claude_daily_usage
            where usage_date >= :first and usage_date < :end and data_source in ('cost_report', 'usage_report', 'manual_subscription')
            group by usage_date, platform, model, service_tier, context_window
            union all
            select cost_date, 'cursor', 'cursor', model, null, null, 0, 0, 0, 0, 0, 0, 0, 0,
                   coalesce(sum(amount_usd) filter (where cost_category <> 'subscription'), 0),
                   coalesce(sum(amount_usd) filter (where cost_category = 'subscription'), 0)
            from analytics.vw_combined_daily_costs where provider = 'cursor' and cost_date >= :first and cost_date < :end
            group by cost_date, model
            union all
            select day, 'openai', 'openai_api', model, service_tier, context_window, coalesce(sum(input), 0), coalesce(sum(output), 0),
                   coalesce(sum(cache_read), 0), coalesce(sum(cache_write), 0), coalesce(sum(usd) filter (where kind = 'input'), 0),
                   coalesce(sum(usd) filter (where kind = 'output'), 0), coalesce(sum(usd) filter (where kind = 'cache_read'), 0),
                   coalesce(sum(usd) filter (where kind = 'cache_write'), 0), coalesce(sum(usd) filter (where kind is null), 0), 0
            from (select activity_date as day, model, case batch when 'true' then 'batch' else service_tier end as service_tier,
                         null as context_window, uncached_input_tokens as input, output_tokens as output,
                         cache_read_input_tokens as cache_read, cache_write_input_tokens as cache_write, null as kind, null::numeric as usd
                  from analytics.openai_usage_report where activity_date >= :first and activity_date < :end
                  union all
                  select c.activity_date, item.model, item.service_tier, item.context_window, null, null, null, null,
                         substring(item.token_type from '(?:^| )(input|output|cache_read|cache_write)$'), c.amount_usd
                  from analytics.openai_costs c cross join lateral analytics.openai_line_item(c.line_item) item
                  where c.activity_date >= :first and c.activity_date < :end) reports
            group by day, model, service_tier, context_window) reported
            left join analytics.provider_model_alias alias on alias.provider = reported.provider and alias.alias = reported.billed_model
            """;

    /**
     * In a partly unpriced row, the share of unpriced tokens is taken to be that of invocations. Sums come before names and prices, so
     * flavour citus adds up where the rows are.
     */
    private static final String ESTIMATED =
            """
            with usage as materialized (
                select bucket_start, model_id, sum(invocations) as invocations, sum(unpriced_invocations) as unpriced,
                       sum(input_tokens - cache_read_input_tokens - cache_write_input_tokens) as tokens_0,
                       sum(output_tokens) as tokens_1, sum(cache_read_input_tokens) as tokens_2,
                       sum(cache_write_input_tokens) as tokens_3,
                       sum((input_tokens - cache_read_input_tokens - cache_write_input_tokens)
                           * unpriced_invocations / invocations) as unpriced_0,
                       sum(output_tokens * unpriced_invocations / invocations) as unpriced_1,
                       sum(cache_read_input_tokens * unpriced_invocations / invocations) as unpriced_2,
                       sum(cache_write_input_tokens * unpriced_invocations / invocations) as unpriced_3,
                       sum(%1$s * (input_tokens - cache_read_input_tokens - cache_write_input_tokens)) as listed_0,
                       sum(%1$s * output_tokens) as listed_1, sum(%1$s * cache_read_input_tokens) as listed_2,
                       sum(%1$s * (cache_write_input_tokens - cache_write_1h_input_tokens)) as listed_5m,
                       sum(%1$s * cache_write_1h_input_tokens) as listed_1h,
                       sum(cost_estimate_cents) as cents
                from analytics.usage_daily
                where bucket_start >= :start and bucket_start < :end
                group by bucket_start, model_id)
            select (usage.bucket_start at time zone 'UTC')::date as day,
                   coalesce(named.provider, known.provider, 'unmapped') as provider,
                   coalesce(alias.provider_model, named.provider_model, models.name, usage.model_id::text) as model,
                   sum(usage.invocations) as invocations, sum(usage.unpriced) as unpriced,
                   sum(tokens_0) as tokens_0, sum(tokens_1) as tokens_1, sum(tokens_2) as tokens_2, sum(tokens_3) as tokens_3,
                   sum(unpriced_0) as unpriced_0, sum(unpriced_1) as unpriced_1, sum(unpriced_2) as unpriced_2,
                   sum(unpriced_3) as unpriced_3,
                   coalesce(sum(listed_0 * price.input_usd), 0) as listed_0,
                   coalesce(sum(listed_1 * price.output_usd), 0) as listed_1,
                   coalesce(sum(listed_2 * price.cache_read_usd), 0) as listed_2,
                   coalesce(sum(listed_5m * coalesce(price.cache_write_5m_usd, 0)
                                + listed_1h * coalesce(price.cache_write_1h_usd, 0)), 0) as listed_3,
                   coalesce(sum(usage.cents), 0) * 0.01 as cost
            from usage
            left join lateral analytics.price_at(usage.model_id, usage.bucket_start) price on true
            left join analytics.models on models.model_id = usage.model_id
            left join lateral (select provider, provider_model from analytics.provider_model
                               where model_id = usage.model_id order by provider limit 1) named on true
            left join (select model, min(provider) as provider
                       from (select model, 'anthropic' as provider from analytics.claude_costs
                             union select model, 'openai' from analytics.openai_usage_report) reported
                       group by model) known on known.model = models.name
            left join analytics.provider_model_alias alias on alias.provider = coalesce(named.provider, known.provider)
                                                          and alias.alias = coalesce(named.provider_model, models.name)
            group by 1, 2, 3
            """
                    .formatted("0.000001 * (invocations - unpriced_invocations) / invocations");

    /** The service's own events come from calls of the API. */
    private static final Map<String, String> PLATFORM_OF_EVENTS =
            Map.of("anthropic", "claude_api", "cursor", "cursor", "openai", "openai_api");

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
                .collectRows(Collectors.groupingBy(
                        row -> cell(row, row.getColumn("platform", String.class)),
                        Collectors.collectingAndThen(
                                Collectors.mapping(ReconciliationStore::tier, Collectors.toList()), Billed::of)));
    }

    private static Tier tier(RowView row) {
        return new Tier(
                Optional.ofNullable(row.getColumn("service_tier", String.class)),
                Optional.ofNullable(row.getColumn("context_window", String.class)),
                bill(row));
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
                kinds(row, "listed"),
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
