package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/**
 * Whether everything that was received is accounted for: received = outcomes; the stream's offsets are complete, and it has lost
 * no message; what the batches say was stored is in {@code usage_events}; the hourly rollups add up to it,
 * in events, tokens and cost.
 *
 * <p>It looks at one snapshot, so ingest and rollups go on meanwhile. It leaves out hours that the rollup worker still has to
 * refresh, and expects nothing of data that retention may have dropped.
 *
 * <p>Cost: without a range it reads all raw events.
 */
@ApplicationScoped
public class ConservationCheck {

    /**
     * One comparison.
     *
     * @param gap events (for offsets: messages; for tokens and cost: hours) that are missing, too many or different, never set off
     *     against each other
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

    /**
     * What was found in the batches of a while.
     *
     * @param complete whether everything was compared; else the database took too long for what is not in the list
     */
    record Recent(List<Comparison> comparisons, boolean complete) {

        long gap() {
            return comparisons.stream().mapToLong(Comparison::gap).sum();
        }
    }

    /** How long {@link #recent} counts rows, at most; without an index by time that reads a whole day's partition. */
    static final int COUNT_TIMEOUT_SECONDS = 10;

    // Flavour citus: one connection per worker, and so one snapshot of it.
    private static final String SNAPSHOT = "set local citus.propagate_set_commands = 'local'; "
            + "set local citus.max_adaptive_executor_pool_size = 1; set transaction isolation level repeatable read, read only; "
            + "set local statement_timeout = '55min'; set local timezone = 'UTC'";
    private static final String ALONE = "set local citus.propagate_set_commands = 'local'; "
            + "set transaction isolation level read committed; set local lock_timeout = '30s'; "
            + "select analytics.enter_lane_alone()";
    private static final String TOUCH = "select count(*) from analytics.ingest_guard";
    private static final String COUNT_TIMEOUT = "set local statement_timeout = '" + COUNT_TIMEOUT_SECONDS + "s'";

    private static final String RANGE = "committed_at >= coalesce(:from, '-infinity'::timestamptz) "
            + "and committed_at < coalesce(:to, 'infinity'::timestamptz)";

    private static final String OUTCOMES =
            """
            select count(*) as batches, coalesce(sum(received), 0) as received, coalesce(sum(stored), 0) as stored,
                   coalesce(sum(duplicates), 0) as duplicates, coalesce(sum(conflicts), 0) as conflicts,
                   coalesce(sum(dead_lettered), 0) as dead_lettered,
                   coalesce(sum(abs(received::bigint - stored - duplicates - conflicts - dead_lettered)), 0) as gap,
                   'batch ' || min(batch_id) filter (where received <> stored + duplicates + conflicts + dead_lettered) as first_gap
            from analytics.ingestion_batches
            where %s
            """
                    .formatted(RANGE);

    // The batches of the range say between which offsets to look; what fills that space may have been committed at any
    // time. Without an end of the range, the space ends at the position; else with the last batch of the range. Of what
    // lies before the space, only the last batch can reach into it; so history is not read.
    private static final String OFFSETS =
            """
            with batch as (
                select first_offset, last_offset from analytics.ingestion_batches
                where kind = 'live' and first_offset >= :first and first_offset < :end and %s),
            position as (
                select max(next_offset) as next_offset from analytics.ingestion_positions where transport = :source),
            space as (
                select coalesce(min(first_offset), (select next_offset from position)) as low, max(last_offset) + 1 as reached,
                       case when :to::timestamptz is null then (select next_offset from position) else max(last_offset) + 1 end as high
                from batch),
            piece as (
                select first_offset, last_offset from analytics.ingestion_batches
                where kind = 'live' and first_offset >= (select low from space) and first_offset < (select high from space)
                union all
                select first_offset, last_offset from analytics.ingestion_skipped_offsets
                where first_offset >= (select low from space) and first_offset < (select high from space)
                union all
                select first_offset, last_offset from (
                    select first_offset, last_offset from analytics.ingestion_batches
                    where kind = 'live' and first_offset < (select low from space) and first_offset >= :first order by first_offset desc limit 1) as earlier
                where last_offset >= (select low from space)
                union all
                select high, high from space where high is not null),
            step as (
                select first_offset, last_offset,
                       coalesce(max(last_offset) over (order by first_offset, last_offset
                                                       rows between unbounded preceding and 1 preceding),
                                (select low - 1 from space)) as before
                from piece),
            found as (
                select coalesce((select high - low from space), 0) as expected,
                       coalesce(sum(greatest(first_offset - before - 1, 0)), 0)::bigint as missing,
                       coalesce(sum(greatest(least(last_offset, before) - first_offset + 1, 0)), 0)::bigint
                           + coalesce((select greatest(reached - high, 0) from space), 0) as doubled,
                       'offset ' || min(least(first_offset, before + 1)) filter (where first_offset <> before + 1) as first_gap
                from step)
            select expected, expected - missing + doubled as found, missing + doubled as gap, first_gap from found
            """
                    .formatted(RANGE);

    private static final String PARTITIONS =
            "select transport from analytics.ingestion_positions where transport like 'stream-%' order by transport";

    private static final String LOST =
            """
            select 0 as expected, coalesce(sum(last_offset - first_offset + 1), 0)::bigint as found,
                   coalesce(sum(last_offset - first_offset + 1), 0)::bigint as gap,
                   'offset ' || min(first_offset) as first_gap
            from analytics.ingestion_skipped_offsets
            where cause = 'retention' and recorded_at >= coalesce(:from, '-infinity'::timestamptz)
              and recorded_at < coalesce(:to, 'infinity'::timestamptz)
            """;

    private static final String ROWS =
            """
            with batch as (
                select batch_id, stored, first_event_at, last_event_at from analytics.ingestion_batches
                where stored > 0 and first_event_at >= :available and %s),
            event as (
                select batch_id, count(*) as found from analytics.usage_events
                where occurred_at >= (select min(first_event_at) from batch)
                  and occurred_at <= (select max(last_event_at) from batch)
                group by batch_id)
            select coalesce(sum(stored), 0) as expected, coalesce(sum(found), 0)::bigint as found,
                   coalesce(sum(abs(stored - coalesce(found, 0))), 0)::bigint as gap,
                   'batch ' || min(batch_id) filter (where stored <> coalesce(found, 0)) as first_gap
            from batch left join event using (batch_id)
            """
                    .formatted(RANGE);

    private static final String TOKENS_AND_COST =
            """
            array[sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens), sum(cache_write_input_tokens),
                  sum(cache_write_1h_input_tokens), coalesce(sum(cost_estimate_cents), 0)]""";

    private static final String ROLLUPS =
            """
            with hours as (
                select date_trunc('hour', min(greatest(first_event_at, :available))) as low,
                       date_trunc('hour', max(last_event_at)) + interval '1 hour' as high
                from analytics.ingestion_batches
                where stored > 0 and last_event_at >= :available and %s),
            pending as (
                select array(select unnest(hours) from analytics.rollup_outbox) as hours),
            event as (
                select date_trunc('hour', occurred_at) as bucket_start, count(*) as found, %s as sums
                from analytics.usage_events
                where occurred_at >= (select low from hours) and occurred_at < (select high from hours)
                group by 1),
            rollup as (
                select bucket_start, sum(invocations) as found, %s as sums
                from analytics.usage_hourly
                where bucket_start >= (select low from hours) and bucket_start < (select high from hours)
                group by 1),
            hour as (
                select bucket_start, coalesce(event.found, 0) as events, coalesce(rollup.found, 0) as rolled_up,
                       event.sums is distinct from rollup.sums as differs
                from event full join rollup using (bucket_start)
                where bucket_start <> all ((select hours from pending)::timestamptz[]))
            select coalesce(sum(events), 0)::bigint as expected, coalesce(sum(rolled_up), 0)::bigint as found,
                   coalesce(sum(abs(events - rolled_up)), 0)::bigint as gap,
                   to_char(min(bucket_start) filter (where events <> rolled_up), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as first_gap,
                   count(*) as hours, count(*) filter (where differs) as hours_differing,
                   to_char(min(bucket_start) filter (where differs), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as first_differing
            from hour
            """
                    .formatted(RANGE, TOKENS_AND_COST, TOKENS_AND_COST);

    private final Jdbi jdbi;
    private final StorageFlavour.Found flavour;
    private final Retention retention;
    private final Clock clock;

    ConservationCheck(Jdbi jdbi, StorageFlavour.Found flavour, Retention retention, Clock clock) {
        this.jdbi = jdbi;
        this.flavour = flavour;
        this.retention = retention;
        this.clock = clock;
    }

    /** When the batches to look at were committed: [from, to); an absent end is open. */
    private record Range(Optional<Instant> from, Optional<Instant> to) {

        Query bind(Query query) {
            return query.bindByType("from", from.orElse(null), Instant.class)
                    .bindByType("to", to.orElse(null), Instant.class);
        }
    }

    /**
     * Checks the batches committed in [from, to); an absent end is open.
     *
     * <p>A gap is looked at a second time: in flavour timescale a refresh that commits between snapshot and query can look like one, in
     * flavour citus a batch that the coordinator shows before its worker does.
     */
    public Conservation run(Optional<Instant> from, Optional<Instant> to) {
        Range range = new Range(from, to);
        Conservation first = look(range, false);
        return first.gap() == 0 ? first : look(range, true);
    }

    /**
     * The cheap half of the check: the books of the batches committed since {@code from}; and the rows and hours of those of them
     * that hold nothing older, if they can be counted in time.
     */
    Recent recent(Instant from) {
        Recent first = lookAtRecent(from, false);
        return first.gap() == 0 ? first : lookAtRecent(from, true);
    }

    private Recent lookAtRecent(Instant from, boolean alone) {
        Range range = new Range(Optional.of(from), Optional.empty());
        List<Comparison> comparisons = new ArrayList<>();
        try {
            jdbi.useTransaction(handle -> {
                takeSnapshot(handle, alone);
                handle.execute(COUNT_TIMEOUT);
                comparisons.add(offsets(handle, range));
                comparisons.add(rows(handle, range, from));
                comparisons.addAll(sums(handle, range, from));
            });
        } catch (JdbiException e) {
            if (!SqlState.is(e, SqlState.QUERY_CANCELED)) {
                throw e;
            }
            return new Recent(comparisons, false);
        }
        return new Recent(comparisons, true);
    }

    private Conservation look(Range range, boolean alone) {
        return jdbi.inTransaction(handle -> {
            takeSnapshot(handle, alone);
            return compare(handle, range);
        });
    }

    /**
     * Begins the snapshot.
     *
     * @param alone in flavour citus, makes coordinator and workers begin it between two batches
     */
    private void takeSnapshot(Handle handle, boolean alone) {
        handle.execute(SNAPSHOT);
        if (!alone || flavour.flavour() != StorageFlavour.CITUS) {
            return;
        }
        jdbi.useTransaction(holding -> {
            holding.execute(ALONE);
            handle.createQuery(TOUCH).mapTo(Long.class).one();
        });
    }

    private Conservation compare(Handle handle, Range range) {
        Instant now = clock.instant();
        Instant raw = Retention.availableFrom(now, retention.raw());
        Instant rollups = Retention.availableFrom(now, retention.rollups());
        Comparison offsets = offsets(handle, range);
        Comparison lost = comparison("messages lost by the stream", range.bind(handle.createQuery(LOST)));
        Comparison rows = rows(handle, range, raw);
        List<Comparison> others = new ArrayList<>(List.of(offsets, lost, rows));
        others.addAll(sums(handle, range, raw.isAfter(rollups) ? raw : rollups));
        return range.bind(handle.createQuery(OUTCOMES))
                .map(row -> outcomes(row, others))
                .one();
    }

    private static Conservation outcomes(RowView row, List<Comparison> others) {
        long received = row.getColumn("received", Long.class);
        long stored = row.getColumn("stored", Long.class);
        long duplicates = row.getColumn("duplicates", Long.class);
        long conflicts = row.getColumn("conflicts", Long.class);
        long deadLettered = row.getColumn("dead_lettered", Long.class);
        List<Comparison> comparisons = new ArrayList<>();
        comparisons.add(new Comparison(
                "outcomes of what was received",
                received,
                stored + duplicates + conflicts + deadLettered,
                row.getColumn("gap", Long.class),
                Optional.ofNullable(row.getColumn("first_gap", String.class))));
        comparisons.addAll(others);
        return new Conservation(
                row.getColumn("batches", Long.class),
                received,
                stored,
                duplicates,
                conflicts,
                deadLettered,
                List.copyOf(comparisons));
    }

    private static Comparison offsets(Handle handle, Range range) {
        return Stream.concat(
                        Stream.of(StreamId.WHOLE),
                        handle.createQuery(PARTITIONS).mapTo(String.class).stream()
                                .map(StreamId::ofKey))
                .map(stream -> comparison(
                        "offsets of the stream",
                        range.bind(handle.createQuery(OFFSETS)
                                .bind("source", stream.key())
                                .bind("first", stream.firstOffset())
                                .bind("end", stream.endOffset()))))
                .reduce(ConservationCheck::together)
                .orElseThrow();
    }

    private static Comparison together(Comparison one, Comparison other) {
        return new Comparison(
                one.name(),
                one.expected() + other.expected(),
                one.found() + other.found(),
                one.gap() + other.gap(),
                one.firstGap().or(other::firstGap));
    }

    private static Comparison rows(Handle handle, Range range, Instant available) {
        Query query = handle.createQuery(ROWS).bind("available", available);
        return comparison("rows of the batches", range.bind(query));
    }

    private static List<Comparison> sums(Handle handle, Range range, Instant available) {
        Query query = handle.createQuery(ROLLUPS).bind("available", available);
        return range.bind(query)
                .map(row -> List.of(comparison("sums of the hourly rollups", row), tokensAndCost(row)))
                .one();
    }

    private static Comparison tokensAndCost(RowView row) {
        long hours = row.getColumn("hours", Long.class);
        long differing = row.getColumn("hours_differing", Long.class);
        return new Comparison(
                "hours with tokens and cost",
                hours,
                hours - differing,
                differing,
                Optional.ofNullable(row.getColumn("first_differing", String.class)));
    }

    private static Comparison comparison(String name, Query query) {
        return query.map(row -> comparison(name, row)).one();
    }

    private static Comparison comparison(String name, RowView row) {
        return new Comparison(
                name,
                row.getColumn("expected", Long.class),
                row.getColumn("found", Long.class),
                row.getColumn("gap", Long.class),
                Optional.ofNullable(row.getColumn("first_gap", String.class)));
    }
}
