package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ForwardProxy;
import io.inference.analytics.testing.Nginx;
import io.inference.analytics.testing.PrivateAuthority;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.TlsProxy;
import io.inference.analytics.testing.Tokens;
import io.smallrye.jwt.util.KeyUtils;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The network of a company: every server speaks TLS with a certificate of a private authority, what lies outside is
 * reached through a forward proxy only, and nginx publishes the API over TLS below a path.
 */
class TlsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Names that only the forward proxy knows. */
    private static final String KEYS = "idp.test:443";

    private static final String STORE = "s3.test:443";
    private static final String PROVIDER = "anthropic.test:443";
    private static final TestBackends BACKENDS =
            new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS, Backend.S3);

    @TempDir
    static Path directory;

    private static Map<String, String> plain;
    private static Map<String, String> secured;
    private static PrivateAuthority authority;
    private static TlsProxy redis;
    private static ForwardProxy outside;
    private static FakeAnthropic provider;
    private static Sql database;
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    @BeforeAll
    static void putTlsInFront() throws Exception {
        plain = BACKENDS.start();
        database = new Sql(plain.get("DATABASE_URL"));
        authority = new PrivateAuthority(directory, "localhost", "idp.test", "s3.test", "anthropic.test");
        secured = new HashMap<>(plain);
        secured.put(
                "DATABASE_URL",
                local(plain.get("DATABASE_URL"), inFrontOf(TlsProxy.Greeting.POSTGRES, plain.get("DATABASE_URL")))
                        + "?sslmode=verify-full");
        secured.put(
                "RABBITMQ_URL",
                local(plain.get("RABBITMQ_URL"), inFrontOf(TlsProxy.Greeting.NONE, plain.get("RABBITMQ_URL")))
                        .replaceFirst("^amqp:", "amqps:"));
        TlsProxy stream = authority.inFrontOf(
                TlsProxy.Greeting.NONE,
                URI.create(plain.get("RABBITMQ_URL")).getHost(),
                Integer.parseInt(plain.get("RABBITMQ_STREAM_PORT")));
        OPEN.add(stream);
        secured.put("RABBITMQ_STREAM_PORT", Integer.toString(stream.port()));
        redis = inFrontOf(TlsProxy.Greeting.NONE, plain.get("REDIS_URL"));
        secured.put("REDIS_URL", local(plain.get("REDIS_URL"), redis).replaceFirst("^redis:", "rediss:"));
        goOutsideThroughAProxy();
    }

    private static void goOutsideThroughAProxy() throws Exception {
        provider = FakeAnthropic.started();
        OPEN.add(provider);
        outside = new ForwardProxy(Map.of(
                KEYS,
                inFrontOf(TlsProxy.Greeting.NONE, keySet()).port(),
                STORE,
                inFrontOf(TlsProxy.Greeting.NONE, plain.get("S3_ENDPOINT")).port(),
                PROVIDER,
                inFrontOf(TlsProxy.Greeting.NONE, provider.url()).port()));
        OPEN.add(outside);
        secured.remove("JWT_PUBLIC_KEY");
        secured.put("JWT_JWKS_URL", "https://idp.test/jwks");
        secured.put("S3_ENDPOINT", "https://s3.test");
        secured.put("ANTHROPIC_API_URL", "https://anthropic.test");
        secured.put("ANTHROPIC_ADMIN_API_KEY", FakeAnthropic.KEY);
        secured.put("ANALYTICS_PROVIDERS_ENABLED", "false");
        secured.put("ANALYTICS_PROVIDERS_ANTHROPIC_TRIES", "1");
        secured.put("HTTPS_PROXY", outside.url());
    }

    /** The address of a server with the key set of the tokens. */
    private static String keySet() throws Exception {
        byte[] keys = new JsonWebKeySet(
                        JsonWebKey.Factory.newJwk(KeyUtils.decodePublicKey(plain.get("JWT_PUBLIC_KEY"))))
                .toJson()
                .getBytes(StandardCharsets.UTF_8);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/jwks", exchange -> {
            exchange.sendResponseHeaders(200, keys.length);
            exchange.getResponseBody().write(keys);
            exchange.close();
        });
        server.start();
        OPEN.add(() -> server.stop(0));
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterAll
    static void end() throws Exception {
        for (AutoCloseable one : OPEN) {
            one.close();
        }
        BACKENDS.stop();
    }

    private static TlsProxy inFrontOf(TlsProxy.Greeting greeting, String url) {
        URI uri = URI.create(url);
        TlsProxy proxy = authority.inFrontOf(greeting, uri.getHost(), uri.getPort());
        OPEN.add(proxy);
        return proxy;
    }

    private static String local(String url, TlsProxy proxy) {
        URI uri = URI.create(url);
        return url.replace("@" + uri.getHost() + ":" + uri.getPort(), "@localhost:" + proxy.port());
    }

    private static Map<String, String> trusting(Map<String, String> settings) {
        Map<String, String> trusting = new HashMap<>(settings);
        trusting.put("TRUSTED_CA_FILE", authority.file().toString());
        return trusting;
    }

    /** Publishes events and waits until the service has stored them. */
    private static void ingest(ServiceProcess service, int seed) throws Exception {
        List<byte[]> bodies =
                SampleEvents.bodies(new SampleOptions(100, 2, 2, 0, 5, 0, 0, 0, 0, seed, Instant.now(), Duration.ZERO));
        long before = database.number("select count(*) from analytics.usage_events");
        try (ConfirmedPublisher publisher = new ConfirmedPublisher(plain.get("RABBITMQ_URL"), Clock.systemUTC())) {
            for (byte[] body : bodies) {
                publisher.publish(body);
            }
            publisher.awaitConfirms();
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(database.number("select count(*) from analytics.usage_events"))
                        .as(service.log())
                        .isEqualTo(before + bodies.size()));
    }

    @Test
    void theQueueIsReadOverTls() throws Exception {
        Map<String, String> settings = trusting(secured);
        settings.put("INGESTION_TRANSPORT", "queue");
        // The certificate has the name only.
        settings.put("REDIS_URL", secured.get("REDIS_URL").replace("localhost", "127.0.0.1"));
        try (ServiceProcess service =
                ServiceProcess.start(List.of("-Xmx256m"), settings).awaitReady()) {
            ingest(service, 1);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(service.log())
                    .containsPattern("freshness_not_mirrored setting=REDIS_URL .*its certificate does not fit"));
        }
    }

    @Test
    void everythingWorksInTheNetworkOfACompany() throws Exception {
        Map<String, String> settings = trusting(secured);
        settings.put("HTTP_ROOT_PATH", "/usage");
        settings.put("TRUSTED_PROXIES", "127.0.0.0/8, ::1");
        settings.put("ANALYTICS_HTTP_RATE_LIMIT_REFUSED", "5");
        try (ServiceProcess service =
                        ServiceProcess.start(List.of("-Xmx256m"), settings).awaitReady();
                Nginx nginx = Nginx.overTls(directory, authority, service.httpPort())) {
            ingest(service, 2);
            await().atMost(PATIENCE).until(() -> redis.conversations() > 0);
            UUID org = UUID.fromString(database.text("select org_id from analytics.usage_events limit 1"));
            HttpClient client =
                    HttpClient.newBuilder().sslContext(authority.trusting()).build();
            Api api = new Api(
                    client,
                    nginx.url() + "/analytics/v1/orgs/" + org,
                    Tokens.sign(Tokens.claims(List.of("org-admin", "engineer"), org), plain));
            theNextPageIsFound(api);
            theJobIsFound(api);
            assertThat(outside.tunnels()).contains(KEYS, STORE);
            eachClientHasALimitOfItsOwn(client, nginx);
        }
        String yesterday = LocalDate.now(ZoneOffset.UTC).minusDays(1).toString();
        CommandProcess.run(settings, "providers", "import", "--provider", "anthropic", "--date", yesterday);
        assertThat(outside.tunnels()).contains(PROVIDER);
        assertThat(provider.requests()).isNotEmpty();
    }

    /** Requests of one caller to one organisation. */
    private record Api(HttpClient client, String base, String token) {

        private HttpRequest.Builder request(URI uri) {
            return HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + token);
        }

        private HttpResponse<String> get(URI uri) throws Exception {
            HttpResponse<String> answer = client.send(request(uri).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(uri + ": " + answer.body()).isEqualTo(200);
            return answer;
        }
    }

    private static void theNextPageIsFound(Api api) throws Exception {
        Instant now = Instant.now();
        HttpResponse<String> first = api.get(URI.create(
                api.base() + "/incident-export?limit=1&start=" + now.minus(23, ChronoUnit.HOURS) + "&end=" + now));
        String link = first.headers().firstValue("Link").orElseThrow();
        String next = link.substring(1, link.indexOf('>'));
        HttpResponse<String> second = api.get(first.uri().resolve(next));
        assertThat(second.body()).isNotEqualTo(first.body());
    }

    private static void theJobIsFound(Api api) throws Exception {
        Instant hour = Instant.now().truncatedTo(ChronoUnit.HOURS);
        String order = "{\"timeRange\":{\"start\":\"%s\",\"end\":\"%s\"},\"granularity\":\"hourly\",\"format\":\"csv\"}"
                .formatted(hour.minus(3, ChronoUnit.HOURS), hour);
        URI jobs = URI.create(api.base() + "/exports");
        HttpResponse<String> accepted = api.client()
                .send(
                        api.request(jobs)
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(order))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
        String location = accepted.headers().firstValue("Location").orElseThrow();
        assertThat(location).startsWith("/usage/analytics/v1/");
        await().atMost(PATIENCE).untilAsserted(() -> {
            JsonNode job = JSON.readTree(api.get(jobs.resolve(location)).body());
            assertThat(job.path("status").asText()).as(job.toString()).isEqualTo("succeeded");
        });
    }

    /** nginx adds 127.0.0.1 to X-Forwarded-For, which is a trusted proxy too: what is left of it counts. */
    private static void eachClientHasALimitOfItsOwn(HttpClient client, Nginx nginx) throws Exception {
        List<Integer> one = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            assertThat(statusOfUnknownPath(client, nginx, "203.0.113." + i))
                    .as("client " + i)
                    .isEqualTo(404);
            one.add(statusOfUnknownPath(client, nginx, "198.51.100.1"));
        }
        assertThat(one).contains(429);
    }

    private static int statusOfUnknownPath(HttpClient client, Nginx nginx, String from) throws Exception {
        return client.send(
                        HttpRequest.newBuilder(URI.create(nginx.url() + "/nothing"))
                                .header("X-Forwarded-For", from)
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void theLogNamesWhatIsNotTrusted() throws Exception {
        Map<String, String> settings = new HashMap<>(secured);
        settings.put("DATABASE_URL", plain.get("DATABASE_URL"));
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            String org = "/analytics/v1/orgs/" + UUID.randomUUID();
            String token = Tokens.sign(Tokens.claims(List.of("org-admin")), plain);
            assertThat(service.get(org + "/freshness", token).statusCode()).isEqualTo(503);
            for (String event : List.of("event=jwks_not_read", "event=export_bucket_missing", "RABBITMQ_URL")) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(service.log().lines())
                                .as(event)
                                .anyMatch(line -> line.contains(event) && namesTheWayOut(line)));
            }
        }
        CommandProcess.Result letters = CommandProcess.run(settings, "dlq", "list");
        assertThat(letters.exitCode()).as(letters.toString()).isEqualTo(1);
        assertThat(letters.err()).contains("analytics: RABBITMQ_URL").matches(TlsIT::namesTheWayOut);
        CommandProcess.Result conservation = CommandProcess.run(secured, "conservation");
        assertThat(conservation.exitCode()).as(conservation.toString()).isEqualTo(1);
        assertThat(conservation.err()).contains("analytics: DATABASE_URL").matches(TlsIT::namesTheWayOut);
        CommandProcess.Result bills = CommandProcess.run(settings, "providers", "import", "--provider", "anthropic");
        assertThat(bills.exitCode()).as(bills.toString()).isEqualTo(1);
        assertThat(bills.out() + bills.err()).matches(TlsIT::namesTheWayOut);
    }

    private static boolean namesTheWayOut(String text) {
        return text.contains("its certificate is not trusted") && text.contains("TRUSTED_CA_FILE");
    }
}
