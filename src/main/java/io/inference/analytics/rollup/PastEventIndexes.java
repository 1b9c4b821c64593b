package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;

/**
 * The indexes of raw events by organisation and time, which days get when they are over (flavour postgres; ADR 18).
 *
 * <p>Guarantee: events that come late never wait for longer than a moment. The owner of the events makes an index concurrently.
 * A service with fewer rights has the database's function make those of days so small that it takes a moment.
 *
 * <p>On failure: what an interrupted attempt has left is dropped and made again in the next round. A day without its index is read
 * by block ranges: slower, and as exact.
 */
final class PastEventIndexes {

    private static final Logger LOG = Logger.getLogger(PastEventIndexes.class);

    /** Most events of a day are in by then, and an index that is made at once costs less than one that grows. */
    private static final Duration LATE = Duration.ofHours(1);

    private static final Duration STATEMENT_MAX = Duration.ofMinutes(30);

    /** A reader of all days, such as a long export, may outlast it; the day waits for the next round then. */
    private static final Duration LOCK_MAX = Duration.ofSeconds(30);

    // Chunks of flavour timescale have no bounds here, and an index each already. An index that is not valid is left
    // from an
    // attempt that ended early.
    private static final String MISSING =
            """
            select child.relname as day, named.oid is not null as left_over,
                   pg_has_role(child.relowner, 'usage') and has_schema_privilege('analytics', 'create') as ours
            from pg_inherits
            join pg_class child on child.oid = inhrelid
            left join pg_class named on named.relnamespace = child.relnamespace and named.relname = child.relname || '_org_time'
            left join pg_index index on index.indexrelid = named.oid
            where inhparent = 'analytics.usage_events'::regclass
              and (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz <= :before
              and index.indisvalid is not true
            order by child.relname desc
            """;

    private static final String DROP = "drop index concurrently if exists analytics.%s_org_time";
    private static final String MAKE =
            "create index concurrently %1$s_org_time on analytics.%1$s (org_id, occurred_at)";
    private static final String MAKE_SMALL = "select analytics.index_past_events(:before) as made";

    private record Day(String name, boolean leftOver, boolean ours) {}

    private PastEventIndexes() {}

    /**
     * Makes the missing ones, the latest first, unless another replica is doing it.
     *
     * @param handle not in a transaction
     * @param stopping ends the work between two days
     */
    static void make(Handle handle, Instant now, BooleanSupplier stopping) {
        Instant before = now.minus(LATE);
        List<Day> missing = missing(handle, before);
        if (missing.isEmpty()) {
            return;
        }
        if (missing.stream().allMatch(Day::ours)) {
            RollupLock.PAST_EVENTS.tryRun(
                    // Another replica may have made some meanwhile.
                    handle, STATEMENT_MAX, LOCK_MAX, () -> makeConcurrently(handle, missing(handle, before), stopping));
        } else {
            makeSmall(handle, before, stopping);
        }
    }

    private static List<Day> missing(Handle handle, Instant before) {
        return handle.createQuery(MISSING)
                .bind("before", before)
                .map(row -> new Day(
                        row.getColumn("day", String.class),
                        row.getColumn("left_over", Boolean.class),
                        row.getColumn("ours", Boolean.class)))
                .list();
    }

    private static void makeConcurrently(Handle handle, List<Day> days, BooleanSupplier stopping) {
        int made = 0;
        for (Day day : days) {
            if (stopping.getAsBoolean()) {
                break;
            }
            try {
                if (day.leftOver()) {
                    handle.execute(DROP.formatted(day.name()));
                }
                handle.execute(MAKE.formatted(day.name()));
                made++;
            } catch (JdbiException e) {
                if (!SqlState.is(e, SqlState.LOCK_NOT_AVAILABLE)) {
                    throw e;
                }
                // A reader that is in the way of this day is in the way of the others, too.
                LOG.infof("event=day_not_indexed day=%s reason=in_use", day.name());
                break;
            }
        }
        LOG.infof("event=days_indexed days=%d", made);
    }

    private static void makeSmall(Handle handle, Instant before, BooleanSupplier stopping) {
        int made = 0;
        while (!stopping.getAsBoolean()
                && handle.createQuery(MAKE_SMALL)
                        .bind("before", before)
                        .mapTo(Boolean.class)
                        .one()) {
            made++;
        }
        LOG.infof(
                "event=days_indexed days=%d left_to_owner=%d",
                made, missing(handle, before).size());
    }
}
