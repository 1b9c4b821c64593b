package io.inference.analytics.bench;

import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.usage.UsageStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Seven days of one organisation out of 250, each with 40 models and events in every hour of 30 days. */
final class QueryBenchmark {

    private static final int ORGS = 250;
    private static final int DAYS = 7;
    private static final int WARM_UP = 1_000;
    private static final int REQUESTS = 3_000;
    private static final double TARGET_MS = 50;

    // In the order of the key, a day at a time: an index that grows at its end is made fast.
    private static final String GROUPS =
            """
            select ('00000000-0000-4000-8000-' || lpad(org::text, 12, '0'))::uuid as org_id,
                   ('00000000-0000-4000-9000-' || lpad(model::text, 12, '0'))::uuid as model_id,
                   'client-1' as client_id, 'success' as status, bucket_start, 50 + (org + model) %% 50 as invocations
            from generate_series(1, 250) as org
            cross join generate_series(now_hour - interval '30 days', now_hour - interval '2 hours', interval '%1$s') as bucket_start
            cross join generate_series(1, 40) as model
            """;

    private static final String SUMS =
            "invocations, 0, invocations * 1500, invocations * 250, invocations * 300, 0, 0, invocations * 0.825";

    private static final String COLUMNS =
            "invocations, unpriced_invocations, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
                    + "cache_write_1h_input_tokens, cost_estimate_cents";

    private final List<String> notes;

    QueryBenchmark(List<String> notes) {
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            Bench.progress("making 30 days of rollups of 250 organisations with 40 models");
            fill(stack);
            Instant end = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(2, ChronoUnit.HOURS);
            Instant start = end.minus(DAYS, ChronoUnit.DAYS);
            for (String granularity : List.of("day", "hour")) {
                Bench.progress("pgbench: 7 days by " + granularity);
                Latencies reference = PgBench.run(
                        stack,
                        UsageStatement.of(PgBench.ORG_OF_RANDOM_NUMBER, start, end, granularity),
                        ORGS,
                        REQUESTS);
                Latencies ours = ask(stack, start, end, granularity);
                String name = "query of " + DAYS + " days by " + granularity;
                figures.add(Figure.atMost(
                        name + ", p99",
                        ours.percentile(0.99),
                        "the same SQL by pgbench",
                        reference.percentile(0.99),
                        TARGET_MS,
                        "ms"));
                notes.add(name + ": " + ours.text() + "; pgbench: " + reference.text());
            }
        }
        return figures;
    }

    /** Makes the rollups, in the tables of the flavour at hand. */
    static void fill(Stack stack) throws SQLException {
        if (System.getProperty("analytics.test.flavour", "postgres").equals("timescale")) {
            fillTimescale(stack);
        } else {
            fillPostgres(stack);
        }
    }

    private static void fillPostgres(Stack stack) throws SQLException {
        stack.execute(
                """
                do $$
                declare
                    now_hour timestamptz := date_trunc('hour', now());
                begin
                    perform analytics.ensure_day(day::date)
                    from generate_series(now_hour - interval '31 days', now_hour, interval '1 day') as day;
                    insert into analytics.usage_hourly_rollup
                    select org_id, bucket_start, model_id, client_id, status, SUMS, int8send((10::bigint << 12) | 180) || int8send((40::bigint << 12) | 190), ''
                    from (HOURS) as made;
                    update analytics.usage_open_days set open_from = date_trunc('day', now_hour - interval '31 days', 'UTC');
                    perform analytics.close_days(date_trunc('day', now_hour, 'UTC') - interval '1 day');
                end $$;
                """
                        .replace("SUMS", SUMS)
                        .replace("HOURS", GROUPS.formatted("1 hour")));
        stack.execute("vacuum analyze analytics.usage_hourly_rollup, analytics.usage_daily_rollup");
    }

    // Straight into the tables behind the aggregates; a refresh of the last hours then moves the watermarks behind
    // them.
    private static void fillTimescale(Stack stack) throws SQLException {
        for (String[] aggregate :
                new String[][] {{"usage_hourly", "1 hour", "hour"}, {"usage_daily", "1 day", "day"}}) {
            stack.execute(
                    """
                    do $$
                    declare
                        now_hour timestamptz := date_trunc('hour', now());
                        target   text := (select format('_timescaledb_internal._materialized_hypertable_%s', mat_hypertable_id)
                                          from _timescaledb_catalog.continuous_agg where user_view_name = 'VIEW');
                    begin
                        create temporary table made as GROUPS;
                        execute format('insert into %s (org_id, model_id, client_id, status, bucket_start, COLUMNS)
                            select org_id, model_id, client_id, status, date_trunc(''UNIT'', bucket_start, ''UTC''), SUMS from made', target);
                        drop table made;
                    end $$;
                    """
                            .replace("VIEW", aggregate[0])
                            .replace("GROUPS", GROUPS.formatted(aggregate[1]))
                            .replace("COLUMNS", COLUMNS)
                            .replace("UNIT", aggregate[2])
                            .replace("SUMS", SUMS));
        }
        stack.execute(
                """
                insert into analytics.usage_events (event_id, org_id, model_id, occurred_at, received_at, input_tokens,
                    output_tokens, latency_ms, status, batch_id)
                select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), date_trunc('hour', now()) - interval '30 minutes',
                       now(), 1, 1, 1, 'success', 0
                """);
        for (String view : List.of("usage_hourly", "usage_daily")) {
            stack.execute("call refresh_continuous_aggregate('analytics." + view
                    + "', date_trunc('day', now()) - interval '1 day', date_trunc('hour', now()))");
        }
        stack.execute("vacuum analyze");
    }

    private static Latencies ask(Stack stack, Instant start, Instant end, String granularity) throws Exception {
        String token = Tokens.sign(
                Tokens.claims(List.of("system-admin")).expiresAt(Instant.now().plus(1, ChronoUnit.DAYS)),
                stack.settings());
        Random random = new Random(5);
        double[] ms = new double[REQUESTS];
        try (ServiceProcess service = stack.startService()) {
            Bench.progress("asking for 7 days by " + granularity);
            for (int i = -WARM_UP; i < REQUESTS; i++) {
                String path = "/analytics/v1/orgs/%s/usage?granularity=%s&start=%s&end=%s"
                        .formatted(SampleOptions.orgId(1 + random.nextInt(ORGS)), granularity, start, end);
                long started = System.nanoTime();
                var answer = service.get(path, token);
                if (answer.statusCode() != 200 || answer.body().length() < 1_000) {
                    throw new IllegalStateException("usage answered " + answer.statusCode() + ": " + answer.body());
                }
                if (i >= 0) {
                    ms[i] = (System.nanoTime() - started) / 1e6;
                }
            }
        }
        return new Latencies(ms);
    }
}
