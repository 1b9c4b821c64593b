package io.inference.analytics.freshness;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.ingest.IngestLab;
import io.inference.analytics.ingest.OnStream;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.redis.datasource.RedisDataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Freshness from the broker to the API, the table that dashboards read, and the hint in Redis. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class FreshnessFlowIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String MODEL = "33333333-3333-4333-8333-333333333333";

    @Inject
    AgroalDataSource database;

    @Inject
    RedisDataSource redis;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    @ConfigProperty(name = "REDIS_URL")
    String redisUrl;

    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
    }

    @AfterEach
    void end() throws Exception {
        lab.execute("delete from analytics.ingestion_observations where replica = 'other'");
        lab.close();
    }

    private Response freshness() {
        return given().auth()
                .oauth2(Tokens.of("org-admin", lab.org()))
                .get("/analytics/v1/orgs/{org}/freshness", lab.org());
    }

    private Response usage() {
        Instant now = Instant.now();
        return given().auth()
                .oauth2(Tokens.of("org-admin", lab.org()))
                .queryParam("start", now.minus(1, ChronoUnit.HOURS).toString())
                .queryParam("end", now.plus(1, ChronoUnit.HOURS).toString())
                .get("/analytics/v1/orgs/{org}/usage", lab.org());
    }

    private void awaitStatus(String status) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        freshness().path("entries[0].status").toString())
                .isEqualTo(status));
    }

    private String key() {
        return "analytics:freshness:" + lab.org();
    }

    private Map<String, String> hint() {
        return redis.hash(String.class).hgetall(key());
    }

    @Test
    void anEventIsFreshInTheApiTheTableAndRedis() throws Exception {
        lab.publish(lab.event());
        awaitStatus("fresh");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(hint()).containsOnlyKeys(MODEL));
        assertThat(hint().get(MODEL)).contains("\"status\":\"fresh\"").contains("\"lagSeconds\":0");
        assertThat(redis.key().pttl(key())).isBetween(1L, 60_000L);
        Response answer = freshness();
        assertThat(answer.<Object>path("ingest.lastCommittedAt")).isNotNull();
        assertThat(answer.<Object>path("entries[0].lastRollupAt")).isNotNull();
    }

    @Test
    void aStuckIngestShowsInTheTableAndInRedisAndGoesAway() throws Exception {
        lab.publish(lab.event());
        awaitStatus("fresh");
        lab.execute(
                """
                insert into analytics.ingestion_observations
                    (replica, transport, reads, observed_at, broker_reachable_at, oldest_uncommitted_at, backlog_events)
                values ('other', 'stream', true, now() + interval '1 h', now() + interval '1 h', now() - interval '400 s', 7)
                """);
        awaitStatus("delayed");
        awaitRecorded("delayed");
        assertThat(lab.number("select lag_seconds from analytics.freshness_status where org_id = ?", lab.org()))
                .isBetween(
                        400L,
                        lab.number("select ceil(extract(epoch from now() - oldest_uncommitted_at))"
                                + " from analytics.ingestion_observations where replica = 'other'"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(hint().get(MODEL)).contains("\"status\":\"delayed\""));
        // New events do not make it look better than it is.
        lab.publish(lab.event());
        await().atMost(PATIENCE).until(() -> lab.stored() == 2);
        awaitRecorded("delayed");
        lab.execute("delete from analytics.ingestion_observations where replica = 'other'");
        awaitStatus("fresh");
        awaitRecorded("fresh");
    }

    private void awaitRecorded(String status) {
        await().atMost(PATIENCE)
                .until(() -> status.equals(
                        lab.value("select status from analytics.freshness_status where org_id = ?", lab.org())));
    }

    @Test
    void whatRedisSaysIsNotBelieved() throws Exception {
        lab.publish(lab.event());
        awaitStatus("fresh");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(hint()).isNotEmpty());
        redis.hash(String.class).hset(key(), MODEL, "{\"status\":\"stale\",\"lagSeconds\":99999}");
        assertThat(freshness().<String>path("status")).isEqualTo("fresh");
        redis.key().del(key());
        assertThat(freshness().<String>path("status")).isEqualTo("fresh");
    }

    private static long fastestMillis(Supplier<Response> request) {
        return Stream.generate(request)
                .limit(5)
                .filter(answer -> answer.statusCode() == 200)
                .mapToLong(answer -> answer.timeIn(TimeUnit.MILLISECONDS))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** One line a client, asked for on a connection of its own; {@code multi=-1} is one that is not in a transaction. */
    private List<String> connections() throws IOException {
        URI server = URI.create(redisUrl);
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            String password =
                    server.getUserInfo().substring(server.getUserInfo().indexOf(':') + 1);
            socket.getOutputStream()
                    .write("AUTH %s\r\nCLIENT LIST\r\nQUIT\r\n"
                            .formatted(password)
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> line.startsWith("id="))
                    .toList();
        }
    }

    @Test
    void redisDownOrHangingDelaysNobody() throws Exception {
        for (String fault : new String[] {"kill", "pause"}) {
            String repair = fault.equals("kill") ? "start" : "resume";
            long before = lab.stored();
            LocalDev.act(Backend.REDIS, fault);
            try {
                lab.publish(lab.event());
                await(fault).atMost(PATIENCE).until(() -> lab.stored() == before + 1);
                await(fault).atMost(PATIENCE).untilAsserted(() -> {
                    Response answer = usage();
                    assertThat(answer.statusCode()).as(answer.asString()).isEqualTo(200);
                    assertThat(answer.path("totals.invocations").toString()).isEqualTo(Long.toString(before + 1));
                });
                // Were Redis asked, each answer would wait for it.
                assertThat(fastestMillis(this::freshness)).as(fault).isLessThan(1_000);
                assertThat(fastestMillis(this::usage)).as(fault).isLessThan(1_000);
                assertThat(freshness().<String>path("status")).isEqualTo("fresh");
            } finally {
                LocalDev.act(Backend.REDIS, repair);
            }
            // What was sent to the hanging server is carried out now; no caller may get a connection that is left in a
            // transaction.
            assertThat(connections()).as(fault).isNotEmpty().allMatch(client -> client.contains(" multi=-1 "));
            lab.publish(lab.event());
            await(fault).atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertThat(hint())
                    .isNotEmpty());
        }
    }
}
