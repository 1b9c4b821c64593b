package io.inference.analytics.usage;

import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** Sums of the rollups by bucket and group. */
@ApplicationScoped
public class UsageStore {

    /** Bounds the memory of an answer (some 300 bytes a point); more is a matter for exports. */
    static final int POINTS_MAX = 100_000;

    // Buckets are numbered from 1 by width_bucket; their edges come from java.time, which knows the zones' rules.
    private static final String SUMS =
            """
            select width_bucket(bucket_start, :starts::timestamptz[]) as bucket, %1$s
                   sum(invocations) as invocations,
                   coalesce(sum(invocations) filter (where status <> 'success'), 0) as errors,
                   sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
                   sum(cache_read_input_tokens) as cache_read_input_tokens,
                   sum(cache_write_input_tokens) as cache_write_input_tokens,
                   sum(cost_estimate_cents) as cost_cents, sum(unpriced_invocations) as unpriced_invocations
            from (%2$s) as slices
            group by %3$s
            order by %4$s
            limit %5$d
            """;

    private final UserPrivacy privacy;
    private final BuiltSpans spans;
    private final Retention retention;
    private final StorageFlavour.Found flavour;

    UsageStore(UserPrivacy privacy, BuiltSpans spans, Retention retention, StorageFlavour.Found flavour) {
        this.flavour = flavour;
        this.privacy = privacy;
        this.spans = spans;
        this.retention = retention;
    }

    /**
     * The points of a query, by bucket and then by group.
     *
     * @throws Failure.Forbidden when it is about users and the organisation does not show them, or not next to metadata
     * @throws Failure.Invalid when it needs raw events that may be gone
     */
    public List<UsageRow> read(Handle handle, UUID org, UsageQuery query) {
        String userId = query.isAboutUsers()
                ? privacy.shownId(handle, org, "user_id", query.raw().isAboutMetadata())
                : "user_id";
        return read(handle, query, Optional.of(org), userId);
    }

    /**
     * The same where the query names users by their true ids, whatever the organisation shows. The caller shows the figures only
     * where figures by user may be shown.
     */
    public List<UsageRow> readOfUsers(Handle handle, UUID org, UsageQuery query) {
        return read(handle, query, Optional.of(org), "user_id");
    }

    /** The same of all organisations; the query is not about users. */
    List<UsageRow> readAcrossOrgs(Handle handle, UsageQuery query) {
        return read(handle, query, Optional.empty(), "user_id");
    }

    private List<UsageRow> read(Handle handle, UsageQuery query, Optional<UUID> org, String userId) {
        requireKept(query);
        return spans.read(
                handle,
                org.flatMap(known -> asked(known, query)),
                built -> read(handle, query, ofNodes(org, slices(org, query, built, userId))));
    }

    private RollupSlices ofNodes(Optional<UUID> org, RollupSlices slices) {
        return org.isEmpty() && flavour.flavour() == StorageFlavour.CITUS ? slices.overAllShards() : slices;
    }

    private static Optional<BuiltSpans.Asked> asked(UUID org, UsageQuery query) {
        return query.raw().isEmpty()
                ? BuiltSpans.asked(org, query.isAboutUsers(), query.scope(), Stream.of(query.range()))
                : Optional.empty();
    }

    private static List<UsageRow> read(Handle handle, UsageQuery query, RollupSlices slices) {
        try (Query select = handle.createQuery(sql(query, slices))) {
            bind(select, query, slices);
            List<UsageRow> points =
                    select.map(row -> point(row, query.groupBy())).list();
            if (points.size() > POINTS_MAX) {
                throw tooManyPoints();
            }
            return points;
        }
    }

    /**
     * Refuses a query that needs raw events that may be gone.
     *
     * @throws Failure.Invalid when they may be gone
     */
    public void requireKept(UsageQuery query) {
        query.raw()
                .asked()
                .ifPresentOrElse(asked -> query.scope().requireRawEvents(retention, asked), () -> query.buckets()
                        .cuts(query.range())
                        .requireKept(retention, query.scope().now()));
    }

    static RollupSlices slices(Optional<UUID> org, UsageQuery query, List<TimeRange> built, String userId) {
        return RollupSlices.of(
                "range",
                query.buckets(),
                query.range(),
                built,
                UsageFilter.of(org, query, userId),
                query.groupBy().contains(GroupBy.USER));
    }

    static String sql(UsageQuery query, RollupSlices slices) {
        StringBuilder selected = new StringBuilder();
        StringBuilder grouped = new StringBuilder("bucket");
        StringBuilder ordered = new StringBuilder("bucket");
        for (GroupBy group : query.groupBy()) {
            selected.append(column(group)).append(", ");
            grouped.append(", ").append(column(group));
            ordered.append(", ").append(column(group)).append(" nulls first");
        }
        return SUMS.formatted(selected, slices.sql(), grouped, ordered, POINTS_MAX + 1);
    }

    private static String column(GroupBy group) {
        return switch (group) {
            case ORG -> "org_id";
            case MODEL -> "model_id";
            case CLIENT -> "client_id collate \"C\"";
            case USER -> "user_id";
            case STATUS -> "status collate \"C\"";
        };
    }

    private static void bind(Query select, UsageQuery query, RollupSlices slices) {
        select.bindArray("starts", Instant.class, query.buckets().starts());
        slices.bind(select);
        slices.filter().bind(select);
    }

    private static UsageRow point(RowView row, Set<GroupBy> groupBy) {
        SeriesGroup group = new SeriesGroup(
                groupBy.contains(GroupBy.ORG) ? Optional.of(row.getColumn("org_id", UUID.class)) : Optional.empty(),
                groupBy.contains(GroupBy.MODEL) ? Optional.of(row.getColumn("model_id", UUID.class)) : Optional.empty(),
                groupBy.contains(GroupBy.CLIENT)
                        ? Optional.of(row.getColumn("client_id", String.class))
                        : Optional.empty(),
                groupBy.contains(GroupBy.USER)
                        ? Optional.of(Optional.ofNullable(row.getColumn("user_id", UUID.class))
                                .map(UUID::toString)
                                .orElse(""))
                        : Optional.empty(),
                groupBy.contains(GroupBy.STATUS)
                        ? Optional.of(row.getColumn("status", String.class))
                        : Optional.empty());
        return new UsageRow(
                row.getColumn("bucket", Integer.class) - 1,
                group,
                new UsageSums(
                        row.getColumn("invocations", Long.class),
                        row.getColumn("errors", Long.class),
                        row.getColumn("input_tokens", BigDecimal.class).toBigIntegerExact(),
                        row.getColumn("output_tokens", BigDecimal.class).toBigIntegerExact(),
                        row.getColumn("cache_read_input_tokens", BigDecimal.class)
                                .toBigIntegerExact(),
                        row.getColumn("cache_write_input_tokens", BigDecimal.class)
                                .toBigIntegerExact(),
                        Optional.ofNullable(row.getColumn("cost_cents", BigDecimal.class)),
                        row.getColumn("unpriced_invocations", Long.class)));
    }

    static Failure.Invalid tooManyPoints() {
        return new Failure.Invalid(
                "groupBy",
                "groupBy: more than " + POINTS_MAX
                        + " points (expected: a shorter range, a coarser granularity or fewer groups; exports have no such limit)");
    }
}
