package io.inference.analytics.usage;

import io.inference.analytics.series.Buckets.Slice;
import io.inference.analytics.series.TimeRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.statement.Query;

/**
 * The rows of the rollups that answer for a range, as a subquery.
 *
 * @param name begins the names of its parameters, so that a statement may have several
 * @param slices which rollup answers for which part of the range
 * @param models only these; empty means all
 * @param clients only these; empty means all
 */
record RollupSlices(String name, List<Slice> slices, Set<UUID> models, Set<String> clients) {

    private static final String SLICE =
            """
            select bucket_start, model_id, client_id, status, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from analytics.%1$s
            where org_id = :org and bucket_start >= :%2$s_start%3$d and bucket_start < :%2$s_end%3$d
            """;

    /** The conditions of both filters; those who use them call {@link #bindFilters}. */
    static String filters(Set<UUID> models, Set<String> clients) {
        return (models.isEmpty() ? "" : "and model_id = any (:models)\n")
                + (clients.isEmpty() ? "" : "and client_id = any (:clients)\n");
    }

    static void bindFilters(Query select, Set<UUID> models, Set<String> clients) {
        if (!models.isEmpty()) {
            select.bindArray("models", UUID.class, models);
        }
        if (!clients.isEmpty()) {
            select.bindArray("clients", String.class, clients);
        }
    }

    String sql() {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < slices.size(); i++) {
            String table =
                    switch (slices.get(i).rollup()) {
                        case HOURLY -> "usage_hourly";
                        case DAILY -> "usage_daily";
                    };
            parts.add(SLICE.formatted(table, name, i) + filters(models, clients));
        }
        return String.join("union all\n", parts);
    }

    /** Binds the edges of the slices; organisation and filters are parameters of the whole statement. */
    void bind(Query select) {
        for (int i = 0; i < slices.size(); i++) {
            TimeRange range = slices.get(i).range();
            select.bind(name + "_start" + i, range.start()).bind(name + "_end" + i, range.end());
        }
    }
}
