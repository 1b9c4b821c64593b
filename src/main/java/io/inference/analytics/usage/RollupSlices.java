package io.inference.analytics.usage;

import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Buckets.Slice;
import io.inference.analytics.series.Coverage;
import io.inference.analytics.series.CutHours;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.statement.Query;

/**
 * The rows that answer for a range, as a subquery: those of the rollups, and of the hours that they cannot tell apart a row per raw
 * event. Each event is in one of them, and a statement reads both in one snapshot. The rollups by user have many times the rows of
 * the others, so they answer only questions about users. What no rollup holds comes from the raw events of the whole range.
 *
 * @param name begins the names of its parameters, so that a statement may have several
 * @param coverage what answers for which part of the range
 * @param filter of whom
 * @param byUser whether rows are split by user
 * @param raw the whole range, where only raw events answer; then the coverage is empty
 * @param overShards whether several workers of flavour citus answer
 */
record RollupSlices(
        String name,
        Coverage coverage,
        UsageFilter filter,
        boolean byUser,
        Optional<TimeRange> raw,
        boolean overShards) {

    private static final String BUILT =
            """
            select span_start as bucket_start, org_id, model_id, client_id, %3$s status, invocations, unpriced_invocations, input_tokens,
                   output_tokens, cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from unnest(:%2$s_built_starts::timestamptz[], :%2$s_built_ends::timestamptz[]) as day (low, high)
            join analytics.%1$s on span_start = low and span_end = high
            where true
            """;

    private static final String SLICE =
            """
            select bucket_start, org_id, model_id, client_id, %3$s status, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from analytics.%1$s
            where bucket_start >= :%2$s_start%4$d and bucket_start < :%2$s_end%4$d
            """;

    private static final String NOT_CUT = "and bucket_start <> all (:%s_cut_hours::timestamptz[])\n";

    // An index look-up per part: OFFSET 0 keeps the planner from joining all raw events of the range. The outer bounds
    // exclude other days at once.
    private static final String EVENTS =
            """
            select occurred_at as bucket_start, org_id, model_id, client_id, %2$s status, 1, (cost_estimate_cents is null)::int,
                   input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from unnest(:%1$s_cut_starts::timestamptz[], :%1$s_cut_ends::timestamptz[]) as cut (low, high)
            cross join lateral (
                select *, actor_id as user_id from analytics.usage_events
                where occurred_at >= cut.low and occurred_at < cut.high%3$s
                  and occurred_at >= :%1$s_cuts_from and occurred_at < :%1$s_cuts_until
                offset 0
            ) as events
            where true
            """;

    /** The same over several workers, which cannot look up part by part. */
    private static final String EVENTS_OVER_SHARDS =
            """
            select occurred_at as bucket_start, org_id, model_id, client_id, %2$s status, 1, (cost_estimate_cents is null)::int,
                   input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cost_estimate_cents
            from unnest(:%1$s_cut_starts::timestamptz[], :%1$s_cut_ends::timestamptz[]) as cut (low, high)
            join (select *, actor_id as user_id from analytics.usage_events) as events
              on occurred_at >= cut.low and occurred_at < cut.high%3$s
            where occurred_at >= :%1$s_cuts_from and occurred_at < :%1$s_cuts_until
            """;

    private static final String RAW =
            """
            select occurred_at as bucket_start, org_id, model_id, client_id, %2$s status, error_code, metadata, 1 as invocations,
                   (cost_estimate_cents is null)::int as unpriced_invocations, input_tokens, output_tokens, cache_read_input_tokens,
                   cache_write_input_tokens, cost_estimate_cents
            from (select *, actor_id as user_id from analytics.usage_events) as events
            where occurred_at >= :%1$s_start and occurred_at < :%1$s_end
            """;

    /** @param built days of the range that are built */
    static RollupSlices of(
            String name, Buckets buckets, TimeRange range, List<TimeRange> built, UsageFilter filter, boolean byUser) {
        return filter.raw().isEmpty()
                ? new RollupSlices(name, Coverage.of(buckets, range, built), filter, byUser, Optional.empty(), false)
                : ofRawEvents(name, range, filter, byUser);
    }

    /** For a question that no rollup can answer. */
    static RollupSlices ofRawEvents(String name, TimeRange range, UsageFilter filter, boolean byUser) {
        Coverage none = new Coverage(List.of(), List.of(), new CutHours(List.of()));
        return new RollupSlices(name, none, filter, byUser, Optional.of(range), false);
    }

    /** The same, of all organisations, in flavour citus. */
    RollupSlices overAllShards() {
        return new RollupSlices(name, coverage, filter, byUser, raw, true);
    }

    String sql() {
        boolean users = byUser || !filter.users().isEmpty();
        String userId = users ? filter.userId() + " as user_id," : "";
        if (raw.isPresent()) {
            return RAW.formatted(name, userId) + filter.sql();
        }
        List<String> parts = new ArrayList<>();
        if (!coverage.built().isEmpty()) {
            parts.add(
                    BUILT.formatted(users ? "usage_user_local_days" : "usage_local_days", name, userId) + filter.sql());
        }
        List<Slice> slices = coverage.slices();
        CutHours cuts = coverage.cuts();
        for (int i = 0; i < slices.size(); i++) {
            String table =
                    switch (slices.get(i).rollup()) {
                        case HOURLY -> users ? "usage_user_hourly" : "usage_hourly";
                        case DAILY -> users ? "usage_user_daily" : "usage_daily";
                    };
            boolean cut = slices.get(i).rollup() == Buckets.Rollup.HOURLY && !cuts.isEmpty();
            parts.add(SLICE.formatted(table, name, userId, i) + (cut ? NOT_CUT.formatted(name) : "") + filter.sql());
        }
        if (!cuts.isEmpty()) {
            String org = filter.org().isEmpty() ? "" : " and org_id = :org";
            parts.add((overShards ? EVENTS_OVER_SHARDS : EVENTS).formatted(name, userId, org) + filter.sql());
        }
        return String.join("union all\n", parts);
    }

    /** Binds the edges of the slices; organisation and filter are parameters of the whole statement. */
    void bind(Query select) {
        raw.ifPresent(range -> select.bind(name + "_start", range.start()).bind(name + "_end", range.end()));
        if (!coverage.built().isEmpty()) {
            select.bindArray(
                            name + "_built_starts",
                            Instant.class,
                            coverage.built().stream().map(TimeRange::start).toList())
                    .bindArray(
                            name + "_built_ends",
                            Instant.class,
                            coverage.built().stream().map(TimeRange::end).toList());
        }
        List<Slice> slices = coverage.slices();
        for (int i = 0; i < slices.size(); i++) {
            TimeRange range = slices.get(i).range();
            select.bind(name + "_start" + i, range.start()).bind(name + "_end" + i, range.end());
        }
        CutHours cuts = coverage.cuts();
        if (!cuts.isEmpty()) {
            List<TimeRange> parts = cuts.parts();
            select.bindArray(name + "_cut_hours", Instant.class, cuts.hours())
                    .bindArray(name + "_cut_starts", Instant.class, cuts.starts())
                    .bindArray(name + "_cut_ends", Instant.class, cuts.ends())
                    .bind(name + "_cuts_from", parts.get(0).start())
                    .bind(name + "_cuts_until", parts.get(parts.size() - 1).end());
        }
    }
}
