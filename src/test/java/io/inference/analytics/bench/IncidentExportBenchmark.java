package io.inference.analytics.bench;

import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.postgresql.PGConnection;

/** All raw events of one hour of one organisation over HTTP. The reference is PostgreSQL alone, writing the same rows to nowhere. */
final class IncidentExportBenchmark {

    private static final int FEW = 100_000;
    private static final int RUNS = 3;
    private static final double RATIO_MIN = 0.5;
    private static final double GROWTH_MIB_MAX = 64;
    private static final double RESIDENT_MIB_MAX = 512;

    private static final String FILL =
            """
            insert into analytics.usage_events (event_id, org_id, model_id, client_id, occurred_at, received_at, input_tokens,
                output_tokens, latency_ms, status, error_code, cost_estimate_cents, metadata, batch_id)
            select gen_random_uuid(), 'ORG', ('00000000-0000-4000-9000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid,
                   'client-' || n % 5, 'LOW'::timestamptz + n * (interval '1 hour' / ROWS), now(), 1500, 250, 800 + n % 400,
                   case when n % 10 = 0 then 'timeout' else 'success' end, case when n % 10 = 0 then 'upstream_timeout' end,
                   0.82500000,
                   case when n % 10 = 0 then '{"region": "eu-1", "user": "somebody"}' else '{"region": "eu-1"}' end::jsonb, 0
            from generate_series(0, ROWS - 1) as n
            """;

    private static final String ROWS =
            """
            copy (select event_id, org_id, occurred_at, received_at, model_id, actor_id, client_id, input_tokens, output_tokens,
                         latency_ms, status, error_code, cost_estimate_cents, metadata
                  from analytics.usage_events
                  where org_id = 'ORG' and occurred_at >= 'LOW' and occurred_at < 'HIGH'
                  order by occurred_at, event_id) to stdout (format csv)
            """;

    private final int rows;
    private final List<String> notes;

    /** @param rows at most 1,000,000, which is the limit of one export */
    IncidentExportBenchmark(int rows, List<String> notes) {
        this.rows = Math.min(rows, 1_000_000);
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        Instant high = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(1, ChronoUnit.HOURS);
        Instant low = high.minus(1, ChronoUnit.HOURS);
        String org = UUID.randomUUID().toString();
        try (Stack stack = new Stack("stream")) {
            stack.prepare();
            Bench.progress("making %,d raw events".formatted(rows));
            stack.execute("select analytics.ensure_day('%s'::timestamptz::date)".formatted(low));
            stack.execute(
                    FILL.replace("ORG", org).replace("LOW", low.toString()).replace("ROWS", Integer.toString(rows)));
            stack.execute("vacuum analyze analytics.usage_events");
            double reference = copyRate(
                    stack,
                    ROWS.replace("ORG", org).replace("LOW", low.toString()).replace("HIGH", high.toString()));
            try (ServiceProcess service = stack.startService()) {
                Bench.progress("exporting");
                String path = "/analytics/v1/orgs/%s/incident-export?start=%s&end=%s&limit=".formatted(org, low, high);
                seconds(service, path + FEW, token(stack, org), FEW);
                seconds(service, path + FEW, token(stack, org), FEW);
                double before = ProcessUsage.peakResidentMib(service.pid());
                List<Double> seconds = new ArrayList<>();
                for (int i = 0; i < RUNS; i++) {
                    seconds.add(seconds(service, path + rows, token(stack, org), rows));
                }
                double after = ProcessUsage.peakResidentMib(service.pid());
                notes.add(
                        "incident-export: the service counts the rows first, writes the times as RFC 3339, masks metadata and makes"
                                + " cells harmless; COPY does nothing of it");
                return List.of(
                        Figure.rate(
                                "incident export of %,d rows".formatted(rows),
                                rows / Bench.median(seconds),
                                "COPY … TO STDOUT of the same rows",
                                reference,
                                RATIO_MIN),
                        Figure.atMost(
                                "memory from an export of %,d rows to one of %,d (VmHWM)".formatted(FEW, rows),
                                after - before,
                                GROWTH_MIB_MAX,
                                "MiB"),
                        Figure.atMost("memory (incident-export, VmHWM)", after, RESIDENT_MIB_MAX, "MiB"));
            }
        }
    }

    private static String token(Stack stack, String org) {
        return Tokens.sign(Tokens.claims(List.of("engineer"), UUID.fromString(org)), stack.settings());
    }

    /** From the request to the last byte; header and rows are counted. */
    private static double seconds(ServiceProcess service, String path, String token, int rows) throws IOException {
        long started = System.nanoTime();
        long lines = service.download(path, token);
        if (lines != rows + 1L) {
            throw new IllegalStateException("%d lines (expected: %d)".formatted(lines, rows + 1L));
        }
        return (System.nanoTime() - started) / 1e9;
    }

    private double copyRate(Stack stack, String sql) throws Exception {
        List<Double> seconds = new ArrayList<>();
        try (Connection connection = stack.database()) {
            for (int i = 0; i < RUNS; i++) {
                long started = System.nanoTime();
                long copied = connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyOut(sql, OutputStream.nullOutputStream());
                if (copied != rows) {
                    throw new IllegalStateException("COPY wrote %d rows (expected: %d)".formatted(copied, rows));
                }
                seconds.add((System.nanoTime() - started) / 1e9);
            }
        }
        return rows / Bench.median(seconds);
    }
}
