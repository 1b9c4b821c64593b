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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

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
    void theTraceOfAnExportLeadsToItsRequest() throws Exception {
        Instant hour = Instant.now().truncatedTo(ChronoUnit.HOURS);
        String token = Tokens.sign(Tokens.claims(List.of("org-admin"), UUID.fromString(KnownEvents.ORG)), settings);
        String jobs = "/analytics/v1/orgs/" + KnownEvents.ORG + "/exports";
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

        await("the spans").atMost(PATIENCE).untilAsserted(() -> {
            Received export = collector.spans("export").stream()
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no span of the export"));
            assertThat(export.attributes()).containsEntry("analytics.job_id", jobId);
            Link request = export.links().get(0);
            assertThat(collector.spans()).anySatisfy(span -> {
                assertThat(span.traceId()).isEqualTo(request.traceId());
                assertThat(span.spanId()).isEqualTo(request.spanId());
                assertThat(span.name()).startsWith("POST ").endsWith("/exports");
            });
        });
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
