package io.inference.analytics.reliability;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.CutHours;
import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.SpanKind;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.usage.BuiltSpans;
import io.inference.analytics.usage.UserPrivacy;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.postgresql.PGStatement;

/**
 * Histograms of an organisation by the hour: from the rollups, and from raw events where users are asked for or where a bucket cuts
 * an hour. The database concatenates those of a group, which is cheap, and their bins are added up here.
 */
@ApplicationScoped
public class ReliabilityStore {

    /**
     * Rows fetched at once. A row holds the entries of all models and clients of its group: some
     * 200 KiB where the group is a whole busy organisation.
     */
    private static final int FETCH_SIZE_UNGROUPED = 64;

    private static final int FETCH_SIZE_GROUPED = 250;

    private static final String HISTOGRAMS =
            """
            select extract(epoch from bucket_start)::bigint as time, %1$sstatus,
                   string_agg(latency_bins, '') as latency_bins,
                   coalesce(string_agg(time_to_first_token_bins, ''), '') as time_to_first_token_bins
            from (%2$s) as histograms
            where true
            %3$sgroup by bucket_start, %1$sstatus
            order by bucket_start
            """;

    private static final String ROLLUP =
            """
            select bucket_start, model_id, client_id, status, latency_bins, time_to_first_token_bins
            from analytics.histograms_hourly
            where org_id = ? and bucket_start >= ? and bucket_start < ?
            """;

    private static final String BUILT =
            """
            select span_start as bucket_start, model_id, client_id, status, latency_bins, time_to_first_token_bins
            from unnest(?::timestamptz[], ?::timestamptz[]) as part (low, high)
            join analytics.histograms_local_parts on org_id = ? and span_start = low and span_end = high
            """;

    private static final String NOT_CUT = "and bucket_start <> all (?)\n";

    /**
     * Raw events in the form of rows of the rollup, each with one entry in its bags, at the time where its part of an hour begins.
     * An index look-up per part: OFFSET 0 keeps the planner from joining all raw events of the range.
     */
    private static final String EVENTS =
            """
            select (marks)[width_bucket(occurred_at, marks)] as bucket_start, model_id, client_id, %sstatus,
                   int8send(4096 | analytics.latency_bin(latency_ms)::bigint) as latency_bins,
                   int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint) as time_to_first_token_bins
            from (select ?::timestamptz[] as marks) as marked
            cross join lateral unnest(?::timestamptz[], ?::timestamptz[]) as cut (low, high)
            cross join lateral (
                select * from analytics.usage_events
                where org_id = ? and occurred_at >= cut.low and occurred_at < cut.high and occurred_at >= ? and occurred_at < ?
                offset 0
            ) as events
            """;

    private final SpikeRule rule;
    private final UserPrivacy privacy;
    private final BuiltSpans spans;
    private final Retention retention;

    ReliabilityStore(SpikeRule rule, UserPrivacy privacy, BuiltSpans spans, Retention retention) {
        this.rule = rule;
        this.privacy = privacy;
        this.spans = spans;
        this.retention = retention;
    }

    /**
     * What a query finds.
     *
     * @param points by bucket and then by group
     * @param totals everything together
     */
    record Found(List<ReliabilityRow> points, Stats totals) {}

    /**
     * The points of a query. Read by hand: bags of bins are the bulk of an answer, and each is read
     * once, in binary.
     *
     * @throws io.inference.analytics.platform.Failure.Forbidden when they are about users and the
     *     organisation does not show them
     * @throws io.inference.analytics.platform.Failure.Invalid when they need raw events that may be gone
     */
    Found read(Handle handle, UUID org, ReliabilityQuery query) throws SQLException {
        BucketTallies tallies = new BucketTallies(query.scope(), rule);
        CutHours cuts = cuts(query);
        if (!query.readsRawEvents()) {
            cuts.requireKept(retention, query.scope().now());
        }
        String user = query.readsRawEvents() ? privacy.shownId(handle, org, "actor_id") : "";
        spans.read(handle, asked(org, query, cuts), built -> {
            Parts parts = new Parts(cuts.hours(), built, cuts.without(built));
            String sql = sql(query, parts, user);
            // Rows come in portions only within a transaction.
            handle.useTransaction(transaction -> gather(transaction.getConnection(), org, query, parts, sql, tallies));
            return built;
        });
        return new Found(tallies.points(), tallies.totals());
    }

    /**
     * Where the parts of hours come from that are not whole.
     *
     * @param hours what the rollup must leave out
     * @param built parts that are built
     * @param events parts that come from raw events
     */
    private record Parts(List<Instant> hours, List<TimeRange> built, CutHours events) {}

    private static CutHours cuts(ReliabilityQuery query) {
        TimeRange fed = BucketTallies.fed(query.scope());
        List<Instant> edges = BucketTallies.edges(query.scope());
        return query.readsRawEvents()
                ? CutHours.all(fed)
                : CutHours.of(fed, edges).splitAt(edges);
    }

    private static Optional<BuiltSpans.Asked> asked(UUID org, ReliabilityQuery query, CutHours cuts) {
        return query.readsRawEvents()
                ? Optional.empty()
                : Optional.of(new BuiltSpans.Asked(
                        org,
                        SpanKind.HISTOGRAMS,
                        query.scope().zone(),
                        cuts.parts(),
                        cuts.starts().stream().findFirst()));
    }

    private static void gather(
            Connection connection, UUID org, ReliabilityQuery query, Parts parts, String sql, BucketTallies tallies)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            // Binary from the first execution on: bytes as text are twice as long.
            select.unwrap(PGStatement.class).setPrepareThreshold(-1);
            select.setFetchSize(query.groupBy().isEmpty() ? FETCH_SIZE_UNGROUPED : FETCH_SIZE_GROUPED);
            bind(select, org, query, parts);
            try (ResultSet rows = select.executeQuery()) {
                gather(rows, query, tallies);
            }
        }
    }

    /** @param user the SQL of a user's id; empty where the rollup answers */
    private static String sql(ReliabilityQuery query, Parts parts, String user) {
        List<String> sources = new ArrayList<>();
        if (user.isEmpty()) {
            sources.add(parts.hours().isEmpty() ? ROLLUP : ROLLUP + NOT_CUT);
        }
        if (!parts.built().isEmpty()) {
            sources.add(BUILT);
        }
        if (!parts.events().isEmpty()) {
            sources.add(EVENTS.formatted(user.isEmpty() ? "" : "coalesce(" + user + "::text, '') as user_id, "));
        }
        StringBuilder groups = new StringBuilder();
        for (ReliabilityGroupBy group : query.groupBy()) {
            groups.append(column(group)).append(", ");
        }
        String filters = (query.scope().models().isEmpty() ? "" : "and model_id = any (?)\n")
                + (query.scope().clients().isEmpty() ? "" : "and client_id = any (?)\n")
                + (query.users().isEmpty() ? "" : "and user_id = any (?)\n");
        return HISTOGRAMS.formatted(groups, String.join("union all\n", sources), filters);
    }

    private static String column(ReliabilityGroupBy group) {
        return switch (group) {
            case MODEL -> "model_id";
            case CLIENT -> "client_id";
            case USER -> "user_id";
        };
    }

    private static void bind(PreparedStatement select, UUID org, ReliabilityQuery query, Parts parts)
            throws SQLException {
        SeriesScope scope = query.scope();
        TimeRange fed = BucketTallies.fed(scope);
        Connection connection = select.getConnection();
        List<Object> values = new ArrayList<>();
        if (!query.readsRawEvents()) {
            values.addAll(List.of(org, time(fed.start()), time(fed.end())));
            if (!parts.hours().isEmpty()) {
                values.add(times(connection, parts.hours()));
            }
        }
        if (!parts.built().isEmpty()) {
            values.addAll(List.of(
                    times(
                            connection,
                            parts.built().stream().map(TimeRange::start).toList()),
                    times(connection, parts.built().stream().map(TimeRange::end).toList()),
                    org));
        }
        CutHours cuts = parts.events();
        if (!cuts.isEmpty()) {
            List<Instant> marks = Stream.concat(cuts.starts().stream(), BucketTallies.edges(scope).stream())
                    .distinct()
                    .sorted()
                    .toList();
            values.addAll(List.of(
                    times(connection, marks),
                    times(connection, cuts.starts()),
                    times(connection, cuts.ends()),
                    org,
                    time(cuts.starts().get(0)),
                    time(cuts.ends().get(cuts.ends().size() - 1))));
        }
        if (!scope.models().isEmpty()) {
            values.add(connection.createArrayOf("uuid", scope.models().toArray()));
        }
        if (!scope.clients().isEmpty()) {
            values.add(connection.createArrayOf("text", scope.clients().toArray()));
        }
        if (!query.users().isEmpty()) {
            values.add(connection.createArrayOf(
                    "text", query.users().stream().map(UUID::toString).toArray()));
        }
        for (int i = 0; i < values.size(); i++) {
            select.setObject(i + 1, values.get(i));
        }
    }

    private static OffsetDateTime time(Instant time) {
        return time.atOffset(ZoneOffset.UTC);
    }

    private static Array times(Connection connection, List<Instant> times) throws SQLException {
        return connection.createArrayOf(
                "timestamptz", times.stream().map(Instant::toString).toArray());
    }

    private static void gather(ResultSet rows, ReliabilityQuery query, BucketTallies tallies) throws SQLException {
        boolean byModel = query.groupBy().contains(ReliabilityGroupBy.MODEL);
        boolean byClient = query.groupBy().contains(ReliabilityGroupBy.CLIENT);
        boolean byUser = query.groupBy().contains(ReliabilityGroupBy.USER);
        while (rows.next()) {
            tallies.add(
                    Instant.ofEpochSecond(rows.getLong("time")),
                    new SeriesGroup(
                            Optional.empty(),
                            byModel ? Optional.of(rows.getObject("model_id", UUID.class)) : Optional.empty(),
                            byClient ? Optional.of(rows.getString("client_id")) : Optional.empty(),
                            byUser ? Optional.of(rows.getString("user_id")) : Optional.empty(),
                            Optional.empty()),
                    rows.getString("status"),
                    rows.getBytes("latency_bins"),
                    rows.getBytes("time_to_first_token_bins"));
        }
    }
}
