package io.inference.analytics.bench;

import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Seven days by hour of one organisation out of 250, each with 40 models whose every hour has a histogram of 20 bins. */
final class ReliabilityBenchmark {

    private static final int ORGS = 250;
    private static final int DAYS = 7;
    private static final int WARM_UP = 200;
    private static final int REQUESTS = 500;
    private static final int REFERENCES = 200;
    private static final double TARGET_MS = 60;

    // In the order in which batches of some 600 events bring the groups of an hour: two or three of an organisation
    // together.
    private static final String GROUPS =
            """
            select ('00000000-0000-4000-8000-' || lpad(org::text, 12, '0'))::uuid as org_id,
                   ('00000000-0000-4000-9000-' || lpad(model::text, 12, '0'))::uuid as model_id, bucket_start, org + model as shift
            from generate_series(1, 250) as org
            cross join generate_series('LOW'::timestamptz, 'HIGH'::timestamptz - interval '1 hour', interval '1 hour') as bucket_start
            cross join generate_series(1, 40) as model
            order by bucket_start, mod(model, 16), org, model
            """;

    // 20 neighbouring bins from some 300 ms on, and 8 of the time to the first token; 4 events in each.
    private static final String BAGS =
            """
            (select string_agg(int8send((4::bigint << 12) | (145 + shift % 30 + bin)), '') from generate_series(0, 19) as bin),
            (select string_agg(int8send((4::bigint << 12) | (120 + shift % 30 + bin)), '') from generate_series(0, 7) as bin)
            """;

    private static final String POSTGRES =
            """
            do $$
            begin
                perform analytics.ensure_day(day::date) from generate_series('LOW'::timestamptz, 'HIGH'::timestamptz, interval '1 day') as day;
                insert into analytics.usage_hourly_rollup
                select org_id, bucket_start, model_id, 'client-1', 'success', 80, 0, 120000, 20000, 24000, 0, 0, 66, BAGS
                from (GROUPS) as groups;
            end $$;
            """;

    private static final String TIMESCALE =
            """
            do $$
            begin
                execute (select format($insert$
                                        insert into _timescaledb_internal._materialized_hypertable_%s
                                            (org_id, model_id, client_id, status, bucket_start, latency_bins, time_to_first_token_bins)
                                        select org_id, model_id, 'client-1', 'success', bucket_start, BAGS
                                        from (GROUPS) as groups $insert$,
                                       mat_hypertable_id)
                         from _timescaledb_catalog.continuous_agg where user_view_name = 'histograms_hourly');
            end $$;
            """;

    private static final String EVENT_OF_NOW =
            """
            insert into analytics.usage_events (event_id, org_id, model_id, occurred_at, received_at, input_tokens, output_tokens,
                latency_ms, time_to_first_token_ms, status, batch_id)
            select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), date_trunc('hour', now()) - interval '90 minutes',
                   now(), 1, 1, 1, 1, 'success', 0
            """;

    private static final String HISTOGRAMS =
            """
            select extract(epoch from bucket_start)::bigint as hour, status, latency_bins, time_to_first_token_bins
            from analytics.histograms_hourly
            where org_id = ORG and bucket_start >= 'LOW' and bucket_start < 'HIGH'
            order by bucket_start
            """;

    private final Instant end = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(2, ChronoUnit.HOURS);
    private final Instant start = end.minus(DAYS, ChronoUnit.DAYS);
    private final List<String> notes;

    ReliabilityBenchmark(List<String> notes) {
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            Bench.progress("making 7 days of histograms of 250 organisations with 40 models");
            if (System.getProperty("analytics.test.flavour", "postgres").equals("timescale")) {
                fillTimescale(stack);
            } else {
                stack.execute(in(POSTGRES));
            }
            stack.execute("vacuum analyze");
            Bench.progress("pgbench: the histograms of 7 days");
            Latencies reference =
                    PgBench.run(stack, in(HISTOGRAMS).replace("ORG", PgBench.ORG_OF_RANDOM_NUMBER), ORGS, REFERENCES);
            try (ServiceProcess service = stack.startService()) {
                for (String group : List.of("", "&groupBy=model")) {
                    Latencies ours = ask(stack, service, group);
                    String name = "reliability of 7 days by hour" + (group.isEmpty() ? "" : ", by model");
                    // The target is that of the series of the organisation; by model the answer has 6,720 points.
                    figures.add(
                            group.isEmpty()
                                    ? Figure.atMost(
                                            name + ", p99",
                                            ours.percentile(0.99),
                                            "reading the histograms by pgbench",
                                            reference.percentile(0.99),
                                            TARGET_MS,
                                            "ms")
                                    : Figure.shown(name + ", p99", Figure.plain(ours.percentile(0.99)) + " ms", ""));
                    notes.add(name + ": " + ours.text());
                }
            }
            notes.add("reading the histograms by pgbench: " + reference.text());
        }
        return figures;
    }

    private void fillTimescale(Stack stack) throws SQLException {
        // Through format(), which takes % for its own.
        stack.execute(in(TIMESCALE.replace("BAGS", BAGS.replace("%", "%%"))));
        // A refresh of the last hours moves the watermark behind them.
        stack.execute(EVENT_OF_NOW);
        stack.execute("call refresh_continuous_aggregate('analytics.histograms_hourly', "
                + "date_trunc('hour', now()) - interval '2 hours', date_trunc('hour', now()))");
    }

    private String in(String sql) {
        return sql.replace("BAGS", BAGS)
                .replace("GROUPS", GROUPS)
                .replace("LOW", start.toString())
                .replace("HIGH", end.toString());
    }

    private Latencies ask(Stack stack, ServiceProcess service, String group) {
        String token = Tokens.sign(
                Tokens.claims(List.of("system-admin")).expiresAt(Instant.now().plus(1, ChronoUnit.DAYS)),
                stack.settings());
        Bench.progress("asking for 7 days by hour " + group);
        int requests = group.isEmpty() ? REQUESTS : REQUESTS / 5;
        Random random = new Random(5);
        double[] ms = new double[requests];
        for (int i = -WARM_UP; i < requests; i++) {
            String path = "/analytics/v1/orgs/%s/reliability?granularity=hour&start=%s&end=%s%s"
                    .formatted(SampleOptions.orgId(1 + random.nextInt(ORGS)), start, end, group);
            long started = System.nanoTime();
            var answer = service.get(path, token);
            if (answer.statusCode() != 200 || answer.body().length() < 10_000) {
                throw new IllegalStateException("reliability answered " + answer.statusCode() + ": " + answer.body());
            }
            if (i >= 0) {
                ms[i] = (System.nanoTime() - started) / 1e6;
            }
        }
        return new Latencies(ms);
    }
}
