package io.inference.analytics.company;

import io.inference.analytics.company.ReconciliationSum.Billed;
import io.inference.analytics.company.ReconciliationSum.Estimated;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Reads bills and rollups by day, platform and model, and lays them side by side. */
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
            where usage_date >= ? and usage_date < ? and data_source in ('cost_report', 'usage_report', 'manual_subscription')
            group by usage_date, platform, model
            union all
            select cost_date, 'cursor', 'cursor', model, 0, 0, 0, 0, 0, 0, 0, 0,
                   coalesce(sum(amount_usd) filter (where cost_category <> 'subscription'), 0),
                   coalesce(sum(amount_usd) filter (where cost_category = 'subscription'), 0)
            from analytics.vw_combined_daily_costs where provider = 'cursor' and cost_date >= ? and cost_date < ?
            group by cost_date, model
            """;

    /** Of rows that are partly unpriced, the tokens are taken to be so in proportion to the invocations. */
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
            where usage.bucket_start >= ? and usage.bucket_start < ?
            group by 1, 2, 3
            """;

    /** Our events go through the interface for programs. */
    private static final Map<String, String> PLATFORM_OF_EVENTS = Map.of("anthropic", "claude_api", "cursor", "cursor");

    private record Cell(LocalDate day, String provider, String platform, String model) {}

    Reconciliation read(Connection connection, CompanyQuery query) throws SQLException {
        Map<Cell, Billed> billed = billed(connection, query);
        Map<Cell, Estimated> estimated = estimated(connection, query);
        Set<Cell> cells = new java.util.HashSet<>(billed.keySet());
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
                Finality.read(connection, query));
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

    private static Map<Cell, Billed> billed(Connection connection, CompanyQuery query) throws SQLException {
        Map<Cell, Billed> billed = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(BILLED)) {
            for (int i = 1; i <= 3; i += 2) {
                select.setObject(i, query.first());
                select.setObject(i + 1, query.end());
            }
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    billed.put(
                            new Cell(
                                    row.getObject("day", LocalDate.class),
                                    row.getString("provider"),
                                    row.getString("platform"),
                                    row.getString("model")),
                            new Billed(
                                    kinds(row, "tokens"),
                                    kinds(row, "cost"),
                                    row.getBigDecimal("other"),
                                    row.getBigDecimal("fixed")));
                }
            }
        }
        return billed;
    }

    private static Map<Cell, Estimated> estimated(Connection connection, CompanyQuery query) throws SQLException {
        Map<Cell, Estimated> estimated = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(ESTIMATED)) {
            select.setObject(1, query.range().start().atOffset(ZoneOffset.UTC));
            select.setObject(2, query.range().end().atOffset(ZoneOffset.UTC));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    String provider = Objects.requireNonNull(row.getString("provider"));
                    estimated.put(
                            new Cell(
                                    row.getObject("day", LocalDate.class),
                                    provider,
                                    PLATFORM_OF_EVENTS.get(provider),
                                    row.getString("model")),
                            new Estimated(
                                    row.getLong("invocations"),
                                    row.getLong("unpriced"),
                                    kinds(row, "tokens"),
                                    kinds(row, "unpriced"),
                                    row.getBigDecimal("cost"),
                                    !provider.equals("unmapped")));
                }
            }
        }
        return estimated;
    }

    private static BigDecimal[] kinds(ResultSet row, String prefix) throws SQLException {
        BigDecimal[] kinds = new BigDecimal[ReconciliationSum.KINDS];
        for (int kind = 0; kind < kinds.length; kind++) {
            kinds[kind] = row.getBigDecimal(prefix + "_" + kind);
        }
        return kinds;
    }
}
