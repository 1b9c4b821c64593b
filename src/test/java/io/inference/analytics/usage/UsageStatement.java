package io.inference.analytics.usage;

import io.inference.analytics.series.Buckets.Slice;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The statement that the usage API sends, for measuring it without the service. */
public final class UsageStatement {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private UsageStatement() {}

    /**
     * The statement with its values in their places.
     *
     * @param org an SQL expression of the organisation's id
     */
    public static String of(String org, Instant start, Instant end, String granularity) {
        UsageQuery query = UsageQuery.parse(
                Map.of(
                        "start", List.of(start.toString()),
                        "end", List.of(end.toString()),
                        "granularity", List.of(granularity)),
                NOW);
        List<Slice> slices = query.buckets().slices(query.range());
        String starts =
                query.buckets().starts().stream().map(Instant::toString).collect(Collectors.joining(",", "'{", "}'"));
        String sql = UsageStore.sql(query, UsageStore.slices(Optional.of(new UUID(0, 0)), query, List.of(), "user_id"))
                .replace(":starts::", starts + "::")
                .replace(":org", org);
        for (int i = 0; i < slices.size(); i++) {
            sql = sql.replace(":range_start" + i, "'" + slices.get(i).range().start() + "'")
                    .replace(":range_end" + i, "'" + slices.get(i).range().end() + "'");
        }
        return sql;
    }
}
