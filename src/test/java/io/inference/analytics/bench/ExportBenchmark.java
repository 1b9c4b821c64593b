package io.inference.analytics.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Tokens;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.postgresql.PGConnection;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * From the beginning of a job to its end: rows, comparison with the raw events, upload, manifest. The reference is PostgreSQL
 * alone, writing the same rows to a file with COPY, and the upload of that file to the same store.
 */
final class ExportBenchmark {

    private static final int HOURS = 31 * 24;
    private static final int MODELS = 40;
    private static final int EVENTS_PER_ROW = 10;
    private static final int RUNS = 9;
    private static final int RUNS_OF_LARGE = 3;
    private static final int ROWS_OF_SEVERAL_RUNS_MAX = 1_000_000;
    private static final double RESIDENT_MIB_MAX = 512;
    private static final Duration PATIENCE = Duration.ofMinutes(30);
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String FILL =
            """
            do $$
            begin
                perform analytics.ensure_day(day::date)
                from generate_series('LOW'::timestamptz, 'HIGH'::timestamptz, interval '1 day') as day;
                insert into analytics.usage_events (event_id, org_id, model_id, occurred_at, received_at, input_tokens,
                                                    output_tokens, latency_ms, status, cost_estimate_cents, batch_id)
                select gen_random_uuid(), 'ORG', lpad(to_hex(model), 32, '0')::uuid,
                       'LOW'::timestamptz + hour * interval '1 hour' + event * interval '5 minutes', now(), 1000 + event,
                       100 + model % 100, 1200, 'success', 0.12345678, 0
                from generate_series(0, HOURS - 1) as hour, generate_series(1, MODELS) as model,
                     generate_series(1, EVENTS) as event;
            end $$;
            """;

    // As many bytes as the service writes: the same rows with the same columns.
    private static final String ROWS =
            """
            copy (select org_id, coalesce((select name from analytics.orgs where org_id = 'ORG'), org_id::text), model_id,
                         coalesce(name, model_id::text),
                         to_char(bucket_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), invocations, errors,
                         input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, cents, unpriced
                  from (select org_id, model_id, bucket_start, sum(invocations) as invocations,
                               coalesce(sum(invocations) filter (where status <> 'success'), 0) as errors,
                               sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
                               sum(cache_read_input_tokens) as cache_read_input_tokens,
                               sum(cache_write_input_tokens) as cache_write_input_tokens,
                               sum(cost_estimate_cents) as cents, sum(unpriced_invocations) as unpriced
                        from analytics.usage_hourly
                        where org_id = 'ORG' and bucket_start >= 'LOW' and bucket_start < 'HIGH'
                        group by org_id, bucket_start, model_id
                        order by bucket_start, model_id) as usage
                  left join analytics.models using (model_id)
                  order by bucket_start, model_id) to stdout (format csv, header)
            """;

    private final int rowsOfLarge;
    private final List<String> notes;

    ExportBenchmark(int rowsOfLarge, List<String> notes) {
        this.rowsOfLarge = rowsOfLarge;
        this.notes = notes;
    }

    private record Window(UUID org, Instant low, Instant high) {

        String in(String sql) {
            return sql.replace("ORG", org.toString())
                    .replace("LOW", low.toString())
                    .replace("HIGH", high.toString());
        }
    }

    List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        Instant high = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(1, ChronoUnit.DAYS);
        Instant low = high.minus(HOURS, ChronoUnit.HOURS);
        Window usual = new Window(UUID.randomUUID(), low, high);
        Window large = new Window(UUID.randomUUID(), low, high);
        int largeModels = Math.max(1, rowsOfLarge / HOURS);
        try (Stack stack = new Stack("stream", Backend.S3)) {
            stack.prepare();
            Bench.progress("making 31 days of %d models, and of %d".formatted(MODELS, largeModels));
            fill(stack, usual, MODELS, EVENTS_PER_ROW);
            fill(stack, large, largeModels, 1);
            Bench.progress("rolling up");
            rollUp(stack, usual);
            try (ServiceProcess service = stack.startService()) {
                figures.add(
                        measured(stack, service, usual, "31 days by hour, %,d rows".formatted(HOURS * MODELS), RUNS));
                figures.add(measured(
                        stack,
                        service,
                        large,
                        "%,d rows".formatted(HOURS * largeModels),
                        rowsOfLarge > ROWS_OF_SEVERAL_RUNS_MAX ? 1 : RUNS_OF_LARGE));
                figures.add(Figure.atMost(
                        "memory (export, VmHWM)",
                        ProcessUsage.peakResidentMib(service.pid()),
                        RESIDENT_MIB_MAX,
                        "MiB"));
            }
        }
        notes.add("export: with names, SHA-256, the comparison with the raw events, upload and manifest");
        return figures;
    }

    /** Both in turns, so that what else the machine does meets both. */
    private Figure measured(Stack stack, ServiceProcess service, Window window, String what, int runs)
            throws Exception {
        List<Double> ours = new ArrayList<>();
        List<Double> references = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            Bench.progress("exporting " + what);
            Made made = export(stack, service, window);
            ours.add(made.seconds());
            Bench.progress("COPY and upload");
            references.add(referenceSeconds(stack, window, made.bytes()));
        }
        double reference = Bench.median(references);
        return Figure.atMost(
                "export of " + what,
                Bench.median(ours),
                "COPY of the same rows, and upload",
                reference,
                2 * reference,
                "s");
    }

    private static void fill(Stack stack, Window window, int models, int events) throws SQLException {
        stack.execute(window.in(FILL)
                .replace("HOURS", Integer.toString(HOURS))
                .replace("MODELS", Integer.toString(models))
                .replace("EVENTS", Integer.toString(events)));
    }

    private static void rollUp(Stack stack, Window window) throws SQLException {
        if (System.getProperty("analytics.test.flavour", "postgres").equals("timescale")) {
            for (String view : List.of("usage_hourly", "usage_daily")) {
                stack.execute(window.in("call refresh_continuous_aggregate('analytics." + view
                        + "', 'LOW'::timestamptz, 'HIGH'::timestamptz)"));
            }
        } else {
            stack.execute(window.in("select analytics.recompute_rollups('LOW', 'HIGH')"));
        }
        stack.execute("vacuum analyze");
    }

    /** What the service needed, and how long its file is. */
    private record Made(double seconds, long bytes) {}

    private static double referenceSeconds(Stack stack, Window window, long bytes) throws Exception {
        Map<String, String> settings = stack.settings();
        Path file = Files.createTempFile(Path.of("target"), "export", ".csv");
        try (Connection connection = stack.database();
                S3Client store = S3Client.builder()
                        .endpointOverride(URI.create(settings.get("S3_ENDPOINT")))
                        .forcePathStyle(true)
                        .region(Region.of(settings.get("S3_REGION")))
                        .httpClientBuilder(UrlConnectionHttpClient.builder())
                        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(
                                settings.get("S3_ACCESS_KEY"), settings.get("S3_SECRET_KEY"))))
                        .build()) {
            store.headBucket(head -> head.bucket(settings.get("S3_BUCKET")));
            long begun = System.nanoTime();
            try (OutputStream out = Files.newOutputStream(file)) {
                connection.unwrap(PGConnection.class).getCopyAPI().copyOut(window.in(ROWS), out);
            }
            store.putObject(put -> put.bucket(settings.get("S3_BUCKET")).key("bench/reference.csv"), file);
            double seconds = (System.nanoTime() - begun) / 1e9;
            long copied = Files.size(file);
            if (Math.abs(copied - bytes) > bytes / 20) {
                throw new IllegalStateException("the file has %d bytes, COPY wrote %d".formatted(bytes, copied));
            }
            store.deleteObject(
                    delete -> delete.bucket(settings.get("S3_BUCKET")).key("bench/reference.csv"));
            return seconds;
        } finally {
            Files.delete(file);
        }
    }

    private static Made export(Stack stack, ServiceProcess service, Window window) throws Exception {
        String token = Tokens.sign(Tokens.claims(List.of("finance"), window.org()), stack.settings());
        String path = "/analytics/v1/orgs/" + window.org() + "/exports";
        String body =
                window.in("{\"granularity\": \"hourly\", \"timeRange\": {\"start\": \"LOW\", \"end\": \"HIGH\"}}");
        HttpResponse<String> accepted = service.post(path, body, token);
        String id = JSON.readTree(accepted.body()).path("jobId").asText();
        Awaitility.await("export " + accepted.body())
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> job(service, path + "/" + id, window, stack).hasNonNull("completedAt"));
        JsonNode job = job(service, path + "/" + id, window, stack);
        if (!job.path("status").asText().equals("succeeded")) {
            throw new IllegalStateException(job.toPrettyString());
        }
        Duration took = Duration.between(
                Instant.parse(job.get("startedAt").asText()),
                Instant.parse(job.get("completedAt").asText()));
        return new Made(took.toMillis() / 1_000.0, job.get("sizeBytes").longValue());
    }

    /** A new token each time: a large file may take longer than one lives. */
    private static JsonNode job(ServiceProcess service, String path, Window window, Stack stack) throws Exception {
        String token = Tokens.sign(Tokens.claims(List.of("finance"), window.org()), stack.settings());
        return JSON.readTree(service.get(path, token).body());
    }
}
