package io.inference.analytics.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** By how many rows the rollups differ from what the raw events say, worked out with plain SQL apart from the service. */
public final class Drift {

    private static final String RAW =
            """
            select org_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), count(*),
                   count(*) filter (where cost_estimate_cents is null), sum(input_tokens), sum(output_tokens),
                   sum(cache_read_input_tokens), sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
            from analytics.usage_events group by 1, 2, 3, 4, 5
            """;
    private static final String DAYS_OF_HOURS =
            """
            select org_id, model_id, client_id, status, date_trunc('day', bucket_start, 'UTC'), sum(invocations),
                   sum(unpriced_invocations), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
                   sum(cache_write_input_tokens), sum(cache_write_1h_input_tokens), sum(cost_estimate_cents)
            from analytics.usage_hourly group by 1, 2, 3, 4, 5
            """;
    private static final String ROLLUP =
            """
            select org_id, model_id, client_id, status, bucket_start, invocations, unpriced_invocations, input_tokens, output_tokens,
                   cache_read_input_tokens, cache_write_input_tokens, cache_write_1h_input_tokens, cost_estimate_cents
            from analytics.%s
            """;
    private static final String RAW_BINS =
            """
            select org_id, model_id, client_id, status, date_trunc('hour', occurred_at, 'UTC'), analytics.latency_bin(%1$s), count(*)
            from analytics.usage_events where %1$s is not null group by 1, 2, 3, 4, 5, 6
            """;
    private static final String BINS =
            "select org_id, model_id, client_id, status, bucket_start, bin, count from analytics.%s";

    /** Each side is read once: with tens of thousands of groups, {@code except all} in both directions takes twice as long. */
    private static final String DIFFERENCE =
            """
            select count(*) from (
                select line from (select one::text as line, 1 as side from (%s) one
                                  union all select other::text, -1 from (%s) other) lines
                group by line having sum(side) <> 0) unequal
            """;

    private static final String RAW_BY_USER =
            RAW.replace("model_id,", "actor_id, model_id,").replace("3, 4, 5", "3, 4, 5, 6");
    private static final String DAYS_OF_HOURS_BY_USER = DAYS_OF_HOURS
            .replace("model_id,", "user_id, model_id,")
            .replace("usage_hourly", "usage_user_hourly")
            .replace("3, 4, 5", "3, 4, 5, 6");
    private static final String ROLLUP_BY_USER = ROLLUP.replace("model_id,", "user_id, model_id,");

    private Drift() {}

    /** Rows that only one side has: hours to raw events, days to hours, both again by user, and both histograms to raw events. */
    public static long of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // Compiling these for a real-time aggregate takes longer than running them.
            statement.execute("set jit = off");
        }
        return difference(connection, RAW, ROLLUP.formatted("usage_hourly"))
                + difference(connection, DAYS_OF_HOURS, ROLLUP.formatted("usage_daily"))
                + difference(connection, RAW_BY_USER, ROLLUP_BY_USER.formatted("usage_user_hourly"))
                + difference(connection, DAYS_OF_HOURS_BY_USER, ROLLUP_BY_USER.formatted("usage_user_daily"))
                + difference(connection, RAW_BINS.formatted("latency_ms"), BINS.formatted("latency_hourly"))
                + difference(
                        connection,
                        RAW_BINS.formatted("time_to_first_token_ms"),
                        BINS.formatted("time_to_first_token_hourly"));
    }

    private static long difference(Connection connection, String one, String other) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(DIFFERENCE.formatted(one, other))) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
