package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.IncidentScenario;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The incident of {@code local-dev/publish --scenario incident}, found by everything that is meant to find it. */
class IncidentFlowIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** Above this the alert AnalyticsErrorRate fires when it lasts. */
    private static final double ERROR_RATE_ALERT = 0.05;

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS);
    private Map<String, String> settings;

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        settings.put("ROLLUP_INTERVAL", "1s");
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    @Test
    void anIncidentIsFoundByApiSummaryExportAndAlert() throws Exception {
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            IncidentScenario incident = new IncidentScenario(4, Instant.now());
            int published = publish(incident);
            await("all events are in the rollups")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> allInvocations(service, incident) == published);
            assertAlerts(service);
            assertSeriesShowsIt(service, incident);
            assertSummaryShowsIt(service, incident);
            assertExportHoldsIt(service, incident);
        }
    }

    private int publish(IncidentScenario incident) throws Exception {
        int published = 0;
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            while (incident.hasNext()) {
                publisher.publish(incident.next());
                published++;
            }
            publisher.awaitConfirms();
        }
        // Every other event is of the first organisation.
        return published / 2;
    }

    private String answer(ServiceProcess service, String pathAndQuery) {
        String token = Tokens.sign(Tokens.claims(List.of("engineer"), UUID.fromString(IncidentScenario.ORG)), settings);
        HttpResponse<String> answer =
                service.get("/analytics/v1/orgs/" + IncidentScenario.ORG + "/" + pathAndQuery, token);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private static String around(IncidentScenario incident) {
        return "start=" + incident.start().minus(Duration.ofHours(5)) + "&end="
                + incident.end().plus(Duration.ofHours(1));
    }

    private long allInvocations(ServiceProcess service, IncidentScenario incident) throws Exception {
        return JSON.readTree(answer(service, "reliability?granularity=hour&" + around(incident)))
                .at("/totals/invocations")
                .asLong();
    }

    /** The gauge that the alert reads; it looks at the last five minutes, three of which were the incident's. */
    private static void assertAlerts(ServiceProcess service) {
        Pattern gauge =
                Pattern.compile("analytics_usage_error_rate\\{[^}]*" + IncidentScenario.ORG + "[^}]*\\} (\\S+)");
        await("the gauge of the alert").atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            Matcher found = gauge.matcher(service.metrics());
            assertThat(found.find()).isTrue();
            assertThat(Double.parseDouble(found.group(1))).isGreaterThan(ERROR_RATE_ALERT);
        });
    }

    private void assertSeriesShowsIt(ServiceProcess service, IncidentScenario incident) throws Exception {
        JsonNode series = JSON.readTree(answer(
                        service, "reliability?granularity=hour&groupBy=model&groupBy=client&" + around(incident)))
                .get("series");
        assertThat(series).anySatisfy(point -> {
            assertThat(point.path("spike").asBoolean()).isTrue();
            assertThat(point.get("modelId").asText()).isEqualTo(IncidentScenario.MODEL);
            assertThat(point.get("clientId").asText()).isEqualTo(IncidentScenario.CLIENT);
            assertThat(point.at("/errorsByStatus/timeout").asInt()).isPositive();
            assertThat(Instant.parse(point.get("bucketStart").asText()))
                    .isBefore(incident.end())
                    .isAfter(incident.start().minus(Duration.ofHours(1)));
        });
        assertThat(series)
                .filteredOn(point -> point.at("/errorsByStatus/timeout").asInt() > 0)
                .allSatisfy(point -> assertThat(point.get("clientId").asText()).isEqualTo(IncidentScenario.CLIENT));
    }

    private void assertSummaryShowsIt(ServiceProcess service, IncidentScenario incident) throws Exception {
        JsonNode summary =
                JSON.readTree(answer(service, "incident-summary?start=" + incident.start() + "&end=" + incident.end()));
        JsonNode worst = summary.at("/modelsByClient/0");
        assertThat(worst.get("affected").asBoolean()).isTrue();
        assertThat(worst.get("modelId").asText()).isEqualTo(IncidentScenario.MODEL);
        assertThat(worst.get("clientId").asText()).isEqualTo(IncidentScenario.CLIENT);
        assertThat(worst.at("/figures/during/errorRate").asDouble()).isEqualTo(1);
        assertThat(worst.at("/figures/before/errorRate").asDouble()).isLessThan(0.05);
        assertThat(worst.at("/figures/after/errorRate").asDouble()).isLessThan(0.5);
        assertThat(summary.at("/errorClasses/0/errorCode").asText()).isEqualTo("upstream_timeout");
        assertThat(summary.at("/failed/cost/amount").asText()).isNotEmpty();
    }

    private void assertExportHoldsIt(ServiceProcess service, IncidentScenario incident) throws Exception {
        String csv =
                answer(service, "incident-export?status=timeout&start=" + incident.start() + "&end=" + incident.end());
        long timeouts = JSON.readTree(
                        answer(service, "incident-summary?start=" + incident.start() + "&end=" + incident.end()))
                .at("/whole/during/errorsByStatus/timeout")
                .asLong();
        assertThat(csv.lines()).hasSize((int) timeouts + 1);
        assertThat(csv.lines().skip(1)).allSatisfy(row -> assertThat(row)
                .contains(IncidentScenario.MODEL, IncidentScenario.CLIENT, ",timeout,upstream_timeout,"));
    }
}
