package io.inference.analytics.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.hostile.RawClient.Answer;
import io.inference.analytics.hostile.RawClient.Port;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.OtlpReceiver;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged service against strangers who make up methods and paths, on both ports: they fill neither the heap nor the log. */
class StrangeRequestsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ROUNDS = 400;
    private static final int REFUSED_PER_SECOND = 50;

    /** A line of the access log with everything in it at its longest, as JSON. */
    private static final int LOG_BYTES_MAX = 1_500;

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES);
    private static Map<String, String> settings;
    private static OtlpReceiver traces;
    private static ServiceProcess service;

    @BeforeAll
    static void serve() {
        settings = new HashMap<>(BACKENDS.start());
        settings.put("ANALYTICS_HTTP_RATE_LIMIT_REFUSED", Integer.toString(REFUSED_PER_SECOND));
        traces = OtlpReceiver.start();
        settings.put("OTEL_EXPORTER_OTLP_ENDPOINT", traces.endpoint());
        service = ServiceProcess.start(settings).awaitReady();
    }

    @AfterAll
    static void end() {
        if (service != null) {
            service.close();
        }
        traces.close();
        BACKENDS.stop();
    }

    /** Of 8 KB, another one each time. */
    private static String word() {
        return word(250);
    }

    private static String word(int times) {
        return "X" + UUID.randomUUID().toString().replace("-", "").repeat(times);
    }

    /** One of each kind; answers how many requests those were. */
    private static int askStrangely(RawClient client, Port port) throws IOException {
        // The port of metrics takes lines of 4 KB only, and closes the connection after a longer one.
        int times = port == Port.API ? 250 : 100;
        String path = "/" + word(times);
        client.ask(word(times) + " /nothing");
        client.ask(word(1) + " " + path);
        client.ask("GET " + path);
        client.ask("GET " + path + "?" + word(10), "User-Agent: " + word(times));
        client.ask("PATCH " + path);
        client.ask("GET /analytics/v1/orgs");
        client.ask("GET /analytics/v1/orgs/" + word(times) + "/usage", "X-Request-Id: " + word(times));
        client.ask("OPTIONS " + path, "Origin: https://elsewhere.example", "Access-Control-Request-Method: GET");
        client.ask("GET " + path, "Origin: https://elsewhere.example");
        client.ask("GET " + path + "%zz");
        client.ask("POST " + path, "Content-Length: 99999999", "Connection: close");
        client.abandon("POST " + path, "Content-Length: 10");
        return 12;
    }

    private static Set<String> labels(String name) {
        Matcher label = Pattern.compile("[{,]" + name + "=\"([^\"]*)\"").matcher("");
        return service.metrics()
                .lines()
                .filter(line -> line.startsWith("http_server"))
                .map(label::reset)
                .filter(Matcher::find)
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @EnumSource
    void whatStrangersMakeUpStaysOutOfMetricsAndLog(Port port) throws IOException {
        try (RawClient client = new RawClient(service, port)) {
            askStrangely(client, port);
            Set<String> methods = labels("method");
            Set<String> uris = labels("uri");
            long logBefore = service.logBytes();
            int requests = 0;
            for (int round = 0; round < ROUNDS; round++) {
                requests += askStrangely(client, port);
            }
            assertThat(labels("method")).isEqualTo(methods).isSubsetOf("GET", "POST", "PATCH", "OPTIONS", "OTHER");
            assertThat(labels("uri"))
                    .isEqualTo(uris)
                    .allSatisfy(uri -> assertThat(uri).hasSizeLessThan(100).doesNotContain("X"));
            if (port == Port.API) {
                assertThat(uris).contains("/analytics/v1/orgs", "/analytics/v1/orgs/{orgId}/usage", "NOT_FOUND");
            }
            assertThat((service.logBytes() - logBefore) / requests).isLessThan(LOG_BYTES_MAX);
            assertThat(service.get("/analytics/v1/status/healthz", "").statusCode())
                    .isEqualTo(200);
        }
    }

    /** Other tests may just have used up what the address may send. */
    private static Answer askCalmly(RawClient client, String line) {
        return await().atMost(PATIENCE).until(() -> client.ask(line), answer -> answer.status() != 429);
    }

    private static void assertProblem(Answer answer, int status) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
        assertThat(answer.body()).contains("\"status\":" + status).hasSizeLessThan(1_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROPFIND", "get", "QUERY", "OTHER", "A", "GET-AND-MORE"})
    void aMethodThatHttpDoesNotHaveIsNotImplemented(String method) throws IOException {
        try (RawClient client = new RawClient(service, Port.API)) {
            assertProblem(askCalmly(client, method + " /analytics/v1/orgs"), 501);
            assertProblem(askCalmly(client, method + word() + " /nothing"), 501);
        }
    }

    /** What the stored API description offers: the methods of each path, ids filled in. */
    static Stream<Map.Entry<String, Set<String>>> paths() throws IOException {
        Map<String, Set<String>> methods = new TreeMap<>();
        String path = "";
        for (String line : Files.readAllLines(Path.of("docs/openapi.yaml"))) {
            if (line.matches("  /\\S+:")) {
                path = line.strip()
                        .replace(":", "")
                        .replaceAll("\\{[^}]*}", UUID.randomUUID().toString());
            } else if (line.matches("    (get|post|put|patch|delete):")) {
                methods.computeIfAbsent(path, any -> new TreeSet<>())
                        .add(line.strip().replace(":", "").toUpperCase(Locale.ROOT));
            }
        }
        assertThat(methods).hasSizeGreaterThan(20);
        return methods.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("paths")
    void aMethodThatAPathDoesNotHaveIsRefusedWithThoseItHas(Map.Entry<String, Set<String>> path) throws IOException {
        List<String> others = new ArrayList<>(List.of("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"));
        others.removeAll(path.getValue());
        try (RawClient client = new RawClient(service, Port.API)) {
            for (String method : others) {
                Answer answer = askCalmly(client, method + " " + path.getKey());
                assertProblem(answer, 405);
                assertThat(answer.headers()).as(method).containsKey("allow");
                assertThat(answer.headers().get("allow").split(", ?"))
                        .as(method)
                        .containsAll(path.getValue())
                        .doesNotContainAnyElementsOf(others);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /nothing", "PATCH /analytics/v1/orgs", "PROPFIND /", "GET /%zz"})
    void aFloodOfRefusedRequestsIsToldToWaitAndNobodyElse(String line) throws IOException {
        UUID org = UUID.randomUUID();
        String token = Tokens.sign(Tokens.claims(List.of("engineer"), org).subject("calm"), settings);
        try (RawClient client = new RawClient(service, Port.API)) {
            Answer answer = client.ask(line);
            for (int i = 0; i < 100 * REFUSED_PER_SECOND && answer.status() != 429; i++) {
                answer = client.ask(line);
            }
            assertProblem(answer, 429);
            assertThat(Integer.parseInt(answer.headers().get("retry-after"))).isBetween(1, 60);
            for (int i = 0; i < 2 * REFUSED_PER_SECOND; i++) {
                client.ask(line);
                if (i % 10 == 0) {
                    assertThat(service.get("/analytics/v1/orgs/" + org + "/freshness", token)
                                    .statusCode())
                            .isEqualTo(200);
                    assertThat(service.get("/analytics/v1/status/readyz", "").statusCode())
                            .isEqualTo(200);
                }
            }
        }
    }

    @Test
    void neitherALineOfTheLogNorASpanIsLong() throws IOException {
        try (RawClient client = new RawClient(service, Port.API)) {
            askCalmly(client, word() + " /nothing");
            askStrangely(client, Port.API);
        }
        assertThat(service.log().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(4 * LOG_BYTES_MAX));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(traces.spans())
                .anySatisfy(span -> assertThat(span.attributes()).containsEntry("http.response.status_code", "501")));
        assertThat(traces.spans()).allSatisfy(span -> {
            assertThat(span.name()).hasSizeLessThan(100);
            assertThat(span.attributes().values())
                    .allSatisfy(value -> assertThat(value).hasSizeLessThanOrEqualTo(1_024));
        });
    }
}
