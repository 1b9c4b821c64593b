package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.OtlpReceiver;
import io.inference.analytics.testing.OtlpReceiver.Link;
import io.inference.analytics.testing.OtlpReceiver.Received;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a producer's message to the file of an export, along the links of spans; and from a figure on a graph to a trace. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TelemetryIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern EXEMPLAR =
            Pattern.compile("(?m)^(\\w+?)(?:\\{.*?})? \\S+ # \\{.*?trace_id=\"(\\w+)\"");

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.S3);
    private final OtlpReceiver collector = OtlpReceiver.start();
    private Map<String, String> settings;
    private ServiceProcess service;

    @BeforeAll
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
        service = ServiceProcess.start(settings).awaitReady();
        KnownEvents.publish(
                settings.get("RABBITMQ_URL"),
                () -> await("the first batch").atMost(PATIENCE).until(() -> service.metrics()
                        .contains("analytics_ingestion_events_total{outcome=\"stored\",reason=\"\"} 1.0")));
    }

    @AfterAll
    void end() {
        service.close();
        collector.close();
        backends.stop();
    }

    @Test
    void theTraceOfAnExportLeadsToItsRequestAndToThePublishers() throws Exception {
        String jobId = export();

        await("the spans").atMost(PATIENCE).untilAsserted(() -> {
            List<Received> linked =
                    spanOf(jobId).links().stream().flatMap(this::spansOf).toList();
            assertThat(linked.get(0).name()).startsWith("POST ").endsWith("/exports");
            assertThat(linked).extracting(Received::name).contains("ingest batch");
            assertThat(linked.stream().flatMap(span -> span.links().stream()))
                    .contains(new Link(KnownEvents.TRACE_ID, KnownEvents.PARENT_SPAN_ID));
        });
    }

    /** Makes a file of what was published, and returns the job's id. */
    private String export() throws Exception {
        Instant hour = Instant.now().truncatedTo(ChronoUnit.HOURS).plus(1, ChronoUnit.HOURS);
        String org = KnownEvents.QUIET_ORG;
        String token = Tokens.sign(Tokens.claims(List.of("org-admin"), UUID.fromString(org)), settings);
        String jobs = "/analytics/v1/orgs/" + org + "/exports";
        HttpResponse<String> accepted = service.post(
                jobs,
                "{\"timeRange\":{\"start\":\"%s\",\"end\":\"%s\"},\"granularity\":\"hourly\",\"format\":\"csv\"}"
                        .formatted(hour.minus(3, ChronoUnit.HOURS), hour),
                token);
        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        String jobId = JSON.readTree(accepted.body()).path("jobId").asText();
        await("the file").atMost(PATIENCE).untilAsserted(() -> {
            JsonNode job = JSON.readTree(service.get(jobs + "/" + jobId, token).body());
            assertThat(job.path("status").asText()).as(job.toString()).isEqualTo("succeeded");
        });
        return jobId;
    }

    private Received spanOf(String jobId) {
        return collector.spans("export").stream()
                .filter(span -> jobId.equals(span.attributes().get("analytics.job_id")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span of the export"));
    }

    /** Stands for a database that has no time to look them up. */
    @Test
    void aFileIsMadeWithoutTheTracesOfItsBatches() throws Exception {
        Sql database = new Sql(settings.get("DATABASE_URL"));
        database.execute("alter table analytics.ingestion_batches rename column trace_parent to away");
        try {
            String jobId = export();

            await("the span").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            spanOf(jobId).links().stream().flatMap(this::spansOf))
                    .isNotEmpty()
                    .extracting(Received::name)
                    .doesNotContain("ingest batch"));
        } finally {
            database.execute("alter table analytics.ingestion_batches rename column away to trace_parent");
        }
    }

    private Stream<Received> spansOf(Link link) {
        return collector.spans().stream().filter(span -> link.equals(new Link(span.traceId(), span.spanId())));
    }

    /** Without tracing of its request, a row leads to its batch, and the batch to its trace. */
    @Test
    void eachStoredBatchKeepsTheContextOfItsTrace() {
        await("the batches").atMost(PATIENCE).untilAsserted(() -> {
            Set<String> spans = collector.spans("ingest batch").stream()
                    .map(span -> "00-%s-%s-01".formatted(span.traceId(), span.spanId()))
                    .collect(Collectors.toSet());
            assertThat(new Sql(settings.get("DATABASE_URL"))
                            .rows("select trace_parent from analytics.ingestion_batches"))
                    .isNotEmpty()
                    .extracting(row -> row.toList().get(0))
                    .isSubsetOf(spans);
        });
    }

    /** One that accepts plain text too gets exemplars, as Prometheus does, and so does one that names no version. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/openmetrics-text",
                "application/openmetrics-text; version=1.0.0",
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
                        + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
            })
    void aScraperThatAcceptsOpenMetricsGetsExemplars(String accept) {
        await("exemplars").atMost(PATIENCE).untilAsserted(() -> {
            HttpResponse<String> metrics = service.metrics(accept);
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(metrics.headers().firstValue("Content-Type"))
                    .contains("application/openmetrics-text; version=1.0.0; charset=utf-8");
            assertThat(metrics.body()).endsWith("# EOF\n").containsPattern(EXEMPLAR);
        });
    }

    @Test
    void aScraperOfPlainTextGetsIt() {
        HttpResponse<String> metrics = service.metrics("text/plain");
        assertThat(metrics.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.body()).contains("analytics_ingestion_events_total{").doesNotContain("# EOF");
    }

    /** Prometheus keeps them with the samples; Grafana shows them as points that lead to the trace. */
    @Test
    void seriesOfTheIngestCarryTheTracesOfBatches() {
        await("exemplars").atMost(PATIENCE).untilAsserted(() -> {
            String metrics = service.metrics();
            Set<String> traces = collector.spans("ingest batch").stream()
                    .map(Received::traceId)
                    .collect(Collectors.toSet());
            Map<String, List<String>> exemplars = EXEMPLAR.matcher(metrics)
                    .results()
                    .collect(Collectors.groupingBy(
                            match -> match.group(1), Collectors.mapping(MatchResult::group, Collectors.toList())));
            assertThat(exemplars)
                    .containsKeys("analytics_ingestion_batch_seconds_bucket", "analytics_ingestion_events_total");
            assertThat(exemplars.get("analytics_ingestion_batch_seconds_bucket"))
                    .allSatisfy(line -> assertThat(traces).anyMatch(line::contains));
        });
    }
}
