package io.inference.analytics.usage;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** A page of ranked sums, with the totals that it is a part of: one statement, so that both are of the same moment. */
@ApplicationScoped
class BreakdownStore {

    private static final String RANKING =
            """
            with found as (%1$s), compared as (%2$s), ranked as (
                select *, %3$s as rank from found
            ), page as (
                select * from ranked
                where %4$s
                order by rank desc, key
                limit :limit
            )
            select false as total, page.key, page.rank, %5$s as name,
                   page.invocations, page.errors, page.input_tokens, page.output_tokens, page.cache_read_input_tokens,
                   page.cache_write_input_tokens, page.cost_cents, page.unpriced_invocations,
                   before.invocations as before_invocations, before.errors as before_errors,
                   before.input_tokens as before_input_tokens, before.output_tokens as before_output_tokens,
                   before.cache_read_input_tokens as before_cache_read_input_tokens,
                   before.cache_write_input_tokens as before_cache_write_input_tokens,
                   before.cost_cents as before_cost_cents, before.unpriced_invocations as before_unpriced_invocations
            from page left join compared as before on before.key = page.key
            union all
            select true, null, null, null, found.*, compared.*
            from (select %6$s from found) as found, (select %6$s from compared) as compared
            order by total, rank desc, key
            """;

    private static final String SUMS_BY_KEY =
            """
            select %1$s as key, sum(invocations) as invocations,
                   coalesce(sum(invocations) filter (where status <> 'success'), 0) as errors,
                   sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
                   sum(cache_read_input_tokens) as cache_read_input_tokens,
                   sum(cache_write_input_tokens) as cache_write_input_tokens,
                   sum(cost_estimate_cents) as cost_cents, sum(unpriced_invocations) as unpriced_invocations
            from (%2$s) as events
            group by 1
            """;

    private static final String TOTALS =
            """
            sum(invocations), sum(errors), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
            sum(cache_write_input_tokens), sum(cost_cents), sum(unpriced_invocations)""";

    /**
     * A row of the ranking, or the totals.
     *
     * @param key the place of the row, see {@link BreakdownKey#shown}; empty for events that have none
     * @param rank the figure it is ranked by; absent from totals
     * @param name what people call it
     * @param sums the figures
     * @param before those of the range to compare with
     */
    record Ranked(String key, Optional<BigDecimal> rank, Optional<String> name, UsageSums sums, UsageSums before) {}

    /**
     * What a query finds.
     *
     * @param rows one more than the limit if there is a further page
     * @param totals of all rows of all pages
     */
    record Found(List<Ranked> rows, Ranked totals) {}

    private final UserPrivacy privacy;
    private final BuiltSpans spans;
    private final Retention retention;

    BreakdownStore(UserPrivacy privacy, BuiltSpans spans, Retention retention) {
        this.privacy = privacy;
        this.spans = spans;
        this.retention = retention;
    }

    /**
     * A page of the ranking.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when it is about users and the organisation does not show them, or not
     *     next to metadata
     * @throws io.inference.analytics.platform.Failure.Invalid when it needs raw events that may be gone
     */
    Found read(Handle handle, UUID org, BreakdownQuery query) {
        String userId =
                query.isAboutUsers() ? privacy.shownId(handle, org, "user_id", query.isAboutMetadata()) : "user_id";
        UsageFilter filter = UsageFilter.of(org, query, userId);
        query.requireKept(retention);
        Optional<BuiltSpans.Asked> asked = query.readsRawEvents()
                ? Optional.empty()
                : BuiltSpans.asked(
                        org,
                        query.isAboutUsers(),
                        query.scope(),
                        Stream.concat(
                                query.compared().stream(),
                                Stream.of(query.scope().range())));
        return spans.read(handle, asked, built -> read(handle, query, filter, built));
    }

    private static Found read(Handle handle, BreakdownQuery query, UsageFilter filter, List<TimeRange> built) {
        try (Query select = handle.createQuery(sql(query, filter, built))) {
            bind(select, query, filter, built);
            List<Ranked> rows =
                    new ArrayList<>(select.map(BreakdownStore::ranked).list());
            Ranked totals = rows.remove(rows.size() - 1);
            return new Found(List.copyOf(rows), totals);
        }
    }

    private static String sql(BreakdownQuery query, UsageFilter filter, List<TimeRange> built) {
        String found = sums(query, filter, "found", query.scope().range(), built);
        String rank =
                switch (query.orderBy()) {
                    // What has no price ranks below what is free.
                    case COST -> "coalesce(cost_cents, -1)";
                    case INVOCATIONS -> "invocations";
                    case TOKENS -> "input_tokens + output_tokens";
                    case ERRORS -> "errors";
                    case ERROR_RATE -> "errors::numeric / invocations";
                };
        String name =
                switch (query.key().by()) {
                    case MODEL -> "(select models.name from analytics.models where model_id = page.key::uuid)";
                    case USER -> "(select users.name from analytics.users where user_id = nullif(page.key, '')::uuid)";
                    case CLIENT, STATUS, ERROR_CODE, METADATA -> "null::text";
                };
        return RANKING.formatted(
                found,
                query.compared()
                        .map(range -> sums(query, filter, "compared", range, built))
                        .orElse("select * from found where false"),
                rank,
                query.cursor().isPresent() ? "rank < :rank or (rank = :rank and key > :key)" : "true",
                name,
                TOTALS);
    }

    private static String sums(
            BreakdownQuery query, UsageFilter filter, String name, TimeRange range, List<TimeRange> built) {
        return SUMS_BY_KEY.formatted(
                query.key().sql(), slices(query, filter, name, range, built).sql());
    }

    private static RollupSlices slices(
            BreakdownQuery query, UsageFilter filter, String name, TimeRange range, List<TimeRange> built) {
        boolean byUser = query.key().by() == BreakdownBy.USER;
        return query.readsRawEvents()
                ? RollupSlices.ofRawEvents(name, range, filter, byUser)
                : RollupSlices.of(name, query.total(range), range, built, filter, byUser);
    }

    private static void bind(Query select, BreakdownQuery query, UsageFilter filter, List<TimeRange> built) {
        select.bind("limit", query.limit() + 1);
        slices(query, filter, "found", query.scope().range(), built).bind(select);
        query.compared().ifPresent(range -> slices(query, filter, "compared", range, built)
                .bind(select));
        filter.bind(select);
        query.key().metadataKey().ifPresent(key -> select.bind("metadata_key", key));
        query.cursor().ifPresent(last -> select.bind("rank", last.value()).bind("key", last.key()));
    }

    private static Ranked ranked(RowView row) {
        return new Ranked(
                Optional.ofNullable(row.getColumn("key", String.class)).orElse(""),
                Optional.ofNullable(row.getColumn("rank", BigDecimal.class)),
                Optional.ofNullable(row.getColumn("name", String.class)),
                sums(row, ""),
                sums(row, "before_"));
    }

    private static UsageSums sums(RowView row, String prefix) {
        if (row.getColumn(prefix + "invocations", BigDecimal.class) == null) {
            return UsageSums.NONE;
        }
        return new UsageSums(
                row.getColumn(prefix + "invocations", Long.class),
                row.getColumn(prefix + "errors", Long.class),
                row.getColumn(prefix + "input_tokens", BigDecimal.class).toBigIntegerExact(),
                row.getColumn(prefix + "output_tokens", BigDecimal.class).toBigIntegerExact(),
                row.getColumn(prefix + "cache_read_input_tokens", BigDecimal.class)
                        .toBigIntegerExact(),
                row.getColumn(prefix + "cache_write_input_tokens", BigDecimal.class)
                        .toBigIntegerExact(),
                Optional.ofNullable(row.getColumn(prefix + "cost_cents", BigDecimal.class)),
                row.getColumn(prefix + "unpriced_invocations", Long.class));
    }
}
