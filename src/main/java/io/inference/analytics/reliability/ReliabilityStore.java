package io.inference.analytics.reliability;

import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.UserPrivacy;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.postgresql.PGStatement;

/**
 * Hourly histograms of an organisation, from the rollups, or from raw events where users are asked for. The database concatenates those of a group, which is cheap,
 * and their bins are added up here.
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
            select extract(epoch from bucket_start)::bigint as hour, %sstatus,
                   string_agg(latency_bins, '') as latency_bins,
                   coalesce(string_agg(time_to_first_token_bins, ''), '') as time_to_first_token_bins
            from %s
            %sgroup by bucket_start, %sstatus
            order by bucket_start
            """;

    private static final String ROLLUP =
            """
            analytics.histograms_hourly
            where org_id = ? and bucket_start >= ? and bucket_start < ?
            """;

    /** Raw events in the form of rows of the rollup, each with one entry in its bags. */
    private static final String RAW =
            """
            (select *, coalesce(%1$s::text, '') as user_id, date_trunc('hour', occurred_at, 'UTC') as bucket_start,
                    int8send(4096 | analytics.latency_bin(latency_ms)::bigint) as latency_bins,
                    int8send(4096 | analytics.latency_bin(time_to_first_token_ms)::bigint) as time_to_first_token_bins
             from analytics.usage_events
             where org_id = ? and occurred_at >= ? and occurred_at < ?) as events
            where true
            """;

    private final SpikeRule rule;
    private final UserPrivacy privacy;

    ReliabilityStore(SpikeRule rule, UserPrivacy privacy) {
        this.rule = rule;
        this.privacy = privacy;
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
     */
    Found read(Handle handle, UUID org, ReliabilityQuery query) throws SQLException {
        BucketTallies tallies = new BucketTallies(query.scope(), rule);
        String source = query.readsRawEvents() ? RAW.formatted(privacy.shownId(handle, org, "actor_id")) : ROLLUP;
        // Rows come in portions only within a transaction.
        handle.useTransaction(transaction -> gather(transaction.getConnection(), org, query, source, tallies));
        return new Found(tallies.points(), tallies.totals());
    }

    private static void gather(
            Connection connection, UUID org, ReliabilityQuery query, String source, BucketTallies tallies)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql(query, source))) {
            // Binary from the first execution on: bytes as text are twice as long.
            select.unwrap(PGStatement.class).setPrepareThreshold(-1);
            select.setFetchSize(query.groupBy().isEmpty() ? FETCH_SIZE_UNGROUPED : FETCH_SIZE_GROUPED);
            bind(select, org, query);
            try (ResultSet rows = select.executeQuery()) {
                gather(rows, query, tallies);
            }
        }
    }

    private static String sql(ReliabilityQuery query, String source) {
        StringBuilder groups = new StringBuilder();
        for (ReliabilityGroupBy group : query.groupBy()) {
            groups.append(column(group)).append(", ");
        }
        String filters = (query.scope().models().isEmpty() ? "" : "and model_id = any (?)\n")
                + (query.scope().clients().isEmpty() ? "" : "and client_id = any (?)\n")
                + (query.users().isEmpty() ? "" : "and user_id = any (?)\n");
        return HISTOGRAMS.formatted(groups, source, filters, groups);
    }

    private static String column(ReliabilityGroupBy group) {
        return switch (group) {
            case MODEL -> "model_id";
            case CLIENT -> "client_id";
            case USER -> "user_id";
        };
    }

    private static void bind(PreparedStatement select, UUID org, ReliabilityQuery query) throws SQLException {
        SeriesScope scope = query.scope();
        Connection connection = select.getConnection();
        int index = 1;
        select.setObject(index++, org);
        select.setObject(
                index++, BucketTallies.firstHour(scope).atOffset(ZoneOffset.UTC), Types.TIMESTAMP_WITH_TIMEZONE);
        select.setObject(index++, scope.range().end().atOffset(ZoneOffset.UTC), Types.TIMESTAMP_WITH_TIMEZONE);
        if (!scope.models().isEmpty()) {
            select.setArray(
                    index++, connection.createArrayOf("uuid", scope.models().toArray()));
        }
        if (!scope.clients().isEmpty()) {
            select.setArray(
                    index++, connection.createArrayOf("text", scope.clients().toArray()));
        }
        if (!query.users().isEmpty()) {
            select.setArray(
                    index,
                    connection.createArrayOf(
                            "text", query.users().stream().map(UUID::toString).toArray()));
        }
    }

    private static void gather(ResultSet rows, ReliabilityQuery query, BucketTallies tallies) throws SQLException {
        boolean byModel = query.groupBy().contains(ReliabilityGroupBy.MODEL);
        boolean byClient = query.groupBy().contains(ReliabilityGroupBy.CLIENT);
        boolean byUser = query.groupBy().contains(ReliabilityGroupBy.USER);
        while (rows.next()) {
            tallies.add(
                    Instant.ofEpochSecond(rows.getLong("hour")),
                    new SeriesGroup(
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
