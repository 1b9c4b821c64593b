package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.export.Exports.Order;
import io.inference.analytics.export.StallingStore.Stall;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A process that makes a file may end at any step, for any reason: its job still ends once, with one
 * whole file. Starting the service takes time, so the tests share a process, in any order; a test
 * that ends it leaves a successor.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ExportFaultIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.S3);
    private UUID org;
    private Map<String, String> settings;
    private Sql database;
    private StallingStore store;
    private ServiceProcess service;
    private String logs = "";

    @BeforeAll
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        store = new StallingStore(settings.get("S3_ENDPOINT"));
        settings.put("S3_PUBLIC_ENDPOINT", settings.get("S3_ENDPOINT"));
        settings.put("S3_ENDPOINT", store.endpoint());
        settings.put("EXPORT_WORKER_INTERVAL", "200ms");
        // One for each stage at which a process is killed, all at once.
        settings.put("EXPORT_WORKER_CONCURRENCY", "7");
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("ANALYTICS_EXPORT_LEASE", "3s");
        database = new Sql(settings.get("DATABASE_URL"));
        service = start();
    }

    @BeforeEach
    void anOrganisationOfItsOwn() {
        org = UUID.randomUUID();
    }

    @AfterAll
    void end() throws Exception {
        retire(service);
        store.close();
        backends.stop();
        assertThat(logs).contains("event=export_succeeded").doesNotContain("X-Amz-Signature");
        assertThat(logs).doesNotContain(settings.get("S3_SECRET_KEY"));
    }

    private void retire(ServiceProcess process) {
        process.close();
        logs += process.log();
    }

    private void usage() throws Exception {
        usage("2026-03-05T10:00:00Z");
    }

    /**
     * Publishes one event, as producers do: another test may have moved what the rollups have
     * materialised past it.
     */
    private void usage(String occurredAt) throws Exception {
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            publisher.publish(event(Instant.parse(occurredAt), "1.5"));
            publisher.awaitConfirms();
        }
        // It may not be in the rollups yet: an export does not wait for them either.
        await("the event is stored")
                .atMost(PATIENCE)
                .until(() -> found("select exists (select from analytics.usage_events where org_id = '" + org + "')"));
    }

    private boolean found(String sql) {
        return database.text(sql).equals("t");
    }

    private byte[] event(Instant occurredAt, String cents) {
        return EventJson.minimal()
                .with("eventId", '"' + UUID.randomUUID().toString() + '"')
                .with("orgId", '"' + org.toString() + '"')
                .with("occurredAt", '"' + occurredAt.toString() + '"')
                .with("costEstimateCents", cents)
                .bytes();
    }

    private String token() {
        return Tokens.sign(Tokens.claims(List.of("finance"), org), settings);
    }

    private String path() {
        return "/analytics/v1/orgs/" + org + "/exports";
    }

    private String create(Order order) throws Exception {
        HttpResponse<String> answer = service.post(path(), order.json(), token());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return Figures.JSON.readTree(answer.body()).get("jobId").textValue();
    }

    private JsonNode job(String id) throws Exception {
        return Figures.JSON.readTree(service.get(path() + "/" + id, token()).body());
    }

    private JsonNode succeeded(String id) throws Exception {
        await("export " + id)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> !Set.of("pending", "running")
                        .contains(job(id).path("status").asText("pending")));
        JsonNode job = job(id);
        assertThat(job.get("status").textValue()).as(job.toPrettyString()).isEqualTo("succeeded");
        return job;
    }

    /** The object is the file that the job describes, and no upload of earlier tries is left. */
    private void assertOneWholeFile(JsonNode job) throws Exception {
        HttpResponse<String> download =
                service.get(path() + "/" + job.get("jobId").textValue() + "/download", token());
        assertThat(download.statusCode()).isEqualTo(302);
        HttpResponse<byte[]> file = HTTP.send(
                HttpRequest.newBuilder(URI.create(
                                download.headers().firstValue("Location").orElseThrow()))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file.body())))
                .isEqualTo(job.get("checksum").textValue());
        String key = "analytics/exports/" + org + "/" + job.get("jobId").textValue();
        try (S3Client client = client()) {
            assertThat(client.listMultipartUploads(list ->
                                    list.bucket(settings.get("S3_BUCKET")).prefix(key))
                            .uploads())
                    .isEmpty();
        }
    }

    private S3Client client() {
        return S3Client.builder()
                .endpointOverride(URI.create(settings.get("S3_PUBLIC_ENDPOINT")))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(settings.get("S3_ACCESS_KEY"), settings.get("S3_SECRET_KEY"))))
                .httpClient(UrlConnectionHttpClient.create())
                .build();
    }

    @Test
    void killedAtAnyStageTheJobIsTakenOverAndDoneOnce() throws Exception {
        usage();
        List<Stall> stages = Stream.of(
                        Stall.after(line -> line.startsWith("POST ") && line.contains("?uploads")),
                        Stall.before(line -> line.startsWith("PUT ") && line.contains("partNumber=1")),
                        Stall.before(line -> line.startsWith("POST ") && line.contains("uploadId=")),
                        Stall.after(line -> line.startsWith("POST ") && line.contains("uploadId=")),
                        Stall.after(line -> line.startsWith("PUT ") && line.contains(".manifest.json")))
                .map(store::arm)
                .toList();
        // As many jobs as stages: each is held at the first one where no other is.
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < stages.size(); i++) {
            ids.add(create(order()));
        }
        for (Stall stage : stages) {
            stage.reached().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            // Only files of this format read this table; the jobs that are held have their own
            // snapshots open.
            statement.execute("lock table analytics.provider_org_mapping in access exclusive mode");
            ids.add(create(order().format("focus")));
            await("one more while it reads its snapshot")
                    .atMost(PATIENCE)
                    .until(
                            () -> found(
                                    "select exists (select from pg_locks where relation = 'analytics.provider_org_mapping'::regclass and not granted)"));
            service.kill();
        }
        // Requests that had left the process arrive late.
        stages.forEach(Stall::release);
        retire(service);
        service = start();
        for (String id : ids) {
            JsonNode job = succeeded(id);
            assertThat(job.get("tries").intValue()).isGreaterThan(1);
            assertOneWholeFile(job);
        }
    }

    @Test
    void aProcessThatSleptThroughItsLeaseOverwritesNothing() throws Exception {
        usage();
        Stall complete = store.arm(Stall.before(line -> line.startsWith("POST ") && line.contains("uploadId=")));
        ServiceProcess sleeper = service;
        String id = create(order());
        complete.reached().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        sleeper.signal("STOP");
        try {
            service = start();
            // So that the two files are not the same.
            rename("Renamed");
            JsonNode job = succeeded(id);
            assertThat(job.get("rowCount").intValue()).isEqualTo(1);
            complete.release();
            sleeper.signal("CONT");
            await().atMost(PATIENCE).until(() -> sleeper.log().contains("event=export_hold_lost jobId=" + id));
            assertOneWholeFile(job(id));
            assertThat(job(id).get("checksum")).isEqualTo(job.get("checksum"));
        } finally {
            sleeper.signal("CONT");
            retire(sleeper);
        }
    }

    @Test
    void aDatabaseThatIsKilledUnderAFileCostsNoJob() throws Exception {
        usage();
        Stall part = store.arm(Stall.before(line -> line.startsWith("PUT ") && line.contains("partNumber=1")));
        String held = create(order());
        part.reached().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        LocalDev.act(Backend.POSTGRES, "kill");
        try {
            // Released any earlier, the job may end before its next heartbeat.
            await().atMost(PATIENCE).until(() -> service.log().contains("event=export_heartbeat_failed jobId=" + held));
            part.release();
        } finally {
            LocalDev.act(Backend.POSTGRES, "start");
        }
        service.awaitReady();
        assertOneWholeFile(succeeded(held));
        assertOneWholeFile(succeeded(create(order())));
    }

    @Test
    void filesAddUpWhileLateEventsPourIn() throws Exception {
        Instant now = Instant.now();
        Instant day = now.truncatedTo(ChronoUnit.DAYS).minus(3, ChronoUnit.DAYS);
        Order days = order().range(day, day.plus(5, ChronoUnit.DAYS)).granularity("hourly");
        AtomicBoolean enough = new AtomicBoolean();
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            Thread rain = new Thread(() -> pour(publisher, now, enough), "rain");
            rain.start();
            try {
                await().atMost(PATIENCE).until(() -> total(day) > 0);
                for (int i = 0; i < 8; i++) {
                    JsonNode job = succeeded(create(days));
                    assertThat(job.at("/reconciliation/status").textValue()).isEqualTo("equal");
                    assertThat(job.at("/totals/invocations").longValue()).isPositive();
                }
            } finally {
                enough.set(true);
                rain.join();
            }
            assertThat(service.metrics())
                    .contains("analytics_export_jobs_total{status=\"expired\"} 0.0")
                    .contains("analytics_export_consecutive_failures ")
                    .containsPattern("analytics_export_jobs_total\\{status=\"succeeded\"} [1-9]")
                    .containsPattern("analytics_export_duration_seconds_count [1-9]");
            publisher.awaitConfirms();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
                JsonNode usage = usageOf(day);
                JsonNode job = succeeded(create(days));
                assertThat(job.get("totals")).isEqualTo(usage.get("totals"));
                assertThat(job.get("totals")).isEqualTo(usageOf(day).get("totals"));
            });
        }
    }

    private void rename(String name) {
        database.execute("insert into analytics.orgs (org_id, name) values ('" + org + "', '" + name + "')");
    }

    @Test
    void theCommandLineMakesAMonthAndRestatesIt() throws Exception {
        YearMonth month = YearMonth.from(Instant.now().atZone(ZoneOffset.UTC)).minusMonths(1);
        usage(month + "-05T10:00:00Z");
        Instant day = month.atDay(5).atStartOfDay(ZoneOffset.UTC).toInstant();
        await("the organisation among those with usage in the month")
                .atMost(PATIENCE)
                .until(() -> total(day) == 1);
        String key = "analytics/exports/%s/%s".formatted(org, month.toString().replace("-", ""));
        // So that the service does not take the jobs.
        service.signal("STOP");
        try {
            Result first = CommandProcess.run(settings, "export", "run-monthly", "--month", month.toString());
            assertThat(first.exitCode()).as(first.out() + first.err()).isZero();
            assertThat(first.out()).contains(key + "-r1.csv").contains(" 0 failed");
            Result second = CommandProcess.run(
                    settings, "export", "run-monthly", "--month", month.toString(), "--org", org.toString());
            assertThat(second.exitCode()).as(second.out() + second.err()).isZero();
            assertThat(second.out()).contains(key + "-r2.csv").contains("1 files made, 0 failed");
        } finally {
            service.signal("CONT");
        }
    }

    private void pour(ConfirmedPublisher publisher, Instant now, AtomicBoolean enough) {
        try {
            for (int i = 0; !enough.get(); i++) {
                Instant late = now.minus((i * 37L) % (60 * 60), ChronoUnit.MINUTES);
                publisher.publish(event(late, "0.00000" + (100 + i % 900)));
                // One at a time: a steady rain without a backlog for the tests that follow.
                publisher.awaitConfirms();
            }
        } catch (ConfirmedPublisher.PublishException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode usageOf(Instant day) throws Exception {
        return Figures.JSON.readTree(service.get(
                        "/analytics/v1/orgs/%s/usage?start=%s&end=%s".formatted(org, day, day.plus(5, ChronoUnit.DAYS)),
                        token())
                .body());
    }

    private long total(Instant day) throws Exception {
        return usageOf(day).at("/totals/invocations").longValue();
    }

    private ServiceProcess start() {
        return ServiceProcess.start(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"), settings)
                .awaitReady();
    }
}
