package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.export.StallingStore.Stall;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
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
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Whatever ends the process that makes a file, and wherever it ends: the job comes to its end once, with one whole file. */
class ExportFaultIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final UUID MODEL = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final String MARCH =
            """
            {"timeRange": {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}}""";

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.S3);
    private final UUID org = UUID.randomUUID();
    private final PGSimpleDataSource database = new PGSimpleDataSource();
    private Map<String, String> settings;
    private StallingStore store;

    @BeforeEach
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        store = new StallingStore(settings.get("S3_ENDPOINT"));
        settings.put("S3_PUBLIC_ENDPOINT", settings.get("S3_ENDPOINT"));
        settings.put("S3_ENDPOINT", store.endpoint());
        settings.put("EXPORT_WORKER_INTERVAL", "200ms");
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("ANALYTICS_EXPORT_LEASE", "3s");
        URI url = URI.create(settings.get("DATABASE_URL"));
        String[] user = url.getUserInfo().split(":", 2);
        database.setUrl("jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath());
        database.setUser(user[0]);
        database.setPassword(user[1]);
    }

    @AfterEach
    void end() throws Exception {
        store.close();
        backends.stop();
    }

    private String token() {
        return Tokens.sign(Tokens.claims(List.of("finance"), org), settings);
    }

    private String path() {
        return "/analytics/v1/orgs/" + org + "/exports";
    }

    private String create(ServiceProcess service, String body) throws Exception {
        HttpResponse<String> answer = service.post(path(), body, token());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return Figures.JSON.readTree(answer.body()).get("jobId").textValue();
    }

    private JsonNode job(ServiceProcess service, String id) throws Exception {
        return Figures.JSON.readTree(service.get(path() + "/" + id, token()).body());
    }

    private JsonNode succeeded(ServiceProcess service, String id) throws Exception {
        await("export " + id)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> !Set.of("pending", "running")
                        .contains(job(service, id).path("status").asText("pending")));
        JsonNode job = job(service, id);
        assertThat(job.get("status").textValue()).as(job.toPrettyString()).isEqualTo("succeeded");
        return job;
    }

    /** The object is the file that the job tells of, and nothing else is left of the tries before. */
    private void assertOneWholeFile(ServiceProcess service, JsonNode job) throws Exception {
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
        List<Stall> stages = List.of(
                Stall.after(line -> line.startsWith("POST ") && line.contains("?uploads")),
                Stall.before(line -> line.startsWith("PUT ") && line.contains("partNumber=1")),
                Stall.before(line -> line.startsWith("POST ") && line.contains("uploadId=")),
                Stall.after(line -> line.startsWith("POST ") && line.contains("uploadId=")),
                Stall.after(line -> line.startsWith("PUT ") && line.contains(".manifest.json")));
        ServiceProcess service = start();
        new StoredUsage()
                .add(Event.of(org, MODEL, "2026-03-05T10:00:00Z").cost("1.5"))
                .store(database);
        String log = "";
        for (Stall stage : stages) {
            store.arm(stage);
            String id = create(service, MARCH);
            stage.reached().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            service.kill();
            stage.release();
            log += service.log();
            service = start();
            JsonNode job = succeeded(service, id);
            assertThat(job.get("tries").intValue()).isGreaterThan(1);
            assertOneWholeFile(service, job);
        }
        // While it reads its snapshot.
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table analytics.models in access exclusive mode");
            String id = create(service, MARCH);
            ServiceProcess running = service;
            await().atMost(PATIENCE)
                    .until(() -> job(running, id).get("status").textValue().equals("running"));
            service.kill();
            connection.rollback();
            log += service.log();
            service = start();
            assertOneWholeFile(service, succeeded(service, id));
        }
        log += service.log();
        service.close();
        assertThat(log).contains("event=export_succeeded").doesNotContain("X-Amz-Signature");
        assertThat(log).doesNotContain(settings.get("S3_SECRET_KEY"));
    }

    @Test
    void aProcessThatSleptThroughItsLeaseOverwritesNothing() throws Exception {
        Stall complete = store.arm(Stall.before(line -> line.startsWith("POST ") && line.contains("uploadId=")));
        try (ServiceProcess sleeper = start()) {
            new StoredUsage()
                    .add(Event.of(org, MODEL, "2026-03-05T10:00:00Z").cost("1.5"))
                    .store(database);
            String id = create(sleeper, MARCH);
            complete.reached().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            sleeper.signal("STOP");
            try (ServiceProcess other = start()) {
                // So that the two files are not the same.
                rename("Renamed");
                JsonNode job = succeeded(other, id);
                assertThat(job.get("rowCount").intValue()).isEqualTo(1);
                complete.release();
                sleeper.signal("CONT");
                await().atMost(PATIENCE).until(() -> sleeper.log().contains("event=export_hold_lost"));
                assertOneWholeFile(other, job(other, id));
                assertThat(job(other, id).get("checksum")).isEqualTo(job.get("checksum"));
            }
        }
    }

    @Test
    void filesAddUpWhileLateEventsPourIn() throws Exception {
        Instant now = Instant.now();
        Instant day = now.truncatedTo(ChronoUnit.DAYS).minus(3, ChronoUnit.DAYS);
        String body = "{\"granularity\": \"hourly\", \"timeRange\": {\"start\": \"%s\", \"end\": \"%s\"}}"
                .formatted(day, day.plus(5, ChronoUnit.DAYS));
        AtomicBoolean enough = new AtomicBoolean();
        try (ServiceProcess service = start();
                ConfirmedPublisher publisher =
                        new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            Thread rain = new Thread(() -> pour(publisher, now, enough), "rain");
            rain.start();
            try {
                await().atMost(PATIENCE).until(() -> total(service, day) > 0);
                for (int i = 0; i < 8; i++) {
                    JsonNode job = succeeded(service, create(service, body));
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
                JsonNode usage = usage(service, day);
                JsonNode job = succeeded(service, create(service, body));
                assertThat(job.get("totals")).isEqualTo(usage.get("totals"));
                assertThat(job.get("totals")).isEqualTo(usage(service, day).get("totals"));
            });
        }
    }

    private void rename(String name) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("insert into analytics.orgs (org_id, name) values ('" + org + "', '" + name + "')");
        }
    }

    @Test
    void theCommandLineMakesAMonthAndRestatesIt() throws Exception {
        YearMonth month = YearMonth.from(Instant.now().atZone(ZoneOffset.UTC)).minusMonths(1);
        start().close();
        new StoredUsage()
                .add(Event.of(org, MODEL, month + "-05T10:00:00Z").cost("1.5"))
                .store(database);
        String key = "analytics/exports/%s/%s".formatted(org, month.toString().replace("-", ""));
        for (int revision = 1; revision <= 2; revision++) {
            ServiceProcess command =
                    ServiceProcess.start(settings, "export", "run-monthly", "--month", month.toString());
            assertThat(command.awaitEnd()).as(command.log()).isZero();
            assertThat(command.log()).contains(key + "-r" + revision + ".csv").contains("1 files made, 0 failed");
        }
        ServiceProcess early = ServiceProcess.start(
                settings,
                "export",
                "run-monthly",
                "--org",
                org.toString(),
                "--month",
                month.plusMonths(1).toString());
        assertThat(early.awaitEnd()).isEqualTo(2);
        assertThat(early.log()).contains("expected: a month that is over");
    }

    private void pour(ConfirmedPublisher publisher, Instant now, AtomicBoolean enough) {
        try {
            for (int i = 0; !enough.get(); i++) {
                Instant late = now.minus((i * 37L) % (60 * 60), ChronoUnit.MINUTES);
                publisher.publish(EventJson.minimal()
                        .with("eventId", '"' + UUID.randomUUID().toString() + '"')
                        .with("orgId", '"' + org.toString() + '"')
                        .with("occurredAt", '"' + late.toString() + '"')
                        .with("costEstimateCents", "0.00000" + (100 + i % 900))
                        .bytes());
                if (i % 20 == 0) {
                    publisher.awaitConfirms();
                }
            }
        } catch (ConfirmedPublisher.PublishException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode usage(ServiceProcess service, Instant day) throws Exception {
        return Figures.JSON.readTree(service.get(
                        "/analytics/v1/orgs/%s/usage?start=%s&end=%s".formatted(org, day, day.plus(5, ChronoUnit.DAYS)),
                        token())
                .body());
    }

    private long total(ServiceProcess service, Instant day) throws Exception {
        return usage(service, day).at("/totals/invocations").longValue();
    }

    private ServiceProcess start() {
        return ServiceProcess.start(settings).awaitReady();
    }
}
