package io.inference.analytics.attribution;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Workspaces and keys that have costs and no mapping, and billed models whose name nearly is one of
 * this service's, from {@link #from} on. The bound keeps the list as fast in its tenth year as in its
 * second.
 */
@ApplicationScoped
public class UnmappedCosts {

    private static final String LIST =
            """
            select kind, null as provider, id, name, first_date, last_date, amount_usd, count(*) over () as total
            from analytics.provider_unmapped
            order by amount_usd desc, kind, id
            limit :max
            """;

    /**
     * A bill often has a dated name, such as claude-x-20250929 or gpt-5-2025-08-07, where events have the alias. Names are near if they
     * are equal without date and spelling. A line item of OpenAI is taken apart once, not once per day: that took nine tenths of the time.
     */
    private static final String NEAR =
            """
            with billed as (
                select provider, model, min(first_date) as first_date, max(last_date) as last_date, sum(amount_usd) as amount_usd,
                       regexp_replace(regexp_replace(lower(model), '[^a-z0-9]+', '-', 'g'), '-(latest|20[0-9]{2}-?[0-9]{2}-?[0-9]{2})$', '') as stem
                from (select analytics.provider_of(provider) as provider, model, cost_date as first_date, cost_date as last_date, amount_usd
                      from analytics.vw_combined_daily_costs
                      where provider <> 'openai_api' and model is not null and cost_date >= (select analytics.mapping_todo_from())
                      union all
                      select 'openai', item.model, c.first_date, c.last_date, c.amount_usd
                      from (select line_item, min(activity_date) as first_date, max(activity_date) as last_date, sum(amount_usd) as amount_usd
                            from analytics.openai_costs where activity_date >= (select analytics.mapping_todo_from()) group by line_item) c
                      cross join lateral analytics.openai_line_item(c.line_item) item
                      where item.model is not null) bills
                group by 1, 2
            ), ours as (
                select named.provider, coalesce(named.provider_model, models.name) as model, models.name,
                       regexp_replace(regexp_replace(lower(coalesce(named.provider_model, models.name)), '[^a-z0-9]+', '-', 'g'),
                                      '-(latest|20[0-9]{2}-?[0-9]{2}-?[0-9]{2})$', '') as stem
                from analytics.models left join analytics.provider_model named on named.model_id = models.model_id
            )
            select 'model' as kind, billed.provider, billed.model as id, string_agg(distinct ours.name, ', ') as name, first_date, last_date, amount_usd,
                   count(*) over () as total
            from billed join ours on ours.stem = billed.stem and coalesce(ours.provider, billed.provider) = billed.provider
            where not exists (select from ours same
                              where same.model = billed.model and coalesce(same.provider, billed.provider) = billed.provider)
              and not exists (select from analytics.provider_model_alias alias
                              join ours same on same.model = alias.provider_model and coalesce(same.provider, alias.provider) = alias.provider
                              where alias.provider = billed.provider and alias.alias = billed.model)
            group by billed.provider, billed.model, first_date, last_date, amount_usd
            order by amount_usd desc, id
            limit :max
            """;

    /**
     * A workspace, a key or a model.
     *
     * @param kind workspace, key or model
     * @param provider of a model: the one that bills it
     * @param name of a model: those of this service that are near
     * @param first the first day with costs
     * @param last the last day with costs
     */
    public record Unmapped(
            String kind,
            Optional<String> provider,
            String id,
            Optional<String> name,
            LocalDate first,
            LocalDate last,
            BigDecimal amountUsd) {}

    private final Jdbi jdbi;

    public UnmappedCosts(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** The first day that is looked at: 400 days before the newest import, and none before the first import. */
    public Optional<LocalDate> from(Handle handle) {
        return handle.createQuery("select analytics.mapping_todo_from()")
                .mapTo(LocalDate.class)
                .findOne();
    }

    /**
     * The most expensive of a list.
     *
     * @param total how many there are in all
     */
    public record Part(List<Unmapped> entries, int total) {}

    /** Workspaces and keys, the most expensive first. */
    public List<Unmapped> list() {
        return jdbi.withHandle(handle -> list(handle, Integer.MAX_VALUE).entries());
    }

    /** The same, on a connection of the caller, and only so many. */
    public Part list(Handle handle, int max) {
        return part(handle, LIST, max);
    }

    /** Billed models without events, because the events' models have other names. */
    public List<Unmapped> nearModels() {
        return jdbi.withHandle(handle -> nearModels(handle, Integer.MAX_VALUE).entries());
    }

    /** The same, on a connection of the caller, and only so many. */
    public Part nearModels(Handle handle, int max) {
        return part(handle, NEAR, max);
    }

    private static Part part(Handle handle, String sql, int max) {
        AtomicInteger total = new AtomicInteger();
        List<Unmapped> entries = handle.createQuery(sql)
                .bind("max", max)
                .map(row -> {
                    total.set(row.getColumn("total", Integer.class));
                    return new Unmapped(
                            row.getColumn("kind", String.class),
                            Optional.ofNullable(row.getColumn("provider", String.class)),
                            row.getColumn("id", String.class),
                            Optional.ofNullable(row.getColumn("name", String.class)),
                            row.getColumn("first_date", LocalDate.class),
                            row.getColumn("last_date", LocalDate.class),
                            row.getColumn("amount_usd", BigDecimal.class));
                })
                .list();
        return new Part(entries, total.get());
    }
}
