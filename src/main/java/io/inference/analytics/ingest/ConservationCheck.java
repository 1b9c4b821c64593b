package io.inference.analytics.ingest;

import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Whether everything that was received is accounted for: received = outcomes; the stream's offsets are complete; what the batches
 * say was stored is in {@code usage_events}; the hourly rollups add up to it.
 *
 * <p>It looks at one snapshot, so ingest and rollups go on meanwhile. Hours that the rollup worker still has to refresh are left
 * out. Of data that retention may have dropped nothing is expected.
 *
 * <p>Cost: without a range it reads all raw events.
 */
@ApplicationScoped
public class ConservationCheck {

    /**
     * One comparison.
     *
     * @param gap events (for offsets: messages) that are missing or too many, never set off against each other
     * @param firstGap where the first of them is; empty without a gap
     */
    public record Comparison(String name, long expected, long found, long gap, Optional<String> firstGap) {}

    /** What was found; sums are over the batches of the range. */
    public record Conservation(
            long batches,
            long received,
            long stored,
            long duplicates,
            long conflicts,
            long deadLettered,
            List<Comparison> comparisons) {

        /** 0 when everything is accounted for. */
        public long gap() {
            return comparisons.stream().mapToLong(Comparison::gap).sum();
        }
    }

    /** How long {@link #recent} counts rows, at most; without an index by time that reads a whole day's partition. */
    static final int COUNT_TIMEOUT_SECONDS = 10;

    private static final String SNAPSHOT = "set transaction isolation level repeatable read, read only; "
            + "set local statement_timeout = '55min'; set local timezone = 'UTC'";
    private static final String COUNT_TIMEOUT = "set local statement_timeout = '" + COUNT_TIMEOUT_SECONDS + "s'";
    private static final String QUERY_CANCELED = "57014";

    private static final String RANGE = "committed_at >= coalesce(?, '-infinity'::timestamptz) "
            + "and committed_at < coalesce(?, 'infinity'::timestamptz)";

    private static final String OUTCOMES =
            """
            select count(*), coalesce(sum(received), 0), coalesce(sum(stored), 0), coalesce(sum(duplicates), 0),
                   coalesce(sum(conflicts), 0), coalesce(sum(dead_lettered), 0),
                   coalesce(sum(abs(received::bigint - stored - duplicates - conflicts - dead_lettered)), 0),
                   'batch ' || min(batch_id) filter (where received <> stored + duplicates + conflicts + dead_lettered)
            from analytics.ingestion_batches
            where %s
            """
                    .formatted(RANGE);

    // The batches of the range say between which offsets to look; what fills that space may have been committed at any
    // time.
    // Up to now, the space ends at the position; else with the last batch of the range.
    private static final String OFFSETS =
            """
            with batch as (
                select first_offset, last_offset from analytics.ingestion_batches
                where kind = 'live' and first_offset is not null and %s),
            position as (
                select max(next_offset) as next_offset from analytics.ingestion_positions where transport = 'stream'),
            space as (
                select coalesce(min(first_offset), (select next_offset from position)) as low, max(last_offset) + 1 as reached,
                       case when ?::timestamptz is null then (select next_offset from position) else max(last_offset) + 1 end as high
                from batch),
            piece as (
                select first_offset, last_offset from analytics.ingestion_batches
                where kind = 'live' and last_offset >= (select low from space) and first_offset < (select high from space)
                union all
                select first_offset, last_offset from analytics.ingestion_skipped_offsets
                where last_offset >= (select low from space) and first_offset < (select high from space)
                union all
                select high, high from space where high is not null),
            step as (
                select first_offset, last_offset,
                       coalesce(max(last_offset) over (order by first_offset, last_offset
                                                       rows between unbounded preceding and 1 preceding),
                                (select low - 1 from space)) as before
                from piece)
            select coalesce((select high - low from space), 0),
                   coalesce(sum(greatest(first_offset - before - 1, 0)), 0)::bigint,
                   coalesce(sum(greatest(least(last_offset, before) - first_offset + 1, 0)), 0)::bigint
                       + coalesce((select greatest(reached - high, 0) from space), 0),
                   'offset ' || min(least(first_offset, before + 1)) filter (where first_offset <> before + 1)
            from step
            """
                    .formatted(RANGE);

    private static final String ROWS =
            """
            with batch as (
                select batch_id, stored, first_event_at, last_event_at from analytics.ingestion_batches
                where stored > 0 and first_event_at >= ? and %s),
            event as (
                select batch_id, count(*) as found from analytics.usage_events
                where occurred_at >= (select min(first_event_at) from batch)
                  and occurred_at <= (select max(last_event_at) from batch)
                group by batch_id)
            select coalesce(sum(stored), 0), coalesce(sum(found), 0)::bigint,
                   coalesce(sum(abs(stored - coalesce(found, 0))), 0)::bigint,
                   'batch ' || min(batch_id) filter (where stored <> coalesce(found, 0))
            from batch left join event using (batch_id)
            """
                    .formatted(RANGE);

    private static final String ROLLUPS =
            """
            with hours as (
                select date_trunc('hour', min(greatest(first_event_at, ?))) as low,
                       date_trunc('hour', max(last_event_at)) + interval '1 hour' as high
                from analytics.ingestion_batches
                where stored > 0 and last_event_at >= ? and %s),
            pending as (
                select array(select unnest(hours) from analytics.rollup_outbox) as hours),
            event as (
                select date_trunc('hour', occurred_at) as bucket_start, count(*) as found from analytics.usage_events
                where occurred_at >= (select low from hours) and occurred_at < (select high from hours)
                group by 1),
            rollup as (
                select bucket_start, sum(invocations) as found from analytics.usage_hourly
                where bucket_start >= (select low from hours) and bucket_start < (select high from hours)
                group by 1)
            select coalesce(sum(event.found), 0)::bigint, coalesce(sum(rollup.found), 0)::bigint,
                   coalesce(sum(abs(coalesce(event.found, 0) - coalesce(rollup.found, 0))), 0)::bigint,
                   to_char(min(bucket_start) filter (where coalesce(event.found, 0) <> coalesce(rollup.found, 0)),
                           'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            from event full join rollup using (bucket_start)
            where bucket_start <> all ((select hours from pending)::timestamptz[])
            """
                    .formatted(RANGE);

    private final DataSource dataSource;
    private final Retention retention;
    private final Clock clock;

    ConservationCheck(DataSource dataSource, Retention retention, Clock clock) {
        this.dataSource = dataSource;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Checks the batches committed in [from, to); an absent end is open.
     *
     * <p>A gap is looked at a second time: in flavour timescale a refresh that commits between snapshot and query can look like one.
     */
    public Conservation run(Optional<Instant> from, Optional<Instant> to) throws SQLException {
        Conservation first = look(from, to);
        return first.gap() == 0 ? first : look(from, to);
    }

    /**
     * The cheap half of the check: the books of the batches committed since {@code from}; and the rows and hours of those of them
     * that hold nothing older, if they can be counted in time.
     */
    List<Comparison> recent(Instant from) throws SQLException {
        List<Comparison> first = lookAtRecent(from);
        return first.stream().allMatch(comparison -> comparison.gap() == 0) ? first : lookAtRecent(from);
    }

    private List<Comparison> lookAtRecent(Instant from) throws SQLException {
        OffsetDateTime low = UsageEventStore.utc(from);
        List<Comparison> comparisons = new ArrayList<>();
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute(SNAPSHOT);
                statement.execute(COUNT_TIMEOUT);
                comparisons.add(offsets(connection, low, null));
                comparisons.add(comparison(connection, "rows of the batches", ROWS, low, low, null));
                comparisons.add(comparison(connection, "sums of the hourly rollups", ROLLUPS, low, low, low, null));
            } catch (SQLException e) {
                if (!QUERY_CANCELED.equals(e.getSQLState())) {
                    throw e;
                }
            } finally {
                connection.rollback();
            }
        }
        return comparisons;
    }

    private Conservation look(Optional<Instant> from, Optional<Instant> to) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(SNAPSHOT);
                }
                return compare(connection, from, to);
            } finally {
                connection.rollback();
            }
        }
    }

    private Conservation compare(Connection connection, Optional<Instant> from, Optional<Instant> to)
            throws SQLException {
        OffsetDateTime low = from.map(UsageEventStore::utc).orElse(null);
        OffsetDateTime high = to.map(UsageEventStore::utc).orElse(null);
        Instant now = clock.instant();
        OffsetDateTime raw = Retention.availableFrom(now, retention.raw()).atOffset(ZoneOffset.UTC);
        OffsetDateTime rollups =
                Retention.availableFrom(now, retention.rollups()).atOffset(ZoneOffset.UTC);
        OffsetDateTime both = raw.isAfter(rollups) ? raw : rollups;
        Comparison offsets = offsets(connection, low, high);
        Comparison rows = comparison(connection, "rows of the batches", ROWS, raw, low, high);
        Comparison sums = comparison(connection, "sums of the hourly rollups", ROLLUPS, both, both, low, high);
        try (PreparedStatement statement = prepare(connection, OUTCOMES, low, high);
                ResultSet row = statement.executeQuery()) {
            row.next();
            long outcomes = row.getLong(3) + row.getLong(4) + row.getLong(5) + row.getLong(6);
            Comparison received = new Comparison(
                    "outcomes of what was received",
                    row.getLong(2),
                    outcomes,
                    row.getLong(7),
                    Optional.ofNullable(row.getString(8)));
            return new Conservation(
                    row.getLong(1),
                    row.getLong(2),
                    row.getLong(3),
                    row.getLong(4),
                    row.getLong(5),
                    row.getLong(6),
                    List.of(received, offsets, rows, sums));
        }
    }

    private static Comparison offsets(Connection connection, OffsetDateTime low, OffsetDateTime high)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, OFFSETS, low, high, high);
                ResultSet row = statement.executeQuery()) {
            row.next();
            long space = row.getLong(1);
            long missing = row.getLong(2);
            long doubled = row.getLong(3);
            return new Comparison(
                    "offsets of the stream",
                    space,
                    space - missing + doubled,
                    missing + doubled,
                    Optional.ofNullable(row.getString(4)));
        }
    }

    private static Comparison comparison(Connection connection, String name, String sql, OffsetDateTime... parameters)
            throws SQLException {
        try (PreparedStatement statement = prepare(connection, sql, parameters);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new Comparison(
                    name, row.getLong(1), row.getLong(2), row.getLong(3), Optional.ofNullable(row.getString(4)));
        }
    }

    private static PreparedStatement prepare(Connection connection, String sql, OffsetDateTime... parameters)
            throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(i + 1, parameters[i], Types.TIMESTAMP_WITH_TIMEZONE);
        }
        return statement;
    }
}
