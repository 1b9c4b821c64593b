package io.inference.analytics.usage;

import io.inference.analytics.series.Buckets.Slice;
import io.inference.analytics.series.TimeRange;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.statement.Query;

/**
 * The rows of the rollups that answer for a range, as a subquery. The rollups by user have many times the rows of the others, so
 * they answer only questions about users.
 *
 * @param name begins the names of its parameters, so that a statement may have several
 * @param slices which rollup answers for which part of the range
 * @param filter of whom
 * @param byUser whether rows are split by user
 */
record RollupSlices(String name, List<Slice> slices, UsageFilter filter, boolean byUser) {

    private static final String SLICE =
            """
            select bucket_start, model_id, client_id, %3$s status, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from analytics.%1$s
            where org_id = :org and bucket_start >= :%2$s_start%4$d and bucket_start < :%2$s_end%4$d
            """;

    String sql() {
        boolean users = byUser || !filter.users().isEmpty();
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < slices.size(); i++) {
            String table =
                    switch (slices.get(i).rollup()) {
                        case HOURLY -> users ? "usage_user_hourly" : "usage_hourly";
                        case DAILY -> users ? "usage_user_daily" : "usage_daily";
                    };
            parts.add(SLICE.formatted(table, name, users ? filter.userId() + " as user_id," : "", i) + filter.sql());
        }
        return String.join("union all\n", parts);
    }

    /** Binds the edges of the slices; organisation and filter are parameters of the whole statement. */
    void bind(Query select) {
        for (int i = 0; i < slices.size(); i++) {
            TimeRange range = slices.get(i).range();
            select.bind(name + "_start" + i, range.start()).bind(name + "_end" + i, range.end());
        }
    }
}
