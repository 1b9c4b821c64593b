package io.inference.analytics.cli;

import io.inference.analytics.testing.Sql;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The rollups of an organisation, read and damaged past the service, in either flavour. */
final class StoredRollups {

    private final Sql database;

    StoredRollups(Sql database) {
        this.database = database;
    }

    /** As each rollup has them. */
    List<Long> invocations(UUID org) {
        String where = " where org_id = '" + org + "'";
        return List.of(
                database.number("select coalesce(sum(invocations), 0) from analytics.usage_hourly" + where),
                database.number("select coalesce(sum(invocations), 0) from analytics.usage_daily" + where),
                database.number("select coalesce(sum(invocations), 0) from analytics.usage_user_hourly" + where),
                database.number("select coalesce(sum(invocations), 0) from analytics.usage_user_daily" + where),
                database.number("select coalesce(sum(count), 0) from analytics.latency_hourly" + where),
                database.number("select coalesce(sum(count), 0) from analytics.time_to_first_token_hourly" + where));
    }

    /** Some rows go, all others say something else. */
    void damage(UUID org) {
        String where = " where org_id = '" + org + "'";
        if (database.number("select count(*) from pg_extension where extname = 'timescaledb'") == 0) {
            database.execute("delete from analytics.usage_hourly_rollup" + where);
            database.execute("update analytics.usage_daily_rollup set invocations = invocations + 7" + where);
            database.execute("delete from analytics.usage_user_daily_rollup" + where);
            database.execute("update analytics.usage_user_hourly_rollup set invocations = invocations + 7" + where);
            return;
        }
        Map<String, String> damages = Map.of(
                "usage_hourly", "invocations = invocations + 7",
                "usage_daily", "invocations = invocations + 7",
                "usage_user_hourly", "invocations = invocations + 7",
                "usage_user_daily", "invocations = invocations + 7",
                "histograms_hourly", "latency_bins = latency_bins || latency_bins, time_to_first_token_bins = ''");
        damages.forEach((view, damage) -> {
            String table = database.text(
                    "select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)"
                            + " from timescaledb_information.continuous_aggregates where view_schema = 'analytics' and view_name = '"
                            + view + "'");
            database.execute("update " + table + " set " + damage + where);
        });
    }
}
