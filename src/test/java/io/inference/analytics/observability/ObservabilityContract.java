package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.OtlpReceiver;
import io.inference.analytics.testing.OtlpReceiver.Link;
import io.inference.analytics.testing.OtlpReceiver.Received;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an operator sees of the packaged service after a few known events. One run of the service serves all tests of a class; the
 * subclasses bind it to the transports, the build to the storage flavours.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ObservabilityContract {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS);
    private final OtlpReceiver collector = OtlpReceiver.start();
    private Map<String, String> settings;
    private ServiceProcess service;
    private Scrape atStart;
    private Scrape atWork;

    abstract String transport();

    /** LOG_LEVEL, which is taken in any case. */
    abstract String logLevel();

    @BeforeAll
    void begin() throws Exception {
        settings = new HashMap<>(backends.start());
        settings.put("INGESTION_TRANSPORT", transport());
        settings.put("ROLLUP_INTERVAL", "1s");
        settings.put("ANALYTICS_INGESTION_CONSERVATION_INTERVAL", "1s");
        settings.put("ANALYTICS_ANOMALIES_INTERVAL", "1s");
        settings.put("ANALYTICS_ANOMALIES_MINIMUM_USD", "0");
        settings.put("ANALYTICS_CONFLICTS_INTERVAL", "1s");
        settings.put("LOG_LEVEL", logLevel());
        settings.put("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
        service = ServiceProcess.start(settings).awaitReady();
        atStart = scrape();
        KnownBudgets.put("early", service, settings);
        KnownEvents.publish(settings.get("RABBITMQ_URL"), this::awaitFirstBatch);
        await("all outcomes").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        sum(scrape(), "analytics_ingestion_events_total"))
                .isEqualTo(KnownEvents.PUBLISHED));
        KnownBudgets.put("known", service, settings);
        // The schedule looks at budgets that were last evaluated half a minute ago or before.
        new Sql(settings.get("DATABASE_URL"))
                .execute(
                        "update analytics.budgets set evaluated_at = now() - interval '1 minute' where name = 'early'");
        // Here, as they are about the last five minutes: a test that comes late would find nothing.
        await("gauges of the organisation").atMost(PATIENCE).untilAsserted(() -> {
            atWork = scrape();
            assertGauges(atWork);
        });
    }

    @AfterAll
    void end() {
        service.close();
        collector.close();
        backends.stop();
    }

    @Test
    void everySeriesWhoseLabelsAreKnownIsThereFromTheStart() {
        SeriesAtStart.assertThere(atStart);
    }

    @Test
    void typesAreWhatPrometheusExpects() {
        Map<String, String> types = scrape().types();
        // The OpenMetrics names of counters have no suffix in their type line.
        assertThat(types)
                .containsEntry("analytics_ingestion_events", "counter")
                .containsEntry("analytics_ingestion_batch_seconds", "histogram")
                .containsEntry("analytics_ingestion_lag_seconds", "gauge")
                .containsEntry("analytics_ingestion_backlog_events", "gauge")
                .containsEntry("analytics_rollup_duration_seconds", "histogram")
                .containsEntry("analytics_rollup_last_success_timestamp_seconds", "gauge")
                .containsEntry("analytics_conservation_gap_events", "gauge");
    }

    @Test
    void outcomesAreCounted() {
        Scrape now = scrape();
        assertThat(outcome(now, "stored", "")).isEqualTo(KnownEvents.STORED);
        assertThat(outcome(now, "duplicate", "")).isEqualTo(1);
        assertThat(outcome(now, "conflict", "")).isEqualTo(1);
        assertThat(outcome(now, "dead_lettered", "malformed_json")).isEqualTo(1);
        assertThat(now.value("analytics_ingestion_batch_seconds_count", Map.of())
                        .orElseThrow())
                .isPositive();
        assertThat(now.value("analytics_rollup_last_success_timestamp_seconds", Map.of())
                        .orElseThrow())
                .isGreaterThanOrEqualTo(atStart.value("analytics_rollup_last_success_timestamp_seconds", Map.of())
                        .orElseThrow());
    }

    @Test
    void organisationsHaveTheirGauges() {
        assertGauges(atWork);
        assertThat(atWork.value("analytics_usage_error_rate", Map.of("org_id", KnownEvents.QUIET_ORG)))
                .as("an organisation with fewer than 20 events")
                .isEmpty();
    }

    private static void assertGauges(Scrape scrape) {
        Map<String, String> org = Map.of("org_id", KnownEvents.ORG);
        assertThat(scrape.value("analytics_usage_error_rate", org)).hasValue(KnownEvents.ERROR_RATE);
        assertThat(scrape.value(
                        "analytics_usage_latency_seconds", Map.of("org_id", KnownEvents.ORG, "quantile", "0.5")))
                .hasValueCloseTo(0.1, within(0.002));
        assertThat(scrape.value(
                        "analytics_usage_latency_seconds", Map.of("org_id", KnownEvents.ORG, "quantile", "0.99")))
                .hasValueCloseTo(4.0, within(0.08));
        assertThat(scrape.value("analytics_freshness_lag_seconds", org)).hasValue(0);
        assertThat(scrape.value("analytics_spend_anomalies", org).orElse(0))
                .as("an organisation of today is not judged")
                .isNaN();
        assertThat(scrape.value("analytics_conflicting_clients", Map.of("org_id", KnownEvents.QUIET_ORG)))
                .as("one conflict and two stored events")
                .hasValue(1);
        assertThat(scrape.value("analytics_conflicting_clients", org)).isEmpty();
        assertThat(scrape.value("analytics_budget_state", Map.of("org_id", KnownEvents.ORG, "budget", "known")))
                .hasValue(100);
    }

    /** It was set before the first event. */
    @Test
    void budgetIsEvaluatedByScheduleAndShown() {
        await("the budget's state").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        scrape().value("analytics_budget_state", Map.of("org_id", KnownEvents.ORG, "budget", "early")))
                .hasValue(100));
    }

    @Test
    void aLostRowShowsAsGap() {
        Sql sql = new Sql(settings.get("DATABASE_URL"));
        sql.execute("create table analytics.lost as select * from analytics.usage_events where org_id = '"
                + KnownEvents.QUIET_ORG + "'");
        try {
            sql.execute("delete from analytics.usage_events where org_id = '" + KnownEvents.QUIET_ORG + "'");
            await("the gap").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            scrape().value("analytics_conservation_gap_events", Map.of())
                                    .orElseThrow())
                    .isGreaterThanOrEqualTo(KnownEvents.OTHERS));
        } finally {
            sql.execute("insert into analytics.usage_events select * from analytics.lost");
            sql.execute("drop table analytics.lost");
        }
        await("no gap").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        scrape().value("analytics_conservation_gap_events", Map.of()))
                .hasValue(0));
    }

    @Test
    void everyLineOfTheLogIsOneJsonObject() throws IOException {
        for (JsonNode line : log()) {
            assertThat(line.path("timestamp").asText()).isNotEmpty();
            assertThat(line.path("level").asText()).isNotEmpty();
            assertThat(line.path("loggerName").asText()).isNotEmpty();
            assertThat(line.path("message").asText()).isNotEmpty();
        }
    }

    @Test
    void librariesStayQuietAtDebug() throws IOException {
        assertThat(log().stream()
                        .filter(line -> line.path("level").asText().equals("DEBUG"))
                        .map(line -> line.path("loggerName").asText()))
                .isNotEmpty()
                .allMatch(logger -> logger.startsWith("io.inference.analytics"));
    }

    @Test
    void oneIdLeadsFromTheMessageThroughItsBatchToTheRollup() {
        await("lines about the message").atMost(PATIENCE).untilAsserted(() -> {
            List<JsonNode> lines = log();
            JsonNode taken = JsonLog.only(lines, "event=batch_taken ", "[" + KnownEvents.TRACED_MESSAGE);
            String correlationId = taken.path("mdc").path("correlationId").asText();
            assertThat(correlationId).isEqualTo(KnownEvents.TRACED_MESSAGE);
            JsonNode committed = JsonLog.only(lines, "event=batch_committed ", "correlation_id=" + correlationId);
            assertThat(committed.path("mdc").path("correlationId").asText()).isEqualTo(correlationId);
            JsonLog.only(lines, "event=rolled_up ", correlationId);
        });
    }

    @Test
    void noSecretIsLogged() {
        String log = service.log();
        for (String name : List.of("DATABASE_URL", "RABBITMQ_URL", "REDIS_URL")) {
            String password = URI.create(settings.get(name)).getUserInfo().split(":", 2)[1];
            assertThat(log.contains(password))
                    .as("password of " + name + " in the log")
                    .isFalse();
        }
    }

    @Test
    void theTraceOfTheProducerLeadsToBatchAndRollup() {
        await("spans").atMost(PATIENCE).untilAsserted(() -> {
            Received batch = collector.spans("ingest batch").stream()
                    .filter(span -> span.links().contains(new Link(KnownEvents.TRACE_ID, KnownEvents.PARENT_SPAN_ID)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no batch span linked to the producer's"));
            assertThat(batch.service()).isEqualTo("analytics");
            assertThat(batch.kind()).isEqualTo(Span.SpanKind.SPAN_KIND_CONSUMER);
            assertThat(batch.parentSpanId()).isEmpty();
            assertThat(batch.attributes())
                    .containsEntry("analytics.correlation_id", KnownEvents.TRACED_MESSAGE)
                    .containsKey("messaging.batch.message_count");
            assertThat(collector.spans("rollup")).anySatisfy(rollup -> assertThat(rollup.links())
                    .contains(new Link(batch.traceId(), batch.spanId())));
        });
    }

    @Test
    void linesOfATracedBatchCarryItsTraceId() {
        await("the span").atMost(PATIENCE).untilAsserted(() -> {
            JsonNode committed =
                    JsonLog.only(log(), "event=batch_committed ", "correlation_id=" + KnownEvents.TRACED_MESSAGE);
            assertThat(collector.spans("ingest batch"))
                    .extracting(Received::traceId)
                    .contains(committed.path("mdc").path("traceId").asText());
        });
    }

    @ParameterizedTest
    @MethodSource("promqlSources")
    void expressionsNameOnlyWhatIsEmitted(Promql promql) {
        Set<String> emitted = new TreeSet<>(complete().names());
        // Emitted by Prometheus itself.
        emitted.addAll(Set.of("up", "ALERTS"));
        emitted.addAll(Promql.recordedNames());
        // The synthetic check tells these to the Pushgateway.
        emitted.addAll(Set.of(
                "analytics_synthetic_success",
                "analytics_synthetic_duration_seconds",
                "analytics_synthetic_last_run_timestamp_seconds"));
        if (transport().equals("queue")) {
            emitted.add("analytics_ingestion_stream_max_age_seconds");
        }
        assertThat(promql.metricNames()).isNotEmpty().isSubsetOf(emitted);
    }

    /** With the series that exist only once an organisation has events. */
    final Scrape complete() {
        return atWork;
    }

    @Test
    void everyMetricSaysWhatItMeans() {
        Scrape now = complete();
        assertThat(MetricsPage.metrics(now).keySet())
                .isNotEmpty()
                .allSatisfy(name -> assertThat(now.help().get(name)).as(name).isNotBlank());
    }

    static List<Promql> promqlSources() throws IOException {
        List<Promql> all = new ArrayList<>(Promql.ofDashboards());
        all.addAll(Promql.ofRules());
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/analytics/v1/status/healthz",
                "/analytics/v1/status/readyz",
                "/q/health",
                "/q/health/live",
                "/q/health/ready"
            })
    void statusIsUp(String path) {
        await(path).atMost(PATIENCE).untilAsserted(() -> {
            HttpResponse<String> answer = service.get(path, "");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(JSON.readTree(answer.body()).path("status").asText()).isEqualTo("UP");
        });
    }

    @Test
    void aGoneDatabaseIsNotReadyButAlive() throws IOException {
        LocalDev.act(Backend.POSTGRES, "kill");
        try {
            await("not ready").atMost(PATIENCE).until(() -> ready() == 503);
            assertThat(checks("/analytics/v1/status/readyz")).containsEntry("database", "DOWN");
            assertThat(service.management("/q/health/ready").statusCode()).isEqualTo(503);
            assertThat(alive()).isEqualTo(200);
            assertThat(service.management("/q/health/live").statusCode()).isEqualTo(200);
            await("the ingest says so too").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            checks("/analytics/v1/status/readyz"))
                    .containsEntry("ingest", "DOWN"));
        } finally {
            LocalDev.act(Backend.POSTGRES, "start");
        }
        await("ready again").atMost(PATIENCE).until(() -> ready() == 200);
    }

    @Test
    void aGoneBrokerIsShownAndNothingElse() throws IOException {
        LocalDev.act(Backend.RABBITMQ, "kill");
        try {
            await("the broker is down").atMost(PATIENCE).untilAsserted(() -> {
                assertThat(alive()).isEqualTo(200);
                assertThat(ready()).isEqualTo(200);
                assertThat(scrape().value("analytics_ingestion_broker_up", Map.of()))
                        .hasValue(0);
                assertThat(service.get("/analytics/v1/status/readyz", "").body())
                        .contains("unreachable");
            });
        } finally {
            LocalDev.act(Backend.RABBITMQ, "start");
        }
        await("the broker is up again").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        scrape().value("analytics_ingestion_broker_up", Map.of()))
                .hasValue(1));
    }

    private int alive() {
        return service.get("/analytics/v1/status/healthz", "").statusCode();
    }

    private int ready() {
        return service.get("/analytics/v1/status/readyz", "").statusCode();
    }

    private Map<String, String> checks(String path) throws IOException {
        Map<String, String> checks = new HashMap<>();
        JSON.readTree(service.get(path, "").body())
                .path("checks")
                .forEach(check -> checks.put(
                        check.path("name").asText(), check.path("status").asText()));
        return checks;
    }

    private List<JsonNode> log() throws IOException {
        return JsonLog.lines(service.log());
    }

    private void awaitFirstBatch() {
        await("the first batch").atMost(PATIENCE).until(() -> outcome(scrape(), "stored", "") == 1);
    }

    final Scrape scrape() {
        return Scrape.parse(service.metrics());
    }

    private static double sum(Scrape scrape, String name) {
        return scrape.all(name).stream().mapToDouble(Scrape.Sample::value).sum();
    }

    private static double outcome(Scrape scrape, String outcome, String reason) {
        return scrape.value("analytics_ingestion_events_total", Map.of("outcome", outcome, "reason", reason))
                .orElseThrow();
    }
}
