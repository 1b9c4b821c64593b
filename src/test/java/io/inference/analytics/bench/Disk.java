package io.inference.analytics.bench;

import java.sql.SQLException;
import java.util.Locale;

/** What the stored events take on the disk of PostgreSQL, indexes included. */
final class Disk {

    private static final String ALL =
            """
            select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = relnamespace
            where relkind = 'r' and nspname in ('analytics', '_timescaledb_internal')
            """;
    private static final String RAW_PARTITIONS =
            "select sum(pg_total_relation_size(relid)) from pg_partition_tree('analytics.usage_events') where isleaf";

    private Disk() {}

    /** Per million of the events that are stored. */
    static String perMillion(Stack stack, int events) throws SQLException {
        if (stack.number("select count(*) from pg_extension where extname = 'timescaledb'") == 0) {
            double raw = stack.number(RAW_PARTITIONS);
            return note(events, raw, stack.number(ALL) - raw);
        }
        String schema = stack.text("select extnamespace::regnamespace from pg_extension where extname = 'timescaledb'");
        String size = "select " + schema + ".hypertable_size('analytics.usage_events')";
        double raw = stack.number(size);
        double others = stack.number(ALL) - raw;
        stack.execute(
                "select " + schema + ".compress_chunk(c) from " + schema + ".show_chunks('analytics.usage_events') c");
        return note(events, raw, others)
                + String.format(Locale.ROOT, "; raw, compressed %s", mib(stack.number(size), events));
    }

    private static String note(int events, double raw, double others) {
        return String.format(
                Locale.ROOT,
                "disk per million events: raw %s, rollups and all others %s",
                mib(raw, events),
                mib(others, events));
    }

    private static String mib(double bytes, int events) {
        return String.format(Locale.ROOT, "%,.0f MiB", bytes / events * 1_000_000 / (1 << 20));
    }
}
