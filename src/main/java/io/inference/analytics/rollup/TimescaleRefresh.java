package io.inference.analytics.rollup;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Flavour timescale: refreshes the continuous aggregates for hours behind their watermark, and closes each hour once it is over.
 *
 * <p>Hours before the watermark are materialised: a late event shows only after a refresh. Hours after it are computed from the
 * raw events at each query and need nothing.
 */
final class TimescaleRefresh implements RollupRefresh {

    /** An hour is materialised this long after its end, when most late events have come: each later one costs a refresh. */
    private static final Duration CLOSE_AFTER = Duration.ofMinutes(5);

    /** At most four times the hours that have to be computed are. */
    private static final int BUSY_DAY_HOURS = 6;

    private static final List<String> HOURLY = List.of("analytics.usage_hourly", "analytics.histograms_hourly");
    private static final String DAILY = "analytics.usage_daily";

    private static final String BEHIND = "select unnest(analytics.hours_behind(?)) order by 1";
    private static final String ADVANCE =
            "call %s.refresh_continuous_aggregate(?::regclass, ?::timestamptz, ?::timestamptz)";

    // By force: the outbox says what changed. TimescaleDB's own notes on that can be passed over (2.28: a window whose
    // end lies beyond the watermark, or a policy at work at the same time), and the bucket would stay wrong until the
    // next late event.
    private static final String RECOMPUTE =
            "call %s.refresh_continuous_aggregate(?::regclass, ?::timestamptz, ?::timestamptz, force => true)";

    /** Where the extension's functions lie, quoted; a session need not search it. */
    private static final String EXTENSION_SCHEMA =
            "select extnamespace::regnamespace from pg_extension where extname = 'timescaledb'";

    private static final String WATERMARK = "select analytics.watermark(?)";
    private static final String OLDEST = "select min(range_start) from timescaledb_information.chunks "
            + "where hypertable_schema = 'analytics' and hypertable_name = 'usage_events'";

    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final Duration CONCURRENT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration CONCURRENT_PAUSE = Duration.ofMillis(50);

    private record Window(Instant low, Instant high) {}

    @Override
    public void refresh(Connection connection, List<Instant> hours) throws SQLException {
        List<Instant> behind = behind(connection, hours);
        for (Window window : windows(withGapsOfBusyDays(behind), Duration.ofHours(1))) {
            for (String view : HOURLY) {
                call(connection, RECOMPUTE, view, window);
            }
        }
        // Of all hours, not only of those behind: the days have a watermark of their own, and days after it must stay
        // out of every
        // window, or the refresh would materialise the running day, which later events would then not reach.
        Instant materialised = watermark(connection, DAILY);
        List<Instant> days = hours.stream()
                .map(hour -> hour.truncatedTo(ChronoUnit.DAYS))
                .filter(day -> day.isBefore(materialised))
                .distinct()
                .sorted()
                .toList();
        for (Window window : windows(days, Duration.ofDays(1))) {
            call(connection, RECOMPUTE, DAILY, window);
        }
    }

    @Override
    public void closeHours(Connection connection, Instant now) throws SQLException {
        Instant closed = now.minus(CLOSE_AFTER).truncatedTo(ChronoUnit.HOURS);
        for (String view : HOURLY) {
            advance(connection, view, closed);
        }
        advance(connection, DAILY, now.minus(CLOSE_AFTER).truncatedTo(ChronoUnit.DAYS));
    }

    private void advance(Connection connection, String view, Instant until) throws SQLException {
        Instant from = watermark(connection, view);
        Instant oldest = oldest(connection);
        Instant low = from.isAfter(oldest) ? from : oldest;
        if (low.isBefore(until)) {
            call(connection, ADVANCE, view, new Window(low, until));
        }
    }

    @Override
    public void recompute(Connection connection, Instant low, Instant high) throws SQLException {
        for (Instant day = low; day.isBefore(high); day = day.plus(Duration.ofDays(1))) {
            Window window = new Window(day, day.plus(Duration.ofDays(1)));
            for (String view : HOURLY) {
                recompute(connection, view, window);
            }
            recompute(connection, DAILY, window);
        }
    }

    /** What lies after the watermark is computed at each query: there is nothing to repair, and materialising it would freeze it. */
    private static void recompute(Connection connection, String view, Window window) throws SQLException {
        Instant watermark = watermark(connection, view);
        Instant high = window.high().isBefore(watermark) ? window.high() : watermark;
        if (window.low().isBefore(high)) {
            call(connection, RECOMPUTE, view, new Window(window.low(), high));
        }
    }

    private static List<Instant> behind(Connection connection, List<Instant> hours) throws SQLException {
        List<Instant> behind = new ArrayList<>();
        OffsetDateTime[] asked = hours.stream()
                .distinct()
                .map(hour -> hour.atOffset(ZoneOffset.UTC))
                .toArray(OffsetDateTime[]::new);
        try (PreparedStatement statement = connection.prepareStatement(BEHIND)) {
            statement.setArray(1, connection.createArrayOf("timestamptz", asked));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    behind.add(rows.getObject(1, OffsetDateTime.class).toInstant());
                }
            }
        }
        return behind;
    }

    /**
     * Adds the hours in between where a day has {@link #BUSY_DAY_HOURS} or more. Late events that are scattered over a month touch
     * hundreds of separate hours, and a call for each takes longer than computing some hours for nothing.
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

    private static Instant watermark(Connection connection, String view) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(WATERMARK)) {
            statement.setString(1, view.substring(view.indexOf('.') + 1));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                OffsetDateTime value = rows.getObject(1, OffsetDateTime.class);
                return value == null ? Instant.MIN : value.toInstant();
            }
        }
    }

    /** Start of the oldest chunk; without chunks, the far future: there is nothing to refresh. */
    private static Instant oldest(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(OLDEST);
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            OffsetDateTime value = rows.getObject(1, OffsetDateTime.class);
            return value == null ? Instant.MAX : value.toInstant();
        }
    }

    private static String extensionSchema(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(EXTENSION_SCHEMA);
                ResultSet rows = statement.executeQuery()) {
            if (!rows.next()) {
                throw new SQLException("this database no longer has the extension timescaledb", "42704");
            }
            return rows.getString(1);
        }
    }

    /** A policy of the database that refreshes the same view now refuses every other refresh until it is done. */
    private static void call(Connection connection, String procedure, String view, Window window) throws SQLException {
        String call = procedure.formatted(extensionSchema(connection));
        long deadline = System.nanoTime() + CONCURRENT_PATIENCE.toNanos();
        while (true) {
            try (PreparedStatement statement = connection.prepareStatement(call)) {
                statement.setString(1, view);
                statement.setObject(2, window.low().atOffset(ZoneOffset.UTC));
                statement.setObject(3, window.high().atOffset(ZoneOffset.UTC));
                statement.execute();
                return;
            } catch (SQLException e) {
                if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())
                        || System.nanoTime() > deadline
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(CONCURRENT_PAUSE.toNanos());
            }
        }
    }
}
