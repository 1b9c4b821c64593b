package io.inference.analytics.rollup;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.Retention;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;

/**
 * Flavour timescale: refreshes the continuous aggregates for hours before their watermark, and
 * materialises each hour once it is over.
 *
 * <p>Hours before the watermark are materialised, so a late event shows only after a refresh. Hours
 * after it need nothing: each query computes them from the raw events.
 */
final class TimescaleRefresh implements RollupRefresh {

    /**
     * An hour is materialised this long after its end: most late events have come by then, and each
     * later one costs a refresh.
     */
    private static final Duration CLOSE_AFTER = Duration.ofMinutes(5);

    /**
     * From this many hours on, the day is refreshed in one window. With 6 of 24, four times as many
     * hours are computed at most.
     */
    private static final int BUSY_DAY_HOURS = 6;

    private static final List<String> HOURLY =
            List.of("analytics.usage_hourly", "analytics.histograms_hourly", "analytics.usage_user_hourly");
    private static final List<String> DAILY = List.of("analytics.usage_daily", "analytics.usage_user_daily");

    /**
     * A chunk of raw events that retention drops while a refresh of its hours runs would empty
     * them.
     */
    private static final Duration RETENTION_MARGIN = Duration.ofMinutes(30);

    private static final String BEHIND = "select unnest(analytics.hours_behind(:hours)) as hour order by hour";
    private static final String ADVANCE =
            "call %s.refresh_continuous_aggregate(:view::regclass, :low::timestamptz, :high::timestamptz)";

    // Forced, as the outbox says what changed. TimescaleDB's own record of changes can miss some
    // (2.28: when a window ends beyond the watermark, or a policy runs at the same time). The
    // bucket would then stay wrong until the next late event.
    private static final String RECOMPUTE =
            "call %s.refresh_continuous_aggregate(:view::regclass, :low::timestamptz, :high::timestamptz, force => true)";

    /**
     * The schema of the extension's functions, quoted; a session need not have it in its search
     * path.
     */
    private static final String EXTENSION_SCHEMA =
            "select extnamespace::regnamespace::text as name from pg_extension where extname = 'timescaledb'";

    private static final String WATERMARK = "select analytics.watermark(:view) as watermark";
    private static final String OLDEST =
            """
            select min(range_start) as oldest
            from timescaledb_information.chunks
            where hypertable_schema = 'analytics' and hypertable_name = 'usage_events'
            """;

    /** In the lane, as a batch changes several spans in another order. */
    private static final String ENTER_LANE =
            "set transaction isolation level read committed; select pg_advisory_xact_lock("
                    + AdvisoryLock.INGEST_LANE.key() + ")";

    private static final String UNBUILD = "select analytics.unbuild_local_spans(:low, :high)";

    private static final Duration CONCURRENT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration CONCURRENT_PAUSE = Duration.ofMillis(50);

    private record Window(Instant low, Instant high) {}

    private final Closing hours = new Closing(HOURLY, Duration.ofHours(1));
    private final Closing days = new Closing(DAILY, Duration.ofDays(1));
    private final Retention retention;

    TimescaleRefresh(Retention retention) {
        this.retention = retention;
    }

    /**
     * Leaves out hours whose raw events retention drops or has dropped: their rollups are all that
     * is left. An event that was delayed until then lies alone in a new chunk, and a refresh would
     * put it in place of all others.
     */
    @Override
    public void refresh(Handle handle, List<Instant> touched) {
        Instant kept = firstKeptDay(handle);
        List<Instant> hours =
                touched.stream().filter(hour -> !hour.isBefore(kept)).toList();
        List<Instant> behind = behind(handle, hours);
        for (Window window : windows(withGapsOfBusyDays(behind), Duration.ofHours(1))) {
            recompute(handle, HOURLY, window);
        }
        // The days of all hours, not only of those behind, because the daily views have watermarks
        // of their own.
        List<Instant> days = hours.stream()
                .map(hour -> hour.truncatedTo(ChronoUnit.DAYS))
                .distinct()
                .sorted()
                .toList();
        for (Window window : windows(days, Duration.ofDays(1))) {
            recompute(handle, DAILY, window);
        }
    }

    /** Hours first: a day is added up from hours that are closed. */
    @Override
    public boolean closeNext(Handle handle, Instant now) {
        Instant over = now.minus(CLOSE_AFTER);
        return hours.closeNext(handle, over.truncatedTo(ChronoUnit.HOURS))
                || days.closeNext(handle, over.truncatedTo(ChronoUnit.DAYS));
    }

    /** Days close with their hours. */
    @Override
    public int closeDays(Handle handle, Instant before) {
        return 0;
    }

    @Override
    public boolean olderRepairsUnbuild() {
        return false;
    }

    @Override
    public Duration recomputeStep() {
        return Duration.ofDays(1);
    }

    @Override
    public void recompute(Handle handle, Instant low) {
        Window window = new Window(low, low.plus(recomputeStep()));
        unbuild(handle, window);
        recompute(handle, HOURLY, window);
        recompute(handle, DAILY, window);
    }

    private static void unbuild(Handle handle, Window window) {
        handle.useTransaction(transaction -> {
            transaction.execute(ENTER_LANE);
            transaction
                    .createUpdate(UNBUILD)
                    .bind("low", window.low())
                    .bind("high", window.high())
                    .execute();
        });
    }

    /**
     * After a view's own watermark there is nothing to repair. A refresh there would move the
     * watermark past buckets that are not materialised, or materialise the running one, and their
     * events would no longer show.
     */
    private static void recompute(Handle handle, List<String> views, Window window) {
        for (String view : views) {
            Instant watermark = watermark(handle, view);
            Instant high = window.high().isBefore(watermark) ? window.high() : watermark;
            if (window.low().isBefore(high)) {
                call(handle, RECOMPUTE, view, new Window(window.low(), high));
            }
        }
    }

    /** By the database's clock, as its policies go by that. */
    private Instant firstKeptDay(Handle handle) {
        Instant now = handle.createQuery("select clock_timestamp() as now")
                .mapTo(Instant.class)
                .one();
        return now.plus(RETENTION_MARGIN)
                .atZone(ZoneOffset.UTC)
                .minus(retention.raw())
                .truncatedTo(ChronoUnit.DAYS)
                .toInstant();
    }

    private static List<Instant> behind(Handle handle, List<Instant> hours) {
        return handle.createQuery(BEHIND)
                .bindArray("hours", Instant.class, hours.stream().distinct().toList())
                .mapTo(Instant.class)
                .list();
    }

    /**
     * Fills the gaps between the hours of a day that has {@link #BUSY_DAY_HOURS} or more. Late
     * events scattered over a month touch hundreds of separate hours. A call for each of them takes
     * longer than computing some hours in vain.
     */
    private static List<Instant> withGapsOfBusyDays(List<Instant> hours) {
        Map<Instant, List<Instant>> days = hours.stream()
                .collect(Collectors.groupingBy(
                        hour -> hour.truncatedTo(ChronoUnit.DAYS), TreeMap::new, Collectors.toList()));
        List<Instant> filled = new ArrayList<>();
        for (List<Instant> day : days.values()) {
            if (day.size() < BUSY_DAY_HOURS) {
                filled.addAll(day);
                continue;
            }
            Instant last = day.get(day.size() - 1);
            for (Instant hour = day.get(0); !hour.isAfter(last); hour = hour.plus(Duration.ofHours(1))) {
                filled.add(hour);
            }
        }
        return filled;
    }

    /** Joins neighbouring buckets of the given width, sorted, into windows. */
    private static List<Window> windows(List<Instant> buckets, Duration width) {
        List<Window> windows = new ArrayList<>();
        for (Instant bucket : buckets) {
            int last = windows.size() - 1;
            if (last >= 0 && windows.get(last).high().equals(bucket)) {
                windows.set(last, new Window(windows.get(last).low(), bucket.plus(width)));
            } else {
                windows.add(new Window(bucket, bucket.plus(width)));
            }
        }
        return windows;
    }

    private static Instant watermark(Handle handle, String view) {
        return handle.createQuery(WATERMARK)
                .bind("view", view.substring(view.indexOf('.') + 1))
                .mapTo(Instant.class)
                .findOne()
                .orElse(Instant.MIN);
    }

    /** Start of the oldest chunk; without chunks, the far future: there is nothing to refresh. */
    private static Instant oldest(Handle handle) {
        return handle.createQuery(OLDEST).mapTo(Instant.class).findOne().orElse(Instant.MAX);
    }

    private static String extensionSchema(Handle handle) {
        return handle.createQuery(EXTENSION_SCHEMA)
                .mapTo(String.class)
                .findOne()
                .orElseThrow(() -> new IllegalStateException(
                        "extension timescaledb: not in this database (expected: as when it was migrated)"));
    }

    /**
     * While a policy of the database refreshes the same view, the database refuses every other
     * refresh of it.
     */
    private static void call(Handle handle, String procedure, String view, Window window) {
        String call = procedure.formatted(extensionSchema(handle));
        long deadline = System.nanoTime() + CONCURRENT_PATIENCE.toNanos();
        while (true) {
            try {
                handle.createUpdate(call)
                        .bind("view", view)
                        .bind("low", window.low())
                        .bind("high", window.high())
                        .execute();
                return;
            } catch (JdbiException e) {
                if (!SqlState.is(e, SqlState.LOCK_NOT_AVAILABLE)
                        || System.nanoTime() > deadline
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(CONCURRENT_PAUSE.toNanos());
            }
        }
    }

    /**
     * Moves the watermark of views that have the same buckets, some buckets at a time.
     *
     * <p>A call always begins at the watermark. What lies before it is no longer computed at each
     * query, so an event that comes for a bucket found empty earlier has to be in the window that
     * moves the watermark past it.
     */
    private static final class Closing {

        private final List<String> views;
        private final Duration bucket;

        /** One bucket, or more after buckets without events, which do not move the watermark. */
        private Duration step;

        Closing(List<String> views, Duration bucket) {
            this.views = views;
            this.bucket = bucket;
            this.step = bucket;
        }

        boolean closeNext(Handle handle, Instant until) {
            Instant oldest = oldest(handle);
            Instant low = watermark(handle).isAfter(oldest) ? watermark(handle) : oldest;
            if (!low.isBefore(until)) {
                return false;
            }
            Instant high = low.plus(step).isBefore(until) ? low.plus(step) : until;
            for (String view : views) {
                call(handle, ADVANCE, view, new Window(low, high));
            }
            boolean more = high.isBefore(until);
            if (watermark(handle).isAfter(low)) {
                step = bucket;
            } else if (more) {
                step = step.multipliedBy(2);
            }
            return more;
        }

        /** Of the view that is furthest behind. */
        private Instant watermark(Handle handle) {
            return views.stream()
                    .map(view -> TimescaleRefresh.watermark(handle, view))
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }
}
