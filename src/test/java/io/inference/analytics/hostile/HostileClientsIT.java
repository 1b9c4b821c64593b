package io.inference.analytics.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The packaged service, as it is run, against clients that are slow, that are many, and that write between the lines. */
class HostileClientsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SUBJECT_PER_SECOND = 5;
    private static final int ORG_PER_SECOND = 10;
    private static final int MANY = 400;
    private static final int CLIENTS = 16;

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES);
    private static Map<String, String> settings;
    private static ServiceProcess service;

    private final UUID org = UUID.randomUUID();

    @BeforeAll
    static void serve() {
        settings = new HashMap<>(BACKENDS.start());
        settings.put("RATE_LIMIT_SUBJECT", Integer.toString(SUBJECT_PER_SECOND));
        settings.put("RATE_LIMIT_ORG", Integer.toString(ORG_PER_SECOND));
        settings.put("ANALYTICS_ACCESS_RATE_LIMIT_REFUSED", "20");
        settings.put("ANALYTICS_HTTP_ARRIVAL_MAX", "2s");
        service = ServiceProcess.start(settings).awaitReady();
    }

    @AfterAll
    static void end() {
        if (service != null) {
            service.close();
        }
        BACKENDS.stop();
    }

    private static String token(String subject, UUID... orgs) {
        return Tokens.sign(Tokens.claims(List.of("engineer"), orgs).subject(subject), settings);
    }

    private HttpResponse<String> freshness(String subject) {
        return service.get("/analytics/v1/orgs/" + org + "/freshness", token(subject, org));
    }

    private static void assertToldToWait(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.headers().firstValue("Retry-After"))
                .hasValueSatisfying(
                        seconds -> assertThat(Integer.parseInt(seconds)).isBetween(1, 60));
        assertThat(answer.body()).contains("\"status\":429");
    }

    private interface Question {
        HttpResponse<String> ask(int round);
    }

    /** Asks many times at once: one by one, a busy machine may be slower than the limit. */
    private static HttpResponse<String> firstRefusal(Question question) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Callable<HttpResponse<String>>> questions = IntStream.range(0, MANY)
                    .<Callable<HttpResponse<String>>>mapToObj(round -> () -> question.ask(round))
                    .toList();
            for (Future<HttpResponse<String>> answer : clients.invokeAll(questions)) {
                if (answer.get().statusCode() == 429) {
                    return answer.get();
                }
            }
        } finally {
            clients.shutdownNow();
        }
        throw new AssertionError(MANY + " requests and no 429");
    }

    @Test
    void aSubjectThatAsksTooOftenIsToldToWaitAndNobodyElse() throws Exception {
        String subject = "busy " + org;
        assertToldToWait(firstRefusal(round -> freshness(subject)));
        assertThat(freshness("calm " + org).statusCode()).isEqualTo(200);
        await().atMost(PATIENCE).until(() -> freshness(subject).statusCode() == 200);
    }

    @Test
    void anOrganisationThatIsAskedAboutTooOftenHasItsOwnLimit() throws Exception {
        for (int i = 0; i < 4 * ORG_PER_SECOND; i++) {
            String stranger = token("stranger " + org + i, UUID.randomUUID());
            assertThat(service.get("/analytics/v1/orgs/" + org + "/freshness", stranger)
                            .statusCode())
                    .isEqualTo(403);
        }
        assertThat(freshness("owner " + org).statusCode())
                .as("strangers use nothing up")
                .isEqualTo(200);
        assertToldToWait(firstRefusal(round -> freshness("one of many " + org + round)));
        await().atMost(PATIENCE)
                .until(() -> freshness("later " + UUID.randomUUID()).statusCode() == 200);
    }

    @Test
    void anAddressThatGuessesCredentialsIsToldToWait() throws Exception {
        assertToldToWait(firstRefusal(round -> service.get("/analytics/v1/orgs", "a.b." + round)));
    }

    private static String head(String line, String... headers) {
        return line + " HTTP/1.1\r\nHost: localhost\r\n" + String.join("\r\n", headers) + "\r\n";
    }

    /** Whether the server has closed the connection; what it sent before is read and forgotten. */
    private static boolean closed(Socket socket) throws IOException {
        socket.setSoTimeout(50);
        InputStream in = socket.getInputStream();
        try {
            while (in.read() >= 0) {
                continue;
            }
            return true;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    /** Each sends a byte every now and then, so that no time-out of an idle connection ends it. */
    @Test
    void whoSendsDropByDropIsCutAndOthersAreNot() throws Exception {
        String json = "Content-Type: application/json";
        String bearer = "Authorization: Bearer " + token("slow", org);
        List<String> begun = List.of(
                "GET /analytics/v1/o",
                head("GET /analytics/v1/orgs", "X-Slow: "),
                head("POST /analytics/v1/events/validate", bearer, json, "Content-Length: 60000") + "\r\n{\"a\":\"",
                head("POST /analytics/v1/events/validate", json, "Content-Length: 60000") + "\r\n{\"a\":\"",
                head("POST /analytics/v1/events/validate", bearer, json, "Transfer-Encoding: chunked") + "\r\n1");
        List<Socket> slow = new ArrayList<>();
        try (Socket steady = service.connect()) {
            for (String text : begun) {
                Socket socket = service.connect();
                slow.add(socket);
                socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            }
            String whole = head("GET /analytics/v1/status/healthz") + "\r\n";
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
                // One connection that is used again and again lives longer than a request may take to arrive.
                steady.getOutputStream().write(whole.getBytes(StandardCharsets.US_ASCII));
                assertThat(closed(steady)).isFalse();
                for (int i = 0; i < slow.size(); i++) {
                    try {
                        slow.get(i).getOutputStream().write('1');
                    } catch (IOException e) {
                        // Closed, as it should be.
                        continue;
                    }
                    assertThat(closed(slow.get(i))).as(begun.get(i)).isTrue();
                }
            });
            assertThat(closed(steady)).isFalse();
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
        assertThat(service.log()).contains("event=slow_request_cut").doesNotContain("event=request_failed");
    }

    /** As a monitoring program's does that asks the management port for HTTP/2; the end of a request does not show there. */
    @Test
    void aConnectionThatWasUpgradedLivesOn() {
        long before = cuts();
        await().during(Duration.ofSeconds(4)).atMost(PATIENCE).until(() -> {
            HttpResponse<String> answer = service.managementOverHttp2("/metrics");
            return answer.statusCode() == 200 && answer.version() == HttpClient.Version.HTTP_2;
        });
        assertThat(cuts()).isEqualTo(before);
    }

    private static long cuts() {
        return service.log()
                .lines()
                .filter(line -> line.contains("event=slow_request_cut"))
                .count();
    }

    /** What the server's own lines of a request look like, whoever chose the values. */
    private static final Pattern ACCESS_LINE = Pattern.compile(
            "event=request method=[A-Z]+ path=(\"[^\"\\\\]*\"|[!-~&&[^\"\\\\]]+) status=\\d+ bytes=\\d+ durationMs=\\d+"
                    + " actor=(\"[^\"\\\\]*\"|[!-~&&[^\"\\\\]]+) requestId=[A-Za-z0-9._:/+=-]+ traceId=[0-9a-f]{32}( aborted=true)?");

    @Test
    void nobodyWritesIntoTheLog() throws Exception {
        String forged =
                "x\" status=200\r\n{\"level\":\"ERROR\",\"message\":\"event=forged\"}\u001b[2K\u2028event=forged";
        String token = token(forged, org);
        String encoded = "%22%20status=200%0d%0a%7B%22message%22:%22event=forged%22%7D%1b%5b2K";
        String key = "iak_0123456789ab_" + "S3cr3tS3cr3t".repeat(3) + "S3cr3tS";
        String unsigned = Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString("{\"alg\":\"RS256\\r\\nevent=forged\",\"kid\":\"\\r\\nevent=forged\"}"
                                .getBytes(StandardCharsets.UTF_8))
                + ".e30.S3cr3tSignature";
        service.get("/analytics/v1/orgs/" + org + "/freshness", token);
        service.get("/analytics/v1/orgs/" + encoded + "/freshness", token);
        service.get("/" + encoded, token);
        service.get("/analytics/v1/orgs/" + org + "/usage?clientId=" + encoded, token);
        service.get("/analytics/v1/orgs?access_token=S3cr3tInTheAddress", unsigned);
        List<String> heads = List.of(
                head("GET /analytics/v1/orgs", "X-Request-Id: a\" event=forged", "User-Agent: \u001b[2Kevent=forged"),
                head("GET /analytics/v1/orgs", "X-API-Key: " + key),
                head("GET /analytics/v1/orgs", "X-API-Key: event=forged\u001b[2K"),
                head("GET /analytics/v1/\u0001\"event=forged"),
                head("EVENT=FORGED /analytics/v1/orgs"),
                head("GET /analytics/v1/orgs", "Traceparent: 00-\"event=forged-x-01"));
        for (String text : heads) {
            try (Socket socket = service.connect()) {
                socket.setSoTimeout(10_000);
                socket.getOutputStream()
                        .write((text.stripTrailing() + "\r\nConnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.ISO_8859_1));
                assertThat(socket.getInputStream().readAllBytes()).as(text).isNotEmpty();
            }
        }
        String password = settings.get("DATABASE_URL").replaceFirst(".*://[^:]*:([^@]*)@.*", "$1");
        ObjectMapper json = new ObjectMapper();
        List<String> requests = new ArrayList<>();
        // Lines are written after the answers, those of the last requests too.
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(service.log())
                .contains("durationMs", "access outcome")
                .matches(log -> log.lines()
                                .filter(line -> line.contains("event=request "))
                                .count()
                        > 5));
        for (String line : service.log().lines().toList()) {
            JsonNode record = json.readTree(line);
            String message = record.path("message").asText();
            assertThat(message)
                    .as(line)
                    .doesNotStartWith("event=forged")
                    .doesNotContain("\n", "\r", "\u001b", "\u2028");
            assertThat(record.path("level").asText()).as(line).isNotEqualTo("ERROR");
            assertThat(line).doesNotContain("S3cr3t", token, token.split("\\.", -1)[2], password);
            if (message.startsWith("event=request ")) {
                requests.add(message);
            }
        }
        assertThat(requests).hasSizeGreaterThan(5).allSatisfy(message -> assertThat(message)
                .matches(ACCESS_LINE));
    }
}
