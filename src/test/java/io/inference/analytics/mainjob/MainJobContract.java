package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.ExpectedTotals.Group;
import io.inference.analytics.devtools.ExpectedTotals.Sums;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.mainjob.Stored.Outcomes;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever is published ends up stored once or accounted for, and what the API shows is what was published. The subclasses bind
 * it to the transports; the build binds it to the storage flavours.
 */
abstract class MainJobContract {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration REFRESH_TIME = Duration.ofSeconds(30);

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS);
    private Map<String, String> settings;
    private Stored stored;

    abstract String transport();

    /**
     * Whether events are stored in the order in which they were published, whatever fails. Where they are not, a drifted duplicate
     * may come first and decide the hour; everything else about it is the same.
     */
    abstract boolean ordered();

    @BeforeEach
    void begin() {
        settings = new HashMap<>(backends.start());
        settings.put("INGESTION_TRANSPORT", transport());
        settings.put("ROLLUP_INTERVAL", "1s");
    }

    @AfterEach
    void end() throws SQLException {
        if (stored != null) {
            stored.close();
        }
        backends.stop();
    }

    @Test
    void totalsEqualAnIndependentCalculation() throws Exception {
        SampleOptions options =
                new SampleOptions(200_000, 12, 5, 10, 5, 4, 1, 0.5, 5, 11, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            publish(bodies);
            awaitOutcomes(expected);
            awaitNoDrift();
            assertGroups(expected, true);
            assertThat(stored().count("select count(*) from analytics.ingestion_conflicts"))
                    .isEqualTo(expected.conflict());
            for (String org : options.orgIds()) {
                assertApiShows(service, org, expected.sumsOf(org));
            }
            assertForeignOrganisationIsHidden(service, options.orgIds());
            await("what is counted after a commit")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertMetrics(service.metrics(), expected));
        }
    }

    @Test
    void killedInMidFlowItLosesNothingAndStoresNothingTwice() throws Exception {
        SampleOptions options = new SampleOptions(60_000, 5, 4, 10, 5, 4, 1, 0, 5, 12, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        ServiceProcess first = ServiceProcess.start(settings).awaitReady();
        publish(bodies.subList(0, bodies.size() / 2));
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> stored().outcomes().received() > 1_000);
        first.kill();
        // Another number of lanes changes nothing, whatever single lanes had committed.
        settings.put("INGESTION_LANES", "3");
        try (ServiceProcess second = ServiceProcess.start(settings).awaitReady()) {
            publish(bodies.subList(bodies.size() / 2, bodies.size()));
            awaitStored(expected);
            awaitNoDrift();
            assertGroups(expected, ordered());
            assertApiShows(
                    second,
                    options.orgIds().get(0),
                    expected.sumsOf(options.orgIds().get(0)));
        }
    }

    @Test
    void twoReplicasShareTheWorkOrStandBy() throws Exception {
        SampleOptions options = new SampleOptions(60_000, 5, 4, 10, 5, 4, 1, 0, 5, 13, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        ServiceProcess one = ServiceProcess.start(settings);
        settings.put("INGESTION_LANES", "7");
        try (ServiceProcess other = ServiceProcess.start(settings)) {
            one.awaitReady();
            other.awaitReady();
            publish(bodies.subList(0, bodies.size() / 2));
            one.kill();
            publish(bodies.subList(bodies.size() / 2, bodies.size()));
            awaitStored(expected);
            awaitNoDrift();
            assertGroups(expected, ordered());
        }
    }

    @Test
    void backendsThatGoAndComeBackCostNothing() throws Exception {
        SampleOptions options = new SampleOptions(30_000, 5, 4, 10, 5, 4, 1, 0, 5, 14, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            publish(bodies.subList(0, 10_000));
            LocalDev.act(Backend.POSTGRES, "kill");
            await("readiness goes down with the database")
                    .atMost(PATIENCE)
                    .until(() -> service.get("/analytics/v1/status/readyz", "").statusCode() == 503);
            assertThat(service.get(
                                    usagePath(options.orgIds().get(0)),
                                    token(options.orgIds().get(0)))
                            .statusCode())
                    .isEqualTo(503);
            LocalDev.act(Backend.POSTGRES, "start");
            LocalDev.act(Backend.RABBITMQ, "stop");
            await("the service stays up without the broker")
                    .atMost(PATIENCE)
                    .until(() -> service.get("/analytics/v1/status/healthz", "").statusCode() == 200
                            && reads(service, false));
            LocalDev.act(Backend.RABBITMQ, "start");
            // A broker that has just started may not know a stream's binding until the service has declared it again.
            await("the service reads again").atMost(PATIENCE).until(() -> reads(service, true));
            LocalDev.act(Backend.REDIS, "kill");
            publish(bodies.subList(10_000, bodies.size()));
            awaitStored(expected);
            awaitNoDrift();
            assertGroups(expected, ordered());
            assertApiShows(
                    service,
                    options.orgIds().get(0),
                    expected.sumsOf(options.orgIds().get(0)));
        } finally {
            LocalDev.act(Backend.POSTGRES, "start");
            LocalDev.act(Backend.RABBITMQ, "start");
            LocalDev.act(Backend.REDIS, "start");
        }
    }

    /** Whether the service is ready and says so of its reading. */
    private static boolean reads(ServiceProcess service, boolean wanted) {
        HttpResponse<String> answer = service.get("/analytics/v1/status/readyz", "");
        return answer.statusCode() == 200 && answer.body().replace(" ", "").contains("\"reads\":" + wanted);
    }

    private Stored stored() throws SQLException {
        if (stored == null) {
            stored = new Stored(settings.get("DATABASE_URL"));
        }
        return stored;
    }

    /** Shows a handful of differences, not two maps of thousands. */
    private void assertGroups(ExpectedTotals expected, boolean withHours) throws SQLException {
        Map<Group, Sums> wanted = withHours ? expected.groups() : withoutHours(expected.groups());
        Map<Group, Sums> found = withHours ? stored().hourly() : withoutHours(stored().hourly());
        Set<Group> keys = new TreeSet<>(wanted.keySet());
        keys.addAll(found.keySet());
        assertThat(keys.stream()
                        .filter(key -> !Objects.equals(wanted.get(key), found.get(key)))
                        .map(key -> key + ": " + found.get(key) + " (expected: " + wanted.get(key) + ")")
                        .limit(5))
                .isEmpty();
    }

    private static Map<Group, Sums> withoutHours(Map<Group, Sums> groups) {
        Map<Group, Sums> folded = new TreeMap<>();
        groups.forEach((group, sums) -> folded.merge(
                new Group(group.orgId(), group.modelId(), group.clientId(), group.status(), Instant.EPOCH),
                sums,
                Sums::plus));
        return folded;
    }

    private void reconnect() throws SQLException {
        if (stored != null) {
            stored.close();
        }
        stored = null;
    }

    private void publish(List<byte[]> bodies) throws Exception {
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (byte[] body : bodies) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
    }

    private void awaitOutcomes(ExpectedTotals expected) {
        await("outcomes").atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> assertThat(
                        stored().outcomes())
                .isEqualTo(Outcomes.of(expected)));
    }

    /** After a crash a duplicate or a dead letter may be counted in another batch again, what is stored may not. */
    private void awaitStored(ExpectedTotals expected) throws SQLException {
        reconnect();
        await("stored events")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(stored().count("select count(*) from analytics.usage_events"))
                        .isEqualTo(expected.stored()));
    }

    /** Flavour postgres is exact at each commit, flavour timescale for events behind the watermark after the next refresh. */
    private void awaitNoDrift() {
        await("pending refreshes")
                .atMost(REFRESH_TIME)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(stored().count("select count(*) from analytics.rollup_outbox"))
                        .isZero());
        await("rollups equal to the raw events")
                .atMost(REFRESH_TIME)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> assertThat(stored().drift()).isZero());
    }

    private String token(String... orgs) {
        UUID[] ids = new UUID[orgs.length];
        for (int i = 0; i < orgs.length; i++) {
            ids[i] = UUID.fromString(orgs[i]);
        }
        return Tokens.sign(Tokens.claims(List.of("org-admin"), ids), settings);
    }

    private static String usagePath(String org) {
        Instant end = Instant.now().plus(1, ChronoUnit.HOURS);
        return "/analytics/v1/orgs/%s/usage?start=%s&end=%s"
                .formatted(
                        org,
                        URLEncoder.encode(end.minus(60, ChronoUnit.DAYS).toString(), StandardCharsets.UTF_8),
                        URLEncoder.encode(end.toString(), StandardCharsets.UTF_8));
    }

    private void assertApiShows(ServiceProcess service, String org, Sums sums) throws Exception {
        HttpResponse<String> answer = service.get(usagePath(org), token(org));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode totals = JSON.readTree(answer.body()).get("totals");
        assertThat(totals.get("invocations").bigIntegerValue()).isEqualTo(sums.invocations());
        assertThat(totals.get("inputTokens").bigIntegerValue()).isEqualTo(sums.inputTokens());
        assertThat(totals.get("outputTokens").bigIntegerValue()).isEqualTo(sums.outputTokens());
        assertThat(totals.get("cacheReadInputTokens").bigIntegerValue()).isEqualTo(sums.cacheReadInputTokens());
        assertThat(totals.get("cacheWriteInputTokens").bigIntegerValue()).isEqualTo(sums.cacheWriteInputTokens());
        assertThat(totals.get("unpricedInvocations").bigIntegerValue()).isEqualTo(sums.unpricedInvocations());
        assertThat(new BigDecimal(totals.get("cost").get("amount").textValue()).movePointRight(2))
                .isEqualByComparingTo(sums.costEstimateCents());
    }

    private void assertForeignOrganisationIsHidden(ServiceProcess service, List<String> orgs) {
        assertThat(service.get(usagePath(orgs.get(0)), token(orgs.get(1))).statusCode())
                .isEqualTo(403);
        assertThat(service.get(usagePath(orgs.get(0)), "").statusCode()).isEqualTo(401);
    }

    private static void assertMetrics(String metrics, ExpectedTotals expected) {
        assertThat(value(metrics, "analytics_ingestion_events_total{outcome=\"stored\",reason=\"\"}"))
                .isEqualTo(expected.stored());
        assertThat(value(metrics, "analytics_ingestion_events_total{outcome=\"duplicate\",reason=\"\"}"))
                .isEqualTo(expected.duplicate());
        expected.deadLettered().forEach((reason, count) -> assertThat(value(
                        metrics,
                        "analytics_ingestion_events_total{outcome=\"dead_lettered\",reason=\"" + reason + "\"}"))
                .as(reason)
                .isEqualTo(count));
    }

    private static long value(String metrics, String series) {
        return metrics.lines()
                .filter(line -> line.startsWith(series + " "))
                .map(line -> new BigDecimal(line.substring(series.length() + 1)).longValue())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no series " + series));
    }
}
